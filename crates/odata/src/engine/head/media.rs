//! Media types and ranges as they stand in `Accept`, `Content-Type` and `$format`. Knows no meaning of a parameter.

/// `type/subtype;name=value;…`, names in lower case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Media<'t> {
    pub(crate) main: &'t str,
    pub(crate) sub: &'t str,
    pub(crate) params: Vec<(String, String)>,
    /// Of a range, in thousandths.
    pub(crate) q: u16,
}

impl<'t> Media<'t> {
    /// One media type or range. `None` when malformed.
    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        let mut parts = split(text, ';');
        let first = parts.next()?.trim();
        // `*` alone is an old habit of clients for `*/*`.
        let (main, sub) = first.split_once('/').or_else(|| (first == "*").then_some(("*", "*")))?;
        let (main, sub) = (main.trim(), sub.trim());
        let is_token = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
        if !is_token(main) || !is_token(sub) {
            return None;
        }
        let mut media = Self { main, sub, params: Vec::new(), q: 1000 };
        for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            let name = name.trim().to_ascii_lowercase();
            let value = unquote(value.trim())?;
            if name == "q" {
                media.q = quality(&value)?;
            } else {
                media.params.push((name, value));
            }
        }
        Some(media)
    }

    /// Whether it is `main/sub`, without case.
    pub(crate) fn is(&self, main: &str, sub: &str) -> bool {
        self.main.eq_ignore_ascii_case(main) && self.sub.eq_ignore_ascii_case(sub)
    }

    /// Whether it is a range that takes in `main/sub`, itself or by `*`.
    pub(crate) fn takes(&self, main: &str, sub: &str) -> bool {
        self.is(main, sub) || (self.sub == "*" && (self.main == "*" || self.main.eq_ignore_ascii_case(main)))
    }
}

/// The elements of a list header; commas in quotes do not split.
pub(crate) fn list(text: &str) -> impl Iterator<Item = &str> {
    split(text, ',').map(str::trim).filter(|element| !element.is_empty())
}

/// Splits where the separator stands outside quotes.
pub(crate) fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        let mut escaped = false;
        let at = text.find(|c: char| {
            let splits = c == separator && !quoted;
            if c == '"' && !escaped {
                quoted = !quoted;
            }
            escaped = quoted && c == '\\' && !escaped;
            splits
        });
        rest = at.map(|at| &text[at + separator.len_utf8()..]);
        Some(at.map_or(text, |at| &text[..at]))
    })
}

fn unquote(text: &str) -> Option<String> {
    match text.strip_prefix('"') {
        None => (!text.contains('"')).then(|| text.to_owned()),
        Some(rest) => rest.strip_suffix('"').map(|inner| inner.replace("\\\"", "\"").replace("\\\\", "\\")),
    }
}

fn quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // `.2` is another such habit.
    let whole: u16 = if whole.is_empty() && !fraction.is_empty() { 0 } else { whole.parse().ok()? };
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    whole.checked_mul(1000)?.checked_add(thousandths).filter(|q| *q <= 1000)
}
