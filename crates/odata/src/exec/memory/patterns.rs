//! Patterns of `matchesPattern` that are computed for each row: compiled once while rows have them in common.

use std::cell::{Cell, RefCell};

use super::{Context, EvalError};
use crate::error::shown;
use crate::expr::Pattern;
use crate::limits::{PATTERN_CHARS_LEAST, PATTERN_COMPUTED_BYTES_MAX, PATTERNS_CHARS_MAX, PATTERNS_KEPT};

/// The computed patterns of one run over rows; bounded in what it keeps and in what it compiles.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::memory::{Context, Patterns, matches};
///
/// let patterns = Patterns::default();
/// let filter = shop::filter(&model, "matchesPattern('tea time',name)");
/// let tea = shop::product(&model, 1, "tea", "4.50").into();
/// assert_eq!(matches(&filter, &tea, shop::context(&model).with_patterns(&patterns)), Ok(true));
/// ```
#[derive(Debug)]
pub struct Patterns {
    /// The last used is the last.
    recent: RefCell<Vec<Pattern>>,
    /// Characters that may still be compiled.
    left: Cell<usize>,
}

impl Default for Patterns {
    fn default() -> Self {
        Self { recent: RefCell::default(), left: Cell::new(PATTERNS_CHARS_MAX) }
    }
}

impl Patterns {
    fn compiled(&self, text: &str) -> Result<Pattern, EvalError> {
        let mut recent = self.recent.borrow_mut();
        if let Some(place) = recent.iter().rposition(|known| known.as_str() == text) {
            recent[place..].rotate_left(1);
        } else {
            let left = self.left.get().checked_sub(text.len().max(PATTERN_CHARS_LEAST));
            self.left.set(left.ok_or(EvalError::TooMuch)?);
            let pattern = Pattern::within(text, PATTERN_COMPUTED_BYTES_MAX).map_err(|reason| {
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                EvalError::Pattern(format!("The pattern '{}' is not valid: {reason}.", shown(text)).into())
            })?;
            if recent.len() == PATTERNS_KEPT {
                recent.remove(0);
            }
            recent.push(pattern);
        }
        recent.last().cloned().ok_or(EvalError::TooMuch)
    }
}

impl Context<'_> {
    pub(super) fn matches_pattern(&self, text: &str, pattern: &str) -> Result<bool, EvalError> {
        let pattern = match self.patterns {
            Some(patterns) => patterns.compiled(pattern),
            None => Patterns::default().compiled(pattern),
        };
        Ok(pattern?.is_match(text))
    }
}
