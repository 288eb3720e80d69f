//! Who calls, once it is known: tenant, user or application, groups, and what they may do (ruling R12).
//!
//! Plain data. It must never know how it was proved.

use std::sync::Arc;

use uuid::Uuid;

use super::error::{AuthError, Denied};

/// The two planes of the service. A token is for one of them by its audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Plane {
    /// `/beta`, `/v1.0`: administrators and tools.
    Admin,
    /// `/user/v1.0`: devices with a user's token.
    Client,
}

/// Whether a token speaks for a user or for an application itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    /// A user through an application: permissions are scopes (`scp`).
    Delegated,
    /// An application on its own: permissions are `roles`.
    Application,
}

/// The user behind a delegated token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The directory's id of the user, as the token spells it; a GUID is in lower case.
    pub oid: Arc<str>,
    /// The user principal name.
    pub upn: Option<Arc<str>>,
    /// The name for people.
    pub name: Option<Arc<str>>,
}

/// The groups of the user, as far as the token tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Groups {
    /// All of them; GUIDs in lower case, other ids as the token spells them.
    List(Arc<[Arc<str>]>),
    /// More than fit into the token (`_claim_names`): the directory must be asked.
    Overage,
}

impl Groups {
    /// The groups the token names; none when there are too many to name.
    pub fn listed(&self) -> &[Arc<str>] {
        match self {
            Self::List(groups) => groups,
            Self::Overage => &[],
        }
    }
}

/// What the token allows on its plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Access {
    /// Admin plane: reading.
    pub can_read: bool,
    /// Admin plane: writing.
    pub can_write: bool,
    /// Client plane: fetching the user's policies and reporting.
    pub policies: bool,
}

/// What an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Looks only.
    Read,
    /// Changes something. (A client's report is part of fetching, so on the client plane both are the same.)
    Write,
}

/// A caller whose token was verified for one plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The plane the token was verified for.
    pub plane: Plane,
    /// The tenant everything happens in.
    pub tenant: Uuid,
    /// User or application.
    pub kind: PrincipalKind,
    /// The user; none for an application.
    pub user: Option<User>,
    /// The application that got the token (`appid` or `azp`).
    pub app_id: Option<Arc<str>>,
    /// The groups of the user.
    pub groups: Groups,
    /// What it may do.
    pub access: Access,
    /// When the token expires, in seconds since 1970, without the skew allowed on top.
    pub expires: i64,
}

impl Principal {
    /// Whether the caller may do it.
    ///
    /// # Errors
    /// 403 `Authorization_RequestDenied`.
    pub fn require(&self, need: Need) -> Result<(), AuthError> {
        let allowed = match (self.plane, need) {
            (Plane::Admin, Need::Read) => self.access.can_read,
            (Plane::Admin, Need::Write) => self.access.can_write,
            (Plane::Client, _) => self.access.policies && self.user.is_some(),
        };
        if allowed { Ok(()) } else { Err(AuthError::Forbidden(Denied::Permission)) }
    }

    /// The id to put under "who did it": the user's, else the application's.
    pub fn actor(&self) -> Option<&Arc<str>> {
        self.user.as_ref().map(|user| &user.oid).or(self.app_id.as_ref())
    }
}
