//! A check-in on its way to the disk, and how long it may be under way. What a check-in is that did not get there is for its caller to say.

use store::Checkin;
use tokio::time::timeout;

use super::caller::Client;
use super::fault::Fault;
use crate::app::App;
use crate::limits::CHECKIN_RECORD_TIME_MAX;

/// Puts a check-in on record.
///
/// # Errors
/// `Unavailable` when the store cannot take it in time; it may be on record then, if the disk was only slow.
pub(super) async fn record(app: &App, client: &Client, checkin: Checkin) -> Result<(), Fault> {
    let recording = app.store.record(&client.caller, checkin);
    match timeout(CHECKIN_RECORD_TIME_MAX, recording).await {
        Ok(recorded) => Ok(recorded?),
        Err(late) => {
            tracing::debug!(error = %late, "a check-in was not recorded");
            Err(Fault::Unavailable)
        }
    }
}
