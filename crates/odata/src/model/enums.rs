//! Enumeration values and their text: member names, numbers, and comma-separated flags.

use std::fmt::Write as _;
use std::sync::Arc;

use super::EnumType;
use crate::edm::ParseError;

impl EnumType {
    /// The value of a member.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let care = model.type_by_name("care").expect("declared");
    /// # let odata::model::NamedType::Enum(care) = model.named(care) else { panic!("an enumeration") };
    /// assert_eq!((care.value_of("cold"), care.value_of("warm")), (Some(2), None));
    /// ```
    pub fn value_of(&self, member: &str) -> Option<i64> {
        self.members.iter().find(|(name, _)| &**name == member).map(|(_, value)| *value)
    }

    /// The first member with this value.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let care = model.type_by_name("care").expect("declared");
    /// # let odata::model::NamedType::Enum(care) = model.named(care) else { panic!("an enumeration") };
    /// assert_eq!((care.member_of(1).map(|name| &**name), care.member_of(3)), (Some("fragile"), None));
    /// ```
    pub fn member_of(&self, value: i64) -> Option<&Arc<str>> {
        self.members.iter().find(|(_, known)| *known == value).map(|(name, _)| name)
    }

    /// Reads `Member`, a number, or for flags several of them with commas between.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let care = model.type_by_name("care").expect("declared");
    /// # let odata::model::NamedType::Enum(care) = model.named(care) else { panic!("an enumeration") };
    /// assert_eq!(care.parse("fragile,cold"), Ok(3));
    /// assert!(care.parse("warm").is_err());
    /// ```
    ///
    /// # Errors
    /// [`ParseError::Form`] for an unknown member, [`ParseError::Range`] for a number that the type cannot have (any number of
    /// a non-flags type must be a member's).
    pub fn parse(&self, text: &str) -> Result<i64, ParseError> {
        if !self.is_flags {
            return self.one(text, 0);
        }
        let mut start = 0;
        text.split(',').try_fold(0, |sum, part| {
            let member = part.trim_start();
            let value = self.one(member.trim_end(), start + part.len() - member.len())?;
            start += part.len() + 1;
            Ok(sum | value)
        })
    }

    /// The value of a name or of a number that stands at `start` in the text.
    fn one(&self, text: &str, start: usize) -> Result<i64, ParseError> {
        if let Some(value) = self.value_of(text) {
            return Ok(value);
        }
        let number = if text.ends_with(|last: char| last.is_ascii_digit()) { text.parse::<i64>().ok() } else { None };
        let Some(value) = number else {
            // A name that is not known is refused as a whole, anything else where it stops being a name.
            let name = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(0);
            return Err(ParseError::Form { expected: "a member of the enumeration", position: start + name });
        };
        let known = self.is_flags || self.member_of(value).is_some();
        if known && self.underlying.holds(value) { Ok(value) } else { Err(ParseError::Range) }
    }

    /// Whether members make up the value, so that names can say it.
    pub(crate) fn has(&self, value: i64) -> bool {
        let bits = self.members.iter().filter(|(_, part)| value & part == *part).fold(0, |sum, (_, part)| sum | part);
        self.member_of(value).is_some() || (self.is_flags && bits == value)
    }

    /// Writes the member's name; for flags the names that make up the value; the number when no names do.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # let care = model.type_by_name("care").expect("declared");
    /// # let odata::model::NamedType::Enum(care) = model.named(care) else { panic!("an enumeration") };
    /// let mut text = String::new();
    /// care.write(3, &mut text);
    /// assert_eq!(text, "fragile,cold");
    /// ```
    pub fn write(&self, value: i64, out: &mut String) {
        if let Some(name) = self.member_of(value) {
            return out.push_str(name);
        }
        if self.is_flags && value != 0 {
            let bits = |part: i64| part != 0 && value & part == part;
            let parts: Vec<_> = self.members.iter().filter(|(_, part)| bits(*part)).collect();
            if parts.iter().fold(0, |sum, (_, part)| sum | part) == value {
                // A member that another one covers says nothing more (`ReadWrite` makes `Read` needless).
                let needless = |part: i64| parts.iter().any(|(_, other)| *other != part && other & part == part);
                let names: Vec<&str> =
                    parts.iter().filter(|(_, part)| !needless(*part)).map(|(name, _)| &**name).collect();
                return out.push_str(&names.join(","));
            }
        }
        let _ = write!(out, "{value}");
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::model::Primitive;

    fn pattern(is_flags: bool) -> EnumType {
        EnumType {
            name: "n.Pattern".into(),
            underlying: Primitive::Int32,
            is_flags,
            members: [("None", 0), ("Red", 1), ("Blue", 2), ("Purple", 3), ("Solid", 8)]
                .map(|(n, v)| (n.into(), v))
                .into(),
            member_annotations: vec![Vec::new(); 5],
            annotations: Vec::new(),
        }
    }

    fn written(value: i64) -> String {
        let mut out = String::new();
        pattern(true).write(value, &mut out);
        out
    }

    #[test]
    fn flags_are_read_and_written_by_their_names() {
        assert_eq!(pattern(true).parse("Solid,Red").unwrap(), 9);
        assert_eq!(pattern(true).parse("Solid, +2").unwrap(), 10);
        assert_eq!(written(9), "Red,Solid");
        assert_eq!(written(11), "Purple,Solid");
        assert_eq!(
            (written(0), written(3), written(16), written(17)),
            ("None".into(), "Purple".into(), "16".into(), "17".into())
        );
    }

    #[test]
    fn a_value_is_had_when_names_can_say_it() {
        let has = |is_flags| [0, 3, 9, 10, 4, 16, -1].map(|value| pattern(is_flags).has(value));
        assert_eq!(has(true), [true, true, true, true, false, false, false]);
        assert_eq!(has(false), [true, true, false, false, false, false, false]);
    }

    #[test]
    fn one_value_is_a_member_or_its_number() {
        assert_eq!(pattern(false).parse("Blue").unwrap(), 2);
        assert_eq!(pattern(false).parse("2").unwrap(), 2);
        for text in ["blue", "", "Red,Blue", "0x1", "Red "] {
            assert!(matches!(pattern(false).parse(text), Err(ParseError::Form { .. })), "{text}");
        }
        assert_eq!(pattern(false).parse("7"), Err(ParseError::Range));
        assert_eq!(pattern(true).parse("3000000000"), Err(ParseError::Range));
        assert!(matches!(pattern(true).parse("Red,,Blue"), Err(ParseError::Form { .. })));
    }
}
