//! JSON text to a tree that forgets nothing: member order, numbers as written, where everything stands. Strict where
//! serde_json is not: a name given twice, a lone surrogate, U+0000. Knows no types.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use crate::error::shown;
use crate::limits::{JSON_DEPTH_MAX, JSON_NODES_MAX};

/// A JSON value and where it stands in the text.
///
/// ```
/// let body = odata::json::parse(b"  [1, 2] ")?;
/// assert_eq!((body.at, body.end), (2, 8));
/// # Ok::<(), odata::json::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Json<'a> {
    /// Byte offset of its first character.
    pub at: usize,
    /// Byte offset behind its last character.
    pub end: usize,
    /// The value.
    pub kind: JsonKind<'a>,
}

/// The forms of a JSON value.
///
/// ```
/// use odata::json::{JsonKind, parse};
///
/// assert_eq!(parse(b"1e3")?.kind, JsonKind::Number("1e3"));
/// assert_eq!(parse(br#""\u0074ea""#)?.kind, JsonKind::String("tea".into()));
/// # Ok::<(), odata::json::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum JsonKind<'a> {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number as written.
    Number(&'a str),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object, members in order.
    Object(Vec<JsonMember<'a>>),
}

/// A member of an object.
///
/// ```
/// use odata::json::{JsonKind, parse};
///
/// let JsonKind::Object(members) = parse(br#"{"b":1,"a":2}"#)?.kind else { panic!("an object") };
/// assert_eq!(members.iter().map(|member| &*member.name).collect::<Vec<_>>(), ["b", "a"], "in order");
/// # Ok::<(), odata::json::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct JsonMember<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its value.
    pub value: Json<'a>,
}

impl JsonKind<'_> {
    /// What it is, for messages: `a string`.
    pub(crate) fn article(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a Boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Where and why a text is not JSON that is taken.
///
/// ```
/// let error = odata::json::parse(b"{\"name\":\n tea}").unwrap_err();
/// assert_eq!((error.line, error.column, error.path.as_str()), (2, 2, "name"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct JsonError {
    /// Byte offset.
    pub offset: usize,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// For the caller.
    pub reason: Cow<'static, str>,
    /// Path to the member or element, such as `tenantCheckinStatuses/0/userId`; empty at the top.
    pub path: String,
}

/// Parses a whole body. A byte order mark before it is skipped.
///
/// # Errors
/// Not UTF-8, not JSON, nested deeper than `JSON_DEPTH_MAX`, more than `JSON_NODES_MAX` values, a member given twice,
/// a lone surrogate, U+0000.
///
/// ```
/// let error = odata::json::parse(b"{\"a\":[1,\n {\"b\":2,\"b\":3}]}").expect_err("given twice");
/// assert_eq!((error.line, error.column, error.path.as_str()), (2, 9, "a/1/b"));
/// ```
pub fn parse(body: &[u8]) -> Result<Json<'_>, JsonError> {
    Parser::run(body, true)
}

/// Checks that bytes are well-formed JSON, keeping nothing. Names may repeat and U+0000 may stand in a string here.
///
/// ```
/// assert!(odata::json::check(br#"{"a":[1,2]}"#).is_ok());
/// assert!(odata::json::check(br#"{"a":[1,2}"#).is_err());
/// ```
///
/// # Errors
/// Not UTF-8, not JSON, nested deeper than `JSON_DEPTH_MAX`, a lone surrogate.
pub fn check(body: &[u8]) -> Result<(), JsonError> {
    Parser::run(body, false).map(|_| ())
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    nodes: usize,
    keep: bool,
}

struct Fault {
    offset: usize,
    reason: Cow<'static, str>,
    /// Innermost first.
    path: Vec<String>,
}

type Parsed<T> = Result<T, Fault>;

impl<'a> Parser<'a> {
    fn run(body: &'a [u8], keep: bool) -> Result<Json<'a>, JsonError> {
        let text = std::str::from_utf8(body).map_err(|error| {
            let good = std::str::from_utf8(&body[..error.valid_up_to()]).unwrap_or("");
            let fault = Fault { offset: good.len(), reason: "the text is not UTF-8".into(), path: Vec::new() };
            fault.placed(good)
        })?;
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut parser = Self { text, at: start, depth: 0, nodes: 0, keep };
        let parsed = parser.value().and_then(|value| {
            parser.space();
            if parser.at == text.len() { Ok(value) } else { Err(parser.fault("there is text behind the value")) }
        });
        parsed.map_err(|fault| fault.placed(text))
    }

    fn fault(&self, reason: impl Into<Cow<'static, str>>) -> Fault {
        Fault { offset: self.at, reason: reason.into(), path: Vec::new() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Parsed<Json<'a>> {
        self.space();
        let at = self.at;
        self.nodes += 1;
        if self.keep && self.nodes > JSON_NODES_MAX {
            return Err(self.fault(format!("the body holds more than {JSON_NODES_MAX} values")));
        }
        let kind = match self.peek() {
            None => return Err(self.fault("the text ends where a value is expected")),
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => JsonKind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => JsonKind::Number(self.number()?),
            Some(b't') => self.word("true", JsonKind::Bool(true))?,
            Some(b'f') => self.word("false", JsonKind::Bool(false))?,
            Some(b'n') => self.word("null", JsonKind::Null)?,
            Some(_) => return Err(self.fault("a value is expected")),
        };
        Ok(Json { at, end: self.at, kind })
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Parsed<JsonKind<'a>>) -> Parsed<JsonKind<'a>> {
        if self.depth == JSON_DEPTH_MAX {
            return Err(self.fault(format!("the nesting is deeper than {JSON_DEPTH_MAX}")));
        }
        self.depth += 1;
        self.at += 1;
        self.space();
        let value = inner(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn word(&mut self, word: &'static str, kind: JsonKind<'a>) -> Parsed<JsonKind<'a>> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(kind)
        } else {
            Err(self.fault("a value is expected"))
        }
    }

    /// `,` goes on (true), the closing bracket ends (false).
    fn more(&mut self, close: u8) -> Parsed<bool> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            None => Err(self.fault(format!("the text ends before '{}'", char::from(close)))),
            Some(_) => Err(self.fault(format!("',' or '{}' is expected", char::from(close)))),
        }
    }

    fn array(&mut self) -> Parsed<JsonKind<'a>> {
        let mut elements = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(JsonKind::Array(elements));
        }
        let mut index = 0_usize;
        loop {
            let element = self.value().map_err(|fault| fault.under(|| index.to_string()))?;
            if self.keep {
                elements.push(element);
            }
            index += 1;
            if !self.more(b']')? {
                return Ok(JsonKind::Array(elements));
            }
        }
    }

    fn object(&mut self) -> Parsed<JsonKind<'a>> {
        /// Above this many members a set finds repeated names; below it comparing is quicker.
        const LINEAR_MAX: usize = 16;
        let mut members: Vec<JsonMember<'a>> = Vec::new();
        let mut seen: HashSet<Cow<'a, str>> = HashSet::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(JsonKind::Object(members));
        }
        loop {
            self.space();
            let name_at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.fault("a member name in quotes is expected"));
            }
            let name = self.string()?;
            let known = match members.len() {
                0..LINEAR_MAX => members.iter().any(|member| member.name == name),
                LINEAR_MAX => {
                    seen.extend(members.iter().map(|member| member.name.clone()));
                    !seen.insert(name.clone())
                }
                _ => !seen.insert(name.clone()),
            };
            if known {
                let name = shown(&name).into_owned();
                let reason = format!("the member '{name}' is given more than once");
                return Err(Fault { offset: name_at, reason: reason.into(), path: vec![name] });
            }
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.fault("':' is expected"));
            }
            self.at += 1;
            let value = self.value().map_err(|fault| fault.under(|| shown(&name).into_owned()))?;
            if self.keep {
                members.push(JsonMember { name, value });
            }
            if !self.more(b'}')? {
                return Ok(JsonKind::Object(members));
            }
        }
    }

    fn number(&mut self) -> Parsed<&'a str> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.fault("a digit is expected")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn some_digits(&mut self) -> Parsed<()> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.fault("a digit is expected"));
        }
        self.digits();
        Ok(())
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Parsed<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        self.plain_run();
        if self.peek() == Some(b'"') {
            let text = &self.text[start..self.at];
            self.at += 1;
            return Ok(Cow::Borrowed(text));
        }
        let mut unescaped = String::from(&self.text[start..self.at]);
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => {
                    let c = self.escape()?;
                    if self.keep {
                        unescaped.push(c);
                    }
                }
                None => return Err(self.fault("the text ends inside a string")),
                Some(0..0x20) => return Err(self.fault("a control character stands unescaped in a string")),
                Some(_) => {
                    let from = self.at;
                    self.plain_run();
                    if self.keep {
                        unescaped.push_str(&self.text[from..self.at]);
                    }
                }
            }
        }
    }

    fn plain_run(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
    }

    fn escape(&mut self) -> Parsed<char> {
        let start = self.at;
        self.at += 2;
        let plain = match self.text.as_bytes().get(start + 1) {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(*c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(start),
            _ => {
                self.at = start;
                return Err(self.fault("the escape is not known"));
            }
        };
        Ok(plain)
    }

    fn unicode_escape(&mut self, start: usize) -> Parsed<char> {
        let refuse = |reason: &'static str| Fault { offset: start, reason: reason.into(), path: Vec::new() };
        let high = self.hex4().ok_or_else(|| refuse("four hexadecimal digits are expected behind \\u"))?;
        let code = match high {
            0xd800..0xdc00 => {
                let low = self.text.as_bytes()[self.at..].starts_with(b"\\u").then(|| {
                    self.at += 2;
                    self.hex4()
                });
                match low.flatten() {
                    Some(low @ 0xdc00..0xe000) => 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00),
                    _ => return Err(refuse("a surrogate stands alone")),
                }
            }
            0xdc00..0xe000 => return Err(refuse("a surrogate stands alone")),
            0 if self.keep => return Err(refuse("the character U+0000 is not allowed")),
            code => code,
        };
        char::from_u32(code).ok_or_else(|| refuse("the escape is not a character"))
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
        let code =
            digits.iter().try_fold(0, |code, digit| char::from(*digit).to_digit(16).map(|value| code << 4 | value))?;
        self.at += 4;
        Some(code)
    }
}

impl Fault {
    fn under(mut self, part: impl FnOnce() -> String) -> Self {
        self.path.push(part());
        self
    }

    fn placed(self, text: &str) -> JsonError {
        let before = text.get(..self.offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let mut path = String::new();
        for part in self.path.iter().rev() {
            let _ = write!(path, "{}{part}", if path.is_empty() { "" } else { "/" });
        }
        JsonError {
            offset: self.offset,
            line: before.bytes().filter(|b| *b == b'\n').count() + 1,
            column: before[line_start..].trim_start_matches('\u{feff}').chars().count() + 1,
            reason: self.reason,
            path,
        }
    }
}
