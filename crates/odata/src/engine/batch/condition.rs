//! `"if"`: the condition under which a request of a batch is executed, over the answers of earlier ones (OData JSON format
//! 4.01, 19.1). Executes no request.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use super::run::failed;
use super::values::{self, Mention};
use crate::bind;
use crate::edm::DateTimeOffset;
use crate::error::{Error, shown};
use crate::exec::memory::{Context, matches};
use crate::model::{EdmType, Model, Primitive};
use crate::syntax::parse_expression;
use crate::value::Value;

const SUCCEEDED: &str = "$succeeded";

/// A Boolean expression.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    text: Arc<str>,
    /// In the order of the text.
    pub(super) mentions: Vec<Mention>,
}

impl Condition {
    /// Reads the expression.
    ///
    /// # Errors
    /// 400: it is none.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let mentions = values::mentions(text, 0);
        let sample = values::fill(text, &mentions, |_| Some("null".to_owned())).unwrap_or_default();
        if parse_expression(&sample).is_err() {
            let message = format!("The condition '{}' is not an expression.", shown(text));
            return Err(Error::bad_request(message));
        }
        Ok(Self { text: text.into(), mentions })
    }

    /// Whether it is true, once all answers that it looks at are there.
    ///
    /// # Errors
    /// 400: it looks at what an answer does not have, or is no Boolean expression over what it has.
    pub(super) fn holds(&self, model: &Model, answers: &[Option<Response<Bytes>>]) -> Result<bool, Error> {
        let literal = |mention: &Mention| {
            let answer = answers.get(mention.item)?.as_ref();
            match &*mention.path {
                SUCCEEDED => Some(answer.is_some_and(|answer| !failed(answer)).to_string()),
                path => values::literal(answer?, path),
            }
        };
        let text = values::fill(&self.text, &self.mentions, literal).map_err(|id| {
            Error::bad_request(format!("The answer to the request '{}' has no such value.", shown(&id)))
        })?;
        // Nothing is left in it but literals.
        let filter = bind::filter(model, EdmType::Primitive(Primitive::Boolean), &text)?;
        let context = Context::new(model, DateTimeOffset::from_unix_nanos(0));
        Ok(matches(&filter, &Value::Null, context)?)
    }
}
