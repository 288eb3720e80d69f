//! Points in what changed, for who asks to keep: a version of the tenant, and enough to tell that it is of this history.

use crate::error::StoreError;

/// A point in the changes of one collection, opaque to the caller, who keeps it safe from forgery if that matters to it, and
/// asks with it for no other collection: such a one tells the changes of this collection wrongly, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangePoint {
    /// The last commit that is known, or known in part; 0 before the first.
    pub(crate) version: u64,
    /// Of the text of that commit: a database that was brought back to an older state and went on has another one there.
    pub(crate) mark: u64,
    /// The `seq` of what the collection is in; 0 when that was not there.
    pub(crate) owner: u64,
    /// What is known of the commit, or of what was there first: everything up to this `seq`.
    pub(crate) after: u64,
    /// What was there first is not known as a whole.
    pub(crate) listing: bool,
}

const FIELDS: usize = 4;
/// Bytes of a point.
const BYTES: usize = 1 + FIELDS * 8;
/// The first byte: which form the others have.
const LISTING: u8 = 1;
const FOLLOWING: u8 = 2;

impl ChangePoint {
    /// The point as bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(if self.listing { LISTING } else { FOLLOWING });
        for field in [self.version, self.mark, self.owner, self.after] {
            bytes.extend_from_slice(&field.to_be_bytes());
        }
        bytes
    }

    /// The point that [`Self::to_bytes`] gave.
    ///
    /// # Errors
    /// [`StoreError::PointNotFound`] when this program has no such points (any more).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let [form @ (LISTING | FOLLOWING), rest @ ..] = bytes else { return Err(StoreError::PointNotFound) };
        let (fields, []) = rest.as_chunks::<8>() else { return Err(StoreError::PointNotFound) };
        let [version, mark, owner, after] = fields else { return Err(StoreError::PointNotFound) };
        let number = |bytes: &[u8; 8]| u64::from_be_bytes(*bytes);
        let (version, mark, owner, after) = (number(version), number(mark), number(owner), number(after));
        Ok(Self { version, mark, owner, after, listing: *form == LISTING })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_understood_again_and_anything_else_is_unknown() {
        for listing in [true, false] {
            let point = ChangePoint { version: 1, mark: u64::MAX, owner: 3, after: 4, listing };
            let bytes = point.to_bytes();
            assert_eq!(ChangePoint::from_bytes(&bytes).expect("ours"), point);
            for wrong in [&bytes[1..], &bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &[], b"latest"] {
                assert!(matches!(ChangePoint::from_bytes(wrong), Err(StoreError::PointNotFound)));
            }
        }
    }
}
