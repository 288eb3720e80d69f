//! What the two databases spell differently.

use super::Dialect;

impl Dialect {
    /// Position of a text in another, from 1; 0 when it is not there.
    pub(super) fn position(self, text: &str, part: &str) -> String {
        match self {
            Self::Sqlite => format!("instr({text}, {part})"),
            Self::Postgres => format!("strpos({text}, {part})"),
        }
    }

    /// A text that is ordered by code point.
    pub(super) fn ordinal(self, text: &str) -> String {
        match self {
            Self::Sqlite => text.to_owned(),
            Self::Postgres => format!("{text} COLLATE \"C\""),
        }
    }

    /// The greater of two integers.
    pub(super) fn greater(self, a: &str, b: &str) -> String {
        match self {
            Self::Sqlite => format!("max({a}, {b})"),
            Self::Postgres => format!("greatest({a}, {b})"),
        }
    }

    /// A text without the given characters at its ends.
    pub(super) fn trim(self, text: &str, characters: &str) -> String {
        match self {
            Self::Sqlite => format!("trim({text}, {characters})"),
            Self::Postgres => format!("btrim({text}, {characters})"),
        }
    }

    /// A number as a double.
    pub(super) fn double(self, number: &str) -> String {
        match self {
            Self::Sqlite => format!("CAST({number} AS REAL)"),
            Self::Postgres => format!("CAST({number} AS double precision)"),
        }
    }

    /// The rows of a JSON array of texts under a name; the element is `name.value`.
    pub(super) fn elements(self, array: &str, name: &str) -> String {
        match self {
            Self::Sqlite => format!("json_each({array}) AS {name}"),
            Self::Postgres => format!("jsonb_array_elements_text(({array})::jsonb) AS {name}(value)"),
        }
    }

    /// Nulls below everything, which PostgreSQL must be told.
    pub(super) fn null_lowest(self, descending: bool) -> &'static str {
        match (self, descending) {
            (Self::Sqlite, _) => "",
            (Self::Postgres, false) => " NULLS FIRST",
            (Self::Postgres, true) => " NULLS LAST",
        }
    }
}
