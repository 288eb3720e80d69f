//! What turning a body into a command needs: the model, and new ids.

use store::{AssignmentId, ClientConfigurationId, ConfigurationId};

use super::office::OfficeModel;
use crate::env::IdSource;

/// The media type of a payload that was given inline in JSON, where there is no header to name one (R6).
pub(crate) const INLINE_MEDIA_TYPE: &str = "application/octet-stream";

/// The ingredients.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    /// The bound model.
    pub office: &'a OfficeModel,
    /// Where new ids come from.
    pub ids: &'a dyn IdSource,
}

impl Parts<'_> {
    /// A new officeConfiguration's id.
    pub(crate) fn new_configuration_id(&self) -> ConfigurationId {
        ConfigurationId(self.ids.uuid())
    }

    /// A new client configuration's id.
    pub(crate) fn new_client_id(&self) -> ClientConfigurationId {
        ClientConfigurationId(self.ids.uuid())
    }

    /// A new assignment's id.
    pub(crate) fn new_assignment_id(&self) -> AssignmentId {
        AssignmentId(self.ids.uuid())
    }
}
