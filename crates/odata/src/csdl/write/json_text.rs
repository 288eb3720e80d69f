//! JSON text for documents that people read: objects, arrays, escapes, indentation. Knows no CSDL.

use std::fmt::Write as _;

/// A JSON document being written, two spaces a level.
pub(super) struct JsonText {
    out: String,
    depth: usize,
    /// Nothing was written yet in the innermost object or array.
    first: bool,
}

impl JsonText {
    pub(super) fn new() -> Self {
        Self { out: String::new(), depth: 0, first: true }
    }

    /// A member's name; its value must follow.
    pub(super) fn key(&mut self, name: &str) {
        self.next();
        quote(name, &mut self.out);
        self.out.push_str(": ");
    }

    /// The place of an array's next element; it must follow.
    pub(super) fn next(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        self.line();
    }

    pub(super) fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.depth += 1;
        self.first = true;
    }

    pub(super) fn close(&mut self, bracket: char) {
        self.depth = self.depth.saturating_sub(1);
        // An empty one is closed on its line.
        if !std::mem::take(&mut self.first) {
            self.line();
        }
        self.out.push(bracket);
    }

    pub(super) fn string(&mut self, text: &str) {
        quote(text, &mut self.out);
    }

    /// A number, `true`, `false` or `null`.
    pub(super) fn literal(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(super) fn string_member(&mut self, name: &str, text: &str) {
        self.key(name);
        self.string(text);
    }

    /// A member, when there is a value.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.string_member(name, text);
        }
    }

    pub(super) fn literal_member(&mut self, name: &str, text: &str) {
        self.key(name);
        self.literal(text);
    }

    /// `"name": true`, when it is.
    pub(super) fn flag(&mut self, name: &str, value: bool) {
        if value {
            self.literal_member(name, "true");
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.out.push('\n');
        self.out
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if u32::from(control) < 0x20 => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
