//! What can go wrong on the client plane, and the one place that says what it is on the wire. Clients only look at whether it went well;
//! the texts are for people.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use store::{CommitError, StoreError};

use super::ALLOW;
use crate::app::App;
use crate::auth::AuthError;
use crate::http::body::BodyError;
use crate::http::{Answer, RequestContext, fault};
use crate::limits::{RETRY_JITTER_S_MAX, RETRY_S_MIN};

/// A request that is not answered as it hoped.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("there is no such path")]
    NoSuchPath,
    #[error("the method is not allowed")]
    MethodNotAllowed,
    #[error("identity")]
    Identity(#[from] AuthError),
    /// The token names its groups by reference.
    #[error("the token's groups are not in it")]
    GroupsOverage,
    /// What the caller sent is wrong, as a sentence.
    #[error("{0}")]
    Malformed(String),
    #[error("there is no such configuration")]
    NoSuchConfiguration,
    #[error("the body")]
    Body(#[from] BodyError),
    /// The store cannot take or give what is asked; try again.
    #[error("the store")]
    Unavailable,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. } => Self::NoSuchConfiguration,
            other => {
                tracing::error!(error = %other, "the policies of a user could not be read");
                Self::Unavailable
            }
        }
    }
}

impl From<CommitError> for Fault {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::NotFound { .. } => Self::NoSuchConfiguration,
            other => {
                tracing::debug!(error = %other, "a check-in was not recorded");
                Self::Unavailable
            }
        }
    }
}

impl Fault {
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::Malformed(message.into())
    }

    pub(super) fn render(self, app: &App, cx: &RequestContext) -> Answer {
        let answer = |status, code: &str, message: &str| fault(cx, app.env.clock.timestamp(), status, code, message);
        let mut rendered = match &self {
            Self::NoSuchPath => {
                let message =
                    "The client plane is /user/v1.0/{platform}/policies with one of windows, mac, ios, android, web.";
                answer(StatusCode::NOT_FOUND, "ResourceNotFound", message)
            }
            Self::MethodNotAllowed => {
                let message = "Specified HTTP method is not allowed for the request target.";
                answer(StatusCode::METHOD_NOT_ALLOWED, "Request_BadRequest", message)
            }
            Self::Identity(refused) => {
                tracing::debug!(reason = %refused, "a client was refused");
                answer(refused.status(), refused.code(), refused.message())
            }
            Self::GroupsOverage => {
                let message = "The token does not hold the user's groups, only where to ask for them (_claim_names), and this service \
                    asks no directory. Let the issuer put only the groups into tokens that are assigned to the application.";
                answer(StatusCode::FORBIDDEN, "GroupsOverage", message)
            }
            Self::Malformed(message) => answer(StatusCode::BAD_REQUEST, "BadRequest", message),
            Self::NoSuchConfiguration => {
                answer(StatusCode::NOT_FOUND, "ResourceNotFound", "There is no officeConfiguration with this id.")
            }
            Self::Body(BodyError::TooLarge { limit }) => {
                let message = format!("The request body is larger than {limit} bytes.");
                answer(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
            }
            Self::Body(BodyError::TimedOut) => {
                answer(StatusCode::REQUEST_TIMEOUT, "RequestTimeout", "The request body did not arrive in time.")
            }
            Self::Body(BodyError::Broken(_)) => {
                answer(StatusCode::BAD_REQUEST, "BadRequest", "The request body broke off.")
            }
            Self::Unavailable => {
                let message = "The service cannot do this right now. Try again later.";
                answer(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
            }
        };
        self.dress(app, &mut rendered);
        rendered
    }

    fn dress(&self, app: &App, answer: &mut Answer) {
        let retry_after = match self {
            Self::MethodNotAllowed => {
                answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(ALLOW));
                None
            }
            Self::Identity(refused) => {
                if let Some(challenge) = refused.www_authenticate() {
                    answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                }
                answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                refused.retry_after()
            }
            Self::Unavailable => Some(Duration::from_secs(app.env.spread(RETRY_S_MIN, RETRY_JITTER_S_MAX).into())),
            _ => None,
        };
        if let Some(wait) = retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
    }
}
