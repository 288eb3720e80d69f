//! `Prefer: handling=strict` for payloads (R6): what is not a valid settings document is refused with every fault named. Without it any
//! bytes are kept.

use odata::model::Model;
use odata::{Detail, Error, Record, Value};
use policy::Document;

/// Checks bytes that are to be a payload.
///
/// # Errors
/// 400 with each fault as a detail.
pub(crate) fn payload(bytes: &[u8]) -> Result<(), Error> {
    let Err(why) = Document::parse(bytes) else { return Ok(()) };
    let faults = why.faults();
    let message =
        format!("The payload is no settings document: {}", faults.first().map(ToString::to_string).unwrap_or_default());
    let detail = |fault: policy::Fault| Detail {
        code: "InvalidSetting".into(),
        message: fault.message,
        target: (!fault.path.is_empty()).then_some(fault.path),
    };
    Err(faults.into_iter().map(detail).fold(Error::bad_request(message), Error::with_detail))
}

/// Checks the payloads that stand inline in what is written, at any depth.
///
/// # Errors
/// 400 names the member.
pub(crate) fn record(model: &Model, given: &Record) -> Result<(), Error> {
    let Some(ty) = model.structured(given.type_id) else { return Ok(()) };
    for (member, value) in ty.members.iter().zip(&given.members) {
        let below = |error: Error| match error.target.clone() {
            Some(place) => error.at(format!("{}/{place}", member.name)),
            None => error.at(&*member.name),
        };
        match value {
            Some(Value::Stream(stream)) => {
                stream.inline.as_deref().map_or(Ok(()), payload).map_err(below)?;
            }
            Some(Value::Record(inner)) => record(model, inner).map_err(below)?,
            Some(Value::Collection(items)) => {
                for (at, item) in items.iter().enumerate() {
                    if let Value::Record(inner) = item {
                        let place = |error: Error| match error.target.clone() {
                            Some(rest) => error.at(format!("{at}/{rest}")),
                            None => error.at(at.to_string()),
                        };
                        record(model, inner).map_err(place).map_err(below)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}
