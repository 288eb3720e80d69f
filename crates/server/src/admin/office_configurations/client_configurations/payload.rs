//! `GET`, `PUT`, `DELETE …/policyPayload` and `…/userPreferencePayload`: bytes, kept identical (R6).

use std::sync::Arc;

use bytes::Bytes;
use odata::Error;
use odata::edm::DateTimeOffset;
use odata::engine::{Outcome, StreamBody};
use store::{ClientConfigurationId, Command, NewPayload, PayloadContent, PayloadKind};

use crate::admin::cx::Cx;
use crate::admin::error::store_error;
use crate::admin::etag;
use crate::admin::resource::{Estate, not_found};
use crate::admin::strict;

/// Reads the stream; 204 where there is none.
///
/// # Errors
/// 404 for the client configuration.
pub(crate) async fn get(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    which: PayloadKind,
) -> Result<Outcome, Error> {
    let (configuration, row) = cx.client(estate, client)?;
    let Some(payload) = row.payload(which) else { return Ok(Outcome::NoContent { etag: None }) };
    let (payload, bytes) = match &payload.content {
        PayloadContent::Inline(bytes) => (payload.as_ref().clone(), bytes.clone()),
        PayloadContent::Stored => {
            let read = cx.store.payload(cx.caller, configuration.id, client, which).await.map_err(store_error)?;
            let Some(found) = read else { return Err(not_found()) };
            found
        }
    };
    Ok(Outcome::Stream(StreamBody {
        media_type: Arc::clone(&payload.media_type),
        bytes,
        etag: Some(etag::plain(payload.version)),
        modified_unix_s: Some(unix_seconds(payload.modified)),
    }))
}

/// Stores the bytes as they are.
///
/// # Errors
/// 404, 412; 400 where the client is strict and they are no settings document.
pub(crate) async fn put(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    which: PayloadKind,
    media_type: Arc<str>,
    bytes: Bytes,
) -> Result<Outcome, Error> {
    if cx.head.prefer().handling_strict {
        strict::payload(&bytes)?;
    }
    set(cx, estate, client, which, Some(NewPayload::new(media_type, bytes))).await
}

/// Removes the stream.
///
/// # Errors
/// 404, 412.
pub(crate) async fn delete(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    which: PayloadKind,
) -> Result<Outcome, Error> {
    set(cx, estate, client, which, None).await
}

async fn set(
    cx: &Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    which: PayloadKind,
    payload: Option<NewPayload>,
) -> Result<Outcome, Error> {
    let configuration = cx.configuration_id(estate);
    let committed = cx.commit(Command::SetPayload { configuration, client, which, payload }).await?;
    let row = committed.snapshot.configuration(configuration).and_then(|parent| parent.clients.get(client).cloned());
    let etag = row.as_ref().and_then(|row| row.payload(which)).map(|stored| etag::plain(stored.version));
    Ok(Outcome::NoContent { etag })
}

fn unix_seconds(at: DateTimeOffset) -> u64 {
    const TICKS_PER_SECOND: i64 = 10_000_000;
    const UNIX_TICKS: i64 = 621_355_968_000_000_000;
    u64::try_from((at.ticks() - UNIX_TICKS) / TICKS_PER_SECOND).unwrap_or(0)
}
