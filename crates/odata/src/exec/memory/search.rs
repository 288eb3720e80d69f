//! `$search`: words and phrases as case-insensitive substrings of a row's own string properties.

use crate::plan::Search;
use crate::value::Value;

/// Whether a row is found.
pub(super) fn found(search: &Search, row: &Value) -> bool {
    match search {
        Search::Term(term) => {
            let wanted = term.to_lowercase();
            row.as_record().is_some_and(|record| {
                let mut texts = record.members.iter().flatten().filter_map(Value::as_str);
                texts.any(|text| text.to_lowercase().contains(&wanted))
            })
        }
        Search::Not(inner) => !found(inner, row),
        Search::And(a, b) => found(a, row) && found(b, row),
        Search::Or(a, b) => found(a, row) || found(b, row),
    }
}
