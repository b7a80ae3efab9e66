//! What a form sends: bounded in bytes, fields and time.

use std::time::Duration;

use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use tokio::time::timeout_at;
use url::form_urlencoded;

use crate::net::body::{self, BodyError};
use crate::time;

/// Bytes of a form.
pub(super) const BYTES: usize = 64 * 1024;
/// Fields of a form.
const FIELDS: usize = 64;
/// How long it may take to arrive.
const WITHIN: Duration = Duration::from_secs(5);
/// How forms of browsers come.
const KIND: &str = "application/x-www-form-urlencoded";

/// The fields, in their order.
#[derive(Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

/// Why there is no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoForm {
    /// Something else than a form.
    Kind,
    TooLarge,
    TooSlow,
    Cut,
}

impl Form {
    /// Reads one.
    ///
    /// # Errors
    /// [`NoForm`]; the rest of the body is still to be read then.
    pub(super) async fn read(headers: &HeaderMap, body: &mut Incoming) -> Result<Self, NoForm> {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(KIND) {
            return Err(NoForm::Kind);
        }
        let whole = timeout_at(time::instant() + WITHIN, body::collect(body, BYTES)).await;
        let whole = whole.map_err(|_| NoForm::TooSlow)?.map_err(|error| match error {
            BodyError::TooLarge { .. } => NoForm::TooLarge,
            BodyError::Cut(_) => NoForm::Cut,
        })?;
        Ok(Self(form_urlencoded::parse(&whole).into_owned().take(FIELDS).collect()))
    }

    /// A field; empty where it is not there.
    pub(super) fn field(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}
