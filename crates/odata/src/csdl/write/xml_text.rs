//! XML text: elements, attributes, escapes, indentation. Knows no CSDL.

/// An XML document being written, two spaces a level.
pub(super) struct XmlText {
    out: String,
    open: Vec<Box<str>>,
    /// The start tag of the innermost element is not closed yet.
    in_tag: bool,
}

impl XmlText {
    pub(super) fn new() -> Self {
        Self { out: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), open: Vec::new(), in_tag: false }
    }

    /// Starts an element; [`Self::end`] ends it.
    pub(super) fn start(&mut self, name: &str) {
        self.line();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name.into());
        self.in_tag = true;
    }

    /// An attribute of the element that was just started.
    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape(value, &mut self.out);
        self.out.push('"');
    }

    /// An attribute, when there is a value.
    pub(super) fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.attribute(name, value);
        }
    }

    /// `name="true"`, when it is.
    pub(super) fn flag(&mut self, name: &str, value: bool) {
        if value {
            self.attribute(name, "true");
        }
    }

    pub(super) fn end(&mut self) {
        let Some(name) = self.open.pop() else { return };
        if self.in_tag {
            self.out.push_str("/>");
            self.in_tag = false;
            return;
        }
        self.line();
        self.out.push_str("</");
        self.out.push_str(&name);
        self.out.push('>');
    }

    /// An element with nothing but text.
    pub(super) fn text_element(&mut self, name: &str, text: &str) {
        self.line();
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
        escape(text, &mut self.out);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.out.push('\n');
        self.out
    }

    fn line(&mut self) {
        if std::mem::take(&mut self.in_tag) {
            self.out.push('>');
        }
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}

/// Escapes for text and attributes alike; white space that a parser would normalise away in an attribute is kept.
fn escape(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
}
