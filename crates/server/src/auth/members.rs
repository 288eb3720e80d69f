//! The claims of a token as they are written: JSON read in one pass, texts borrowed from where they stand. Real clients bring a new token at
//! nearly every call, so what is read of it is read once.
//!
//! Nothing here is trusted, and nothing here says what a claim means.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Claim<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Claim<'a>>),
    Object(Members<'a>),
}

impl Claim<'_> {
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A JSON object; of members with one name the last counts, as RFC 7519 allows.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, Claim<'a>)>);

impl<'a> Members<'a> {
    /// The object in a text.
    pub(super) fn parse(text: &'a [u8]) -> serde_json::Result<Self> {
        match serde_json::from_slice(text)? {
            Claim::Object(members) => Ok(members),
            _ => Err(serde_json::Error::custom("not an object")),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Claim<'a>> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, claim)| claim)
    }

    /// How many members have the name.
    pub(super) fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(known, _)| known == name).count()
    }
}

impl<'de> Deserialize<'de> for Claim<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(Reader)? {
            Claim::Text(name) => Ok(Self(name)),
            _ => Err(D::Error::custom("a name is a text")),
        }
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Claim<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Claim::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Claim::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Claim::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Claim::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Number::from_f64(value).map(Claim::Number).ok_or_else(|| E::custom("a number is finite"))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Claim::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Claim::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = seq.next_element()? {
            list.push(element);
        }
        Ok(Claim::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), claim)) = map.next_entry()? {
            members.push((name, claim));
        }
        Ok(Claim::Object(Members(members)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_read_and_texts_without_escapes_are_borrowed() {
        let text = br#"{"a":null,"b":true,"c":-1,"d":1.5,"e":"plain","f":"\u00e9","g":[1,"x"],"h":{"i":"j"}}"#;
        let members = Members::parse(text).expect("an object");
        let get = |name| members.get(name).expect("there");
        assert_eq!((get("a"), get("b")), (&Claim::Null, &Claim::Bool(true)));
        assert_eq!(
            (get("c"), get("d")),
            (&Claim::Number((-1).into()), &Claim::Number(Number::from_f64(1.5).expect("finite")))
        );
        assert!(matches!(get("e"), Claim::Text(Cow::Borrowed("plain"))));
        assert_eq!(get("f").as_text(), Some("é"));
        assert!(matches!(get("g"), Claim::List(list) if list.len() == 2));
        assert!(matches!(get("h"), Claim::Object(inner) if inner.get("i").and_then(Claim::as_text) == Some("j")));
        assert_eq!(members.get("z"), None);
    }

    #[test]
    fn the_last_of_a_name_counts_and_both_are_counted() {
        let members = Members::parse(br#"{"a":1,"a":"b"}"#).expect("an object");
        assert_eq!((members.get("a").and_then(Claim::as_text), members.count("a")), (Some("b"), 2));
    }

    #[test]
    fn what_is_no_object_is_refused_and_depth_has_an_end() {
        for bad in ["", "[]", "1", "null", "{", "{\"a\":}", "{} x", "{\"a\":1,}"] {
            assert!(Members::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
        assert!(Members::parse(deep.as_bytes()).is_err());
    }
}
