//! Texts as PostgreSQL keeps them: without U+0000, which it refuses, and no longer than an index takes where one is indexed. It must never
//! know which column a text is for.

use std::borrow::Cow;
use std::sync::Arc;

use crate::limits::MAX_INDEXED_TEXT;

/// What stands before an escaped character.
const ESCAPE: char = '\u{1}';
const NUL: char = '\u{2}';
const ITSELF: char = '\u{3}';

/// The first character that is kept as it is, whatever it stands beside.
pub(in crate::postgres) const FIRST_PLAIN: char = '\u{4}';

/// A text as it is kept. Order by code point and what it starts with stay.
pub(in crate::postgres) fn stored(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte > 1) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '\0' => kept.extend([ESCAPE, NUL]),
            ESCAPE => kept.extend([ESCAPE, ITSELF]),
            other => kept.push(other),
        }
    }
    Cow::Owned(kept)
}

/// The same for a text that may be absent.
pub(in crate::postgres) fn stored_opt(text: Option<&Arc<str>>) -> Option<Cow<'_, str>> {
    text.map(|text| stored(text))
}

/// A text as it was told.
pub(in crate::postgres) fn told(kept: &str) -> Arc<str> {
    if !kept.contains(ESCAPE) {
        return kept.into();
    }
    let mut text = String::with_capacity(kept.len());
    let mut chars = kept.chars();
    while let Some(c) = chars.next() {
        match c {
            ESCAPE => text.push(if chars.next() == Some(NUL) { '\0' } else { ESCAPE }),
            other => text.push(other),
        }
    }
    text.into()
}

/// A kept text as what an index takes of it, and what follows. Two texts that begin alike have the same first part, if it is full.
pub(in crate::postgres) fn parts(kept: Cow<'_, str>) -> (Cow<'_, str>, Option<Cow<'_, str>>) {
    if kept.len() <= MAX_INDEXED_TEXT {
        return (kept, None);
    }
    let at = kept.floor_char_boundary(MAX_INDEXED_TEXT);
    match kept {
        Cow::Borrowed(text) => (Cow::Borrowed(&text[..at]), Some(Cow::Borrowed(&text[at..]))),
        Cow::Owned(mut text) => {
            let rest = text.split_off(at);
            (Cow::Owned(text), Some(Cow::Owned(rest)))
        }
    }
}

/// A text of its parts, as it was told.
pub(in crate::postgres) fn joined(first: &str, rest: Option<&str>) -> Arc<str> {
    match rest {
        None => told(first),
        Some(rest) => told(&[first, rest].concat()),
    }
}

/// The least text above all that start with a prefix; `None` when there is none.
pub(in crate::postgres) fn above(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            other => char::from_u32(u32::from(other) + 1),
        };
        if let Some(next) = next {
            end.push(next);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back_and_keeps_its_order_and_its_beginnings() {
        let texts =
            ["", "\0", "\0\0", "\0\u{1}", "\u{1}", "\u{1}\u{2}", "\u{2}", "\u{3}a", "a\0b", "a\u{1}", "ab", "é"];
        for one in texts {
            assert_eq!(&*told(&stored(one)), one);
            assert!(!stored(one).contains('\0'));
            for other in texts {
                assert_eq!(stored(one).cmp(&stored(other)), one.cmp(other), "{one:?} {other:?}");
                assert_eq!(stored(one).starts_with(&*stored(other)), one.starts_with(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_long_text_has_two_parts_at_a_character() {
        let long = format!("{}é{}", "x".repeat(MAX_INDEXED_TEXT - 1), "y".repeat(9));
        let (first, rest) = parts(stored(&long));
        assert_eq!((first.len(), rest.as_deref()), (MAX_INDEXED_TEXT - 1, Some("éyyyyyyyyy")));
        assert_eq!(&*joined(&first, rest.as_deref()), long);
        assert_eq!(parts(stored("short")).1, None);
    }
}
