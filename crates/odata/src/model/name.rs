//! What a name may be. Knows no model.

use crate::limits::IDENTIFIER_CHARS_MAX;

/// Whether a text is a simple identifier: a letter or `_`, then letters, digits and `_`, at most 128 characters.
pub(crate) fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|next| next.is_alphanumeric() || next == '_')
        && (text.len() <= IDENTIFIER_CHARS_MAX || text.chars().count() <= IDENTIFIER_CHARS_MAX)
}
