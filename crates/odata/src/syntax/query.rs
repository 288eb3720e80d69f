//! The query part of a URL: split at `&` and `=`, decoded, system options recognised. Knows no model.

use std::ops::Range;

use super::ast::Options;
use super::{cursor::Cursor, options, percent};
use crate::error::Error;
use crate::limits::{EXPRESSION_BYTES_MAX, QUERY_OPTIONS_MAX};

/// The system query options of OData 4.01.
///
/// ```
/// use odata::syntax::{Query, SystemOption};
///
/// let query = Query::parse("$skiptoken=abc&$format=json")?;
/// assert_eq!(query.text(SystemOption::SkipToken), Some("abc"));
/// assert_eq!(query.text(SystemOption::Filter), None);
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as in the OData ABNF")]
pub enum SystemOption {
    Apply,
    Compute,
    Count,
    DeltaToken,
    Expand,
    Filter,
    Format,
    Id,
    Index,
    Levels,
    OrderBy,
    SchemaVersion,
    Search,
    Select,
    Skip,
    SkipToken,
    Top,
}

const NAMES: [(SystemOption, &str); 17] = [
    (SystemOption::Filter, "$filter"),
    (SystemOption::Select, "$select"),
    (SystemOption::OrderBy, "$orderby"),
    (SystemOption::Top, "$top"),
    (SystemOption::Skip, "$skip"),
    (SystemOption::Count, "$count"),
    (SystemOption::Expand, "$expand"),
    (SystemOption::Search, "$search"),
    (SystemOption::SkipToken, "$skiptoken"),
    (SystemOption::Format, "$format"),
    (SystemOption::Compute, "$compute"),
    (SystemOption::Apply, "$apply"),
    (SystemOption::DeltaToken, "$deltatoken"),
    (SystemOption::Id, "$id"),
    (SystemOption::Index, "$index"),
    (SystemOption::Levels, "$levels"),
    (SystemOption::SchemaVersion, "$schemaversion"),
];

impl SystemOption {
    /// The name with its `$`.
    ///
    /// ```
    /// use odata::syntax::SystemOption;
    ///
    /// assert_eq!(SystemOption::OrderBy.name(), "$orderby");
    /// ```
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(option, _)| *option == self).map_or("$", |(_, name)| name)
    }

    /// By name, with or without `$`, in any case.
    ///
    /// ```
    /// use odata::syntax::SystemOption;
    ///
    /// assert_eq!(SystemOption::by_name("$filter"), Some(SystemOption::Filter));
    /// assert_eq!(SystemOption::by_name("OrderBy"), Some(SystemOption::OrderBy));
    /// assert_eq!(SystemOption::by_name("source"), None);
    /// ```
    pub fn by_name(name: &str) -> Option<Self> {
        let bare = name.strip_prefix('$').unwrap_or(name);
        NAMES.iter().find(|(_, known)| known[1..].eq_ignore_ascii_case(bare)).map(|(option, _)| *option)
    }
}

/// The options of a request: decoded text, found by name.
///
/// ```
/// use odata::syntax::{Query, SystemOption};
/// let query = Query::parse("%24filter=name+eq+%40n&@n='x'&source=sdk").expect("well-formed");
/// assert_eq!(query.text(SystemOption::Filter), Some("name eq @n"));
/// assert_eq!(query.alias("@n"), Some("'x'"));
/// assert_eq!(query.custom().collect::<Vec<_>>(), [("source", "sdk")]);
/// assert!(Query::parse("$top=1&top=2").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    text: String,
    system: Vec<Given>,
    aliases: Vec<Pair>,
    custom: Vec<Pair>,
    /// Places in `text` of semicolons that were percent-encoded, ascending.
    semicolons: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Given {
    option: SystemOption,
    pair: Pair,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pair {
    name: Range<usize>,
    value: Range<usize>,
}

impl Query {
    /// Splits and decodes what stands after `?`.
    ///
    /// ```
    /// use odata::syntax::Query;
    ///
    /// assert!(Query::parse("$filter=name%20eq%20'tea'&source=sdk").is_ok());
    /// let error = Query::parse("$filtr=true").unwrap_err();
    /// assert_eq!(error.message, "The query option '$filtr' is not known.");
    /// ```
    ///
    /// # Errors
    /// An unknown `$name`, a system option or alias given twice (with or without `$`), an empty value, a broken
    /// percent-escape, too many or too long options. Each error names the option.
    pub fn parse(raw: &str) -> Result<Self, Error> {
        Self::parse_names(raw, false)
    }

    /// As [`Self::parse`], but a system option needs its `$`: every bare name is a custom option.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub(crate) fn parse_prefixed(raw: &str) -> Result<Self, Error> {
        Self::parse_names(raw, true)
    }

    fn parse_names(raw: &str, prefixed: bool) -> Result<Self, Error> {
        let mut query = Self { text: String::with_capacity(raw.len()), ..Self::default() };
        let mut count = 0_usize;
        for part in raw.split('&').filter(|part| !part.is_empty()) {
            count += 1;
            if count > QUERY_OPTIONS_MAX {
                return Err(Error::bad_request(format!("More than {QUERY_OPTIONS_MAX} query options.")));
            }
            let (raw_name, raw_value) = part.split_once('=').unwrap_or((part, ""));
            let name = query.decode(raw_name, raw_name)?;
            let value = query.decode(raw_value, raw_name)?;
            query.sort_in(Pair { name, value }, prefixed)?;
        }
        Ok(query)
    }

    fn decode(&mut self, raw: &str, target: &str) -> Result<Range<usize>, Error> {
        let start = self.text.len();
        percent::decode_query_into(&mut self.text, raw, &mut self.semicolons)
            .map_err(|error| error.into_error(target))?;
        Ok(start..self.text.len())
    }

    fn sort_in(&mut self, pair: Pair, prefixed: bool) -> Result<(), Error> {
        let name = &self.text[pair.name.clone()];
        let refuse = |message: String| Err(Error::bad_request(message).at(name));
        if name.starts_with('@') {
            if pair.value.is_empty() {
                return refuse(format!("The parameter alias '{name}' has no value."));
            }
            if self.aliases.iter().any(|known| self.text[known.name.clone()] == *name) {
                return refuse(format!("The parameter alias '{name}' is given more than once."));
            }
            self.aliases.push(pair);
            return Ok(());
        }
        let is_custom = prefixed && !name.starts_with('$');
        let Some(option) = SystemOption::by_name(name).filter(|_| !is_custom) else {
            if name.starts_with('$') {
                let error = Error::bad_request(format!("The query option '{name}' is not known.")).at(name);
                return Err(error.at_position(known_part(name)));
            }
            self.custom.push(pair);
            return Ok(());
        };
        if pair.value.is_empty() {
            let error = Error::bad_request(format!("The query option '{name}' has no value.")).at(name);
            return Err(error.at_position(0));
        }
        if pair.value.len() > EXPRESSION_BYTES_MAX {
            return refuse(format!("The query option '{name}' is longer than {EXPRESSION_BYTES_MAX} bytes."));
        }
        if self.system.iter().any(|given| given.option == option) {
            let name = option.name();
            return Err(Error::bad_request(format!("The query option '{name}' is given more than once.")).at(name));
        }
        self.system.push(Given { option, pair });
        Ok(())
    }

    /// The decoded value of a system option.
    ///
    /// ```
    /// use odata::syntax::{Query, SystemOption};
    ///
    /// let query = Query::parse("$search=iced+tea")?;
    /// assert_eq!(query.text(SystemOption::Search), Some("iced tea"));
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn text(&self, option: SystemOption) -> Option<&str> {
        self.system.iter().find(|given| given.option == option).map(|given| &self.text[given.pair.value.clone()])
    }

    /// The system options given, in order.
    pub(crate) fn given(&self) -> impl Iterator<Item = SystemOption> + '_ {
        self.system.iter().map(|given| given.option)
    }

    /// As [`Self::given`], leaving out bare names that a function call took as its arguments.
    pub(crate) fn given_without(&self, taken: &[&str]) -> impl Iterator<Item = SystemOption> {
        let given = self.system.iter().filter(|given| !taken.contains(&&self.text[given.pair.name.clone()]));
        given.map(|given| given.option)
    }

    /// The decoded value of a parameter alias; `name` with its `@`.
    ///
    /// ```
    /// let query = odata::syntax::Query::parse("$filter=price gt @least&@least=4")?;
    /// assert_eq!((query.alias("@least"), query.alias("@most")), (Some("4"), None));
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn alias(&self, name: &str) -> Option<&str> {
        let pair = self.aliases.iter().find(|pair| self.text[pair.name.clone()] == *name)?;
        Some(&self.text[pair.value.clone()])
    }

    /// Custom options: names with neither `$` nor `@` that no system option has.
    ///
    /// ```
    /// let query = odata::syntax::Query::parse("$top=1&source=sdk&lang=de")?;
    /// assert_eq!(query.custom().collect::<Vec<_>>(), [("source", "sdk"), ("lang", "de")]);
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn custom(&self) -> impl Iterator<Item = (&str, &str)> + '_ {
        self.custom.iter().map(|pair| (&self.text[pair.name.clone()], &self.text[pair.value.clone()]))
    }

    /// Every option written without `$` or `@`, system ones included: the names that a function call takes as arguments.
    pub(crate) fn bare(&self) -> impl Iterator<Item = (&str, &str)> + '_ {
        let system = self.system.iter().map(|given| &given.pair);
        system
            .chain(&self.custom)
            .map(|pair| (&self.text[pair.name.clone()], &self.text[pair.value.clone()]))
            .filter(|(name, _)| !name.starts_with('$'))
    }

    /// Parses every system option.
    ///
    /// ```
    /// use odata::syntax::Query;
    ///
    /// assert_eq!(Query::parse("$top=5&$count=true")?.options()?.top, Some(5));
    /// let query = Query::parse("$orderby=name&$filter=price gt")?;
    /// let error = query.options().unwrap_err();
    /// assert_eq!((error.target.as_deref(), error.position), (Some("$filter"), Some(8)));
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first option that does not fit the grammar, with its position.
    pub fn options(&self) -> Result<Options<'_>, Error> {
        self.options_without(&[])
    }

    /// As [`Self::options`], leaving out bare names that a function call took as its arguments.
    ///
    /// # Errors
    /// As [`Self::options`].
    pub(crate) fn options_without(&self, taken: &[&str]) -> Result<Options<'_>, Error> {
        let mut all = Options::default();
        for given in &self.system {
            let name = &self.text[given.pair.name.clone()];
            if taken.contains(&name) {
                continue;
            }
            let value = &self.text[given.pair.value.clone()];
            all.given.push(given.option);
            let mut cursor = Cursor::new(value).with_semicolons(&self.semicolons, given.pair.value.start);
            options::value(&mut cursor, given.option, &mut all)
                .and_then(|()| cursor.finish())
                .map_err(|error| error.into_error(given.option.name()))?;
        }
        Ok(all)
    }
}

/// How far a name is that of a system option: where something else was expected.
fn known_part(name: &str) -> usize {
    let identifier = name[1..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(name.len(), |at| at + 1);
    if SystemOption::by_name(&name[..identifier]).is_some() { identifier } else { 1 }
}
