//! The four steps of a request: `head` and `bind` in, `render` out; the application executes in between.
//! No status code or header is decided anywhere else.

mod address;
mod body;
mod head;
mod operation;
mod outcome;
mod render;
mod settings;
mod target;
mod tokens;

use std::sync::Arc;

use http::Method;

use crate::json::Shapes;
use crate::model::Model;

pub use head::{Access, BodyKind, Current, EntityTags, Head, Preconditions, Prefer, Return};
pub use operation::Operation;
pub use outcome::{Outcome, Page, StreamBody};
pub use render::ErrorContext;
pub use settings::Settings;
pub use target::{Segment, Target, TargetKind};
pub use tokens::TokenSeal;

/// The engine of one service: a model and the application's choices. Immutable; share it.
#[derive(Debug)]
pub struct Engine {
    model: Arc<Model>,
    settings: Settings,
    shapes: Shapes,
    documents: render::Documents,
}

impl Engine {
    /// An engine for a model. What depends on the model alone is rendered here, once.
    pub fn new(model: Arc<Model>, settings: Settings) -> Self {
        let shapes = Shapes::new(&model);
        let documents = render::Documents::new(&model);
        Self { model, settings, shapes, documents }
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether a request needs no identity: `$metadata` and OPTIONS. Ask it before authentication; it looks at nothing
    /// that could tell about data. `path_and_query` as in [`Self::head`].
    pub fn is_document(&self, method: &Method, path_and_query: &str) -> bool {
        let path = path_and_query.split('?').next().unwrap_or("").trim_matches('/');
        *method == Method::OPTIONS || ((*method == Method::GET || *method == Method::HEAD) && path == "$metadata")
    }
}
