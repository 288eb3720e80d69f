//! The preferences of a `Prefer` header (RFC 7240) that OData defines, each from its text. Knows no request.
//!
//! ```
//! use odata::syntax::preference::Preference;
//!
//! let line = "respond-async, wait=10, foo";
//! let known: Vec<_> = Preference::split(line).filter_map(|text| Preference::parse(text).ok()).collect();
//! assert_eq!(known, [Preference::RespondAsync, Preference::Wait(10)]);
//! ```

use super::SyntaxError;
use super::cursor::Cursor;

/// A preference that OData knows, with or without `odata.` in front.
///
/// ```
/// use odata::syntax::preference::Preference;
///
/// let size = |prefixed| Ok(Preference::MaxPageSize { size: 20, prefixed });
/// assert_eq!(Preference::parse("maxpagesize=20"), size(false));
/// assert_eq!(Preference::parse("odata.maxpagesize=20"), size(true));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preference<'t> {
    /// `allow-entityreferences`.
    AllowEntityReferences,
    /// `callback;url="…"`.
    Callback(&'t str),
    /// `continue-on-error`, `continue-on-error=false`.
    ContinueOnError(bool),
    /// `handling=strict`, `handling=lenient`.
    HandlingStrict(bool),
    /// `include-annotations="…"`.
    IncludeAnnotations {
        /// What stands between the quotes.
        list: &'t str,
        /// Written with `odata.`.
        prefixed: bool,
    },
    /// `maxpagesize`, at least 1.
    MaxPageSize {
        /// The number.
        size: u32,
        /// Written with `odata.`.
        prefixed: bool,
    },
    /// `omit-values=nulls`; `false` is `defaults`.
    OmitNulls(bool),
    /// `respond-async`.
    RespondAsync,
    /// `return=minimal`; `false` is `representation`.
    ReturnMinimal(bool),
    /// `track-changes`.
    TrackChanges {
        /// Written with `odata.`.
        prefixed: bool,
    },
    /// `wait`, in seconds.
    Wait(u32),
}

impl<'t> Preference<'t> {
    /// The preferences of one header line as texts: split at commas outside quotes.
    ///
    /// ```
    /// use odata::syntax::preference::Preference;
    /// let line = "return=minimal, odata.include-annotations=\"A.B,C.*\", maxpagesize=0";
    /// let known: Vec<_> = Preference::split(line).filter_map(|one| Preference::parse(one).ok()).collect();
    /// let annotations = Preference::IncludeAnnotations { list: "A.B,C.*", prefixed: true };
    /// assert_eq!(known, [Preference::ReturnMinimal(true), annotations]);
    /// ```
    pub fn split(line: &'t str) -> impl Iterator<Item = &'t str> {
        let mut quoted = false;
        line.split(move |c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        })
        .map(str::trim)
    }

    /// Parses one preference.
    ///
    /// ```
    /// use odata::syntax::preference::Preference;
    ///
    /// assert_eq!(Preference::parse("return=minimal"), Ok(Preference::ReturnMinimal(true)));
    /// let error = Preference::parse("return=everything").unwrap_err();
    /// assert_eq!(error.to_string(), "expected 'minimal' or 'representation', found 'e' at position 7");
    /// ```
    ///
    /// # Errors
    /// An unknown name, and a value that the preference does not take.
    pub fn parse(text: &'t str) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text);
        let preference = cursor.preference()?;
        cursor.spaces();
        if cursor.peek().is_some_and(|next| next != b';') {
            return cursor.expected("the end of the preference");
        }
        Ok(preference)
    }
}

impl<'t> Cursor<'t> {
    fn preference(&mut self) -> Result<Preference<'t>, SyntaxError> {
        let prefixed = self.text.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("odata."));
        self.pos = if prefixed { 6 } else { 0 };
        let name = self.token();
        Ok(match name.to_ascii_lowercase().as_str() {
            "allow-entityreferences" => Preference::AllowEntityReferences,
            "callback" => Preference::Callback(self.callback()?),
            "continue-on-error" => Preference::ContinueOnError(self.optional_boolean()?),
            "handling" => Preference::HandlingStrict(self.choice("strict", "lenient")?),
            "include-annotations" => Preference::IncludeAnnotations { list: self.annotations()?, prefixed },
            "maxpagesize" => {
                self.equals()?;
                Preference::MaxPageSize { size: self.number(1)?, prefixed }
            }
            "omit-values" => Preference::OmitNulls(self.choice("nulls", "defaults")?),
            "respond-async" => Preference::RespondAsync,
            "return" => Preference::ReturnMinimal(self.choice("minimal", "representation")?),
            "track-changes" => Preference::TrackChanges { prefixed },
            "wait" => {
                self.equals()?;
                Preference::Wait(self.number(0)?)
            }
            _ => {
                self.pos -= name.len();
                return self.expected("a preference");
            }
        })
    }

    /// Letters, digits, hyphens.
    fn token(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
        self.pos += end;
        &rest[..end]
    }

    fn equals(&mut self) -> Result<(), SyntaxError> {
        self.spaces();
        self.expect(b'=')?;
        self.spaces();
        Ok(())
    }

    fn choice(&mut self, yes: &str, no: &str) -> Result<bool, SyntaxError> {
        self.equals()?;
        let quoted = self.eat(b'"');
        let start = self.pos;
        let token = self.token();
        let chosen = token.eq_ignore_ascii_case(yes);
        if !chosen && !token.eq_ignore_ascii_case(no) {
            self.pos = start;
            return self.expected(&format!("'{yes}' or '{no}'"));
        }
        if quoted {
            self.expect(b'"')?;
        }
        Ok(chosen)
    }

    fn optional_boolean(&mut self) -> Result<bool, SyntaxError> {
        let start = self.pos;
        self.spaces();
        if self.peek() == Some(b'=') {
            return self.choice("true", "false");
        }
        self.pos = start;
        Ok(true)
    }

    fn number(&mut self, min: u32) -> Result<u32, SyntaxError> {
        let quoted = self.eat(b'"');
        let start = self.pos;
        let digits = self.token();
        let Some(number) = digits.parse().ok().filter(|number| *number >= min) else {
            self.pos = start;
            return self.expected(&format!("a whole number from {min}"));
        };
        if quoted {
            self.expect(b'"')?;
        }
        Ok(number)
    }

    fn callback(&mut self) -> Result<&'t str, SyntaxError> {
        self.spaces();
        self.expect(b';')?;
        self.spaces();
        if !self.token().eq_ignore_ascii_case("url") {
            return self.expected("'url'");
        }
        self.equals()?;
        self.expect(b'"')?;
        let url = self.rest().split('"').next().unwrap_or("");
        self.pos += url.len();
        self.expect(b'"')?;
        Ok(url)
    }

    /// `"*"`, `"-Namespace.*"`, `"Namespace.Term#Qualifier"`, several of them.
    fn annotations(&mut self) -> Result<&'t str, SyntaxError> {
        self.equals()?;
        self.expect(b'"')?;
        let start = self.pos;
        loop {
            self.eat(b'-');
            if !self.eat(b'*') {
                self.annotation()?;
            }
            if self.eat(b'#') && self.identifier().is_none() {
                return self.expected("a qualifier");
            }
            if !self.comma() {
                break;
            }
        }
        let list = &self.text[start..self.pos];
        self.expect(b'"')?;
        Ok(list)
    }

    fn annotation(&mut self) -> Result<(), SyntaxError> {
        let Some(name) = self.qualified_name() else { return self.expected("'*' or a namespace") };
        if self.peek() == Some(b'.') {
            self.pos += 1;
            return self.expect(b'*');
        }
        if name.contains('.') { Ok(()) } else { self.expected("'.' and a term, or '.*'") }
    }
}
