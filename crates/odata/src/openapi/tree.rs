//! A document as a tree, and its two texts: JSON and YAML. Members keep their order, so the same tree is always the same
//! text. Knows no OpenAPI.

use std::fmt::Write as _;

/// A node of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// An object with these members.
pub(super) fn map<const N: usize>(members: [(&str, Tree); N]) -> Tree {
    Tree::Map(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// An array of these elements.
pub(super) fn list<T: Into<Tree>>(elements: impl IntoIterator<Item = T>) -> Tree {
    Tree::List(elements.into_iter().map(Into::into).collect())
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Tree {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl Tree {
    /// The object with one more member at its end; anything else as it is.
    pub(super) fn with(mut self, name: impl Into<String>, value: impl Into<Self>) -> Self {
        if let Self::Map(members) = &mut self {
            members.push((name.into(), value.into()));
        }
        self
    }

    /// The same when there is a value.
    pub(super) fn with_some(self, name: &str, value: Option<impl Into<Self>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Indented JSON with a line end behind it.
    pub(super) fn json(&self) -> String {
        let mut out = String::new();
        self.push_json(&mut out, 0);
        out.push('\n');
        out
    }

    /// YAML 1.2 in block style; texts that could be read as anything else are quoted as in JSON.
    pub(super) fn yaml(&self) -> String {
        let mut out = String::new();
        self.push_yaml(&mut out, 0, true);
        out
    }

    fn push_json(&self, out: &mut String, depth: usize) {
        match self {
            Self::List(elements) if !elements.is_empty() => {
                for (index, element) in elements.iter().enumerate() {
                    out.push(if index == 0 { '[' } else { ',' });
                    new_line(out, depth + 1);
                    element.push_json(out, depth + 1);
                }
                new_line(out, depth);
                out.push(']');
            }
            Self::Map(members) if !members.is_empty() => {
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push(if index == 0 { '{' } else { ',' });
                    new_line(out, depth + 1);
                    quote(name, out);
                    out.push_str(": ");
                    value.push_json(out, depth + 1);
                }
                new_line(out, depth);
                out.push('}');
            }
            Self::Text(text) => quote(text, out),
            plain => plain.push_plain(out),
        }
    }

    /// `at_start`: the cursor stands where the first line of a block belongs, already indented.
    fn push_yaml(&self, out: &mut String, depth: usize, at_start: bool) {
        match self {
            Self::List(elements) if !elements.is_empty() => {
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 || !at_start {
                        indent(out, depth);
                    }
                    out.push_str("- ");
                    element.push_yaml(out, depth + 1, true);
                }
            }
            Self::Map(members) if !members.is_empty() => {
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 || !at_start {
                        indent(out, depth);
                    }
                    push_yaml_text(name, out);
                    out.push(':');
                    if value.is_block() {
                        out.push('\n');
                        value.push_yaml(out, depth + 1, false);
                    } else {
                        out.push(' ');
                        value.push_yaml(out, depth + 1, false);
                    }
                }
            }
            Self::Text(text) => {
                push_yaml_text(text, out);
                out.push('\n');
            }
            plain => {
                plain.push_plain(out);
                out.push('\n');
            }
        }
    }

    fn is_block(&self) -> bool {
        match self {
            Self::List(elements) => !elements.is_empty(),
            Self::Map(members) => !members.is_empty(),
            _ => false,
        }
    }

    /// What both texts write alike.
    fn push_plain(&self, out: &mut String) {
        match self {
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            // Writing to a `String` cannot fail.
            Self::Int(value) => {
                let _ = write!(out, "{value}");
            }
            Self::Text(text) => quote(text, out),
            Self::List(_) => out.push_str("[]"),
            Self::Map(_) => out.push_str("{}"),
        }
    }
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    indent(out, depth);
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// A JSON string, which is a YAML double-quoted one as well: what YAML calls unprintable is escaped too.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Words that YAML 1.1 or 1.2 reads as something else.
const TAKEN: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

fn push_yaml_text(text: &str, out: &mut String) {
    let is_word = text.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.' | '/'));
    if is_word && !TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(text)) {
        out.push_str(text);
    } else {
        quote(text, out);
    }
}

#[cfg(test)]
mod tests {
    use super::{Tree, list, map};

    fn sample() -> Tree {
        map([
            ("openapi", "3.1.0".into()),
            ("empty", map([])),
            ("none", Tree::List(Vec::new())),
            ("yes", "no".into()),
            ("/a/{id}", map([("list", list(["a b", "word"])), ("deep", Tree::List(vec![map([("x", 1.into())])]))])),
            ("nested", Tree::List(vec![list([true]), false.into()])),
            ("text", "a\"\\\n\u{7f}ü".into()),
        ])
    }

    #[test]
    fn json_keeps_the_order_and_escapes() {
        let text = sample().json();
        let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read["text"], "a\"\\\n\u{7f}ü");
        assert!(text.starts_with("{\n  \"openapi\": \"3.1.0\",\n  \"empty\": {},\n"), "{text}");
    }

    #[test]
    fn yaml_is_block_style_and_quotes_what_is_no_plain_word() {
        assert_eq!(
            sample().yaml(),
            "openapi: \"3.1.0\"\nempty: {}\nnone: []\n\"yes\": \"no\"\n\"/a/{id}\":\n  list:\n    - \"a b\"\n    - word\n  deep:\n    - x: 1\n\
             nested:\n  - - true\n  - false\ntext: \"a\\\"\\\\\\n\\u007fü\"\n"
        );
    }
}
