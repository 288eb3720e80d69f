//! `POST …/clientConfigurations/updatePriorities` — 204, all or nothing (R8).

use std::collections::HashMap;

use odata::engine::Outcome;
use odata::{Error, Value};
use store::{ClientConfigurationId, Command};
use uuid::Uuid;

use crate::admin::cx::Cx;
use crate::admin::resource::Estate;

const IDS: &str = "officeConfigurationPolicyIds";
const PRIORITIES: &str = "officeConfigurationPriorities";

/// Gives each named configuration its priority.
///
/// # Errors
/// 400 for arrays of unequal length, a repeated or unknown id, equal or negative priorities; 409 for a collision with one not named.
pub(crate) async fn update_priorities(
    cx: &Cx<'_>,
    estate: Estate,
    parameters: &[Option<Value>],
) -> Result<Outcome, Error> {
    cx.estate(estate)?;
    let order = order(parameters)?;
    if !order.is_empty() {
        cx.commit(Command::ReorderPriorities { configuration: cx.configuration_id(estate), order }).await?;
    }
    Ok(Outcome::NoContent { etag: None })
}

fn order(parameters: &[Option<Value>]) -> Result<Vec<(ClientConfigurationId, i32)>, Error> {
    let list =
        |index: usize| parameters.get(index).and_then(Option::as_ref).and_then(Value::as_collection).unwrap_or(&[]);
    let (ids, priorities) = (list(0), list(1));
    if ids.len() != priorities.len() {
        let message = format!("{IDS} has {} elements and {PRIORITIES} has {}.", ids.len(), priorities.len());
        return Err(Error::bad_request(message).at(PRIORITIES));
    }
    let (mut seen_ids, mut seen_priorities) = (HashMap::new(), HashMap::new());
    let mut order = Vec::with_capacity(ids.len());
    for (index, (id, priority)) in ids.iter().zip(priorities).enumerate() {
        let id = id
            .as_str()
            .and_then(|text| Uuid::try_parse(text).ok())
            .ok_or_else(|| Error::bad_request("No client configuration has this id.").at(format!("{IDS}/{index}")))?;
        let priority = match priority {
            Value::Int(number) => i32::try_from(*number).ok().filter(|number| *number >= 0),
            _ => None,
        }
        .ok_or_else(|| {
            Error::bad_request("A priority is 0 (the highest) or more.").at(format!("{PRIORITIES}/{index}"))
        })?;
        if let Some(first) = seen_ids.insert(id, index) {
            return Err(Error::bad_request(format!("Elements {first} and {index} name the same configuration."))
                .at(format!("{IDS}/{index}")));
        }
        if let Some(first) = seen_priorities.insert(priority, index) {
            return Err(Error::bad_request(format!("Elements {first} and {index} give the same priority."))
                .at(format!("{PRIORITIES}/{index}")));
        }
        order.push((ClientConfigurationId(id), priority));
    }
    Ok(order)
}
