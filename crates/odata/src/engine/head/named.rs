//! `/$entity?$id=…`: an entity by its id (OData 4.01 part 2, 4.10). The request becomes one of the entity's own URL.

use crate::engine::reference::below_root;
use crate::error::Error;
use crate::syntax::{Query, SystemOption};

/// The URL that a request of `$entity` means; `None` for every other request. A cast behind `$entity` stays.
pub(super) fn dereferenced(path_and_query: &str, root: &str) -> Result<Option<String>, Error> {
    let (path, raw_query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let path = path.strip_prefix('/').unwrap_or(path);
    let Some(behind) = path.strip_prefix("$entity").filter(|behind| behind.is_empty() || behind.starts_with('/'))
    else {
        return Ok(None);
    };
    let query = Query::parse(raw_query)?;
    let refused = |message: &str| Error::bad_request(message).at("$id");
    let id = query.text(SystemOption::Id).ok_or_else(|| refused("'$entity' needs the option '$id'."))?;
    if id.contains(['?', '#']) {
        return Err(refused("An entity id has neither query nor fragment."));
    }
    let entity = below_root(root, id).map_err(|error| error.at("$id"))?.unwrap_or(id);
    if entity.trim_start_matches('/').starts_with('$') {
        return Err(refused("The id names no entity."));
    }
    let is_id = |option: &&str| {
        let name = option.split('=').next().unwrap_or("").replace("%24", "$");
        SystemOption::by_name(&name) == Some(SystemOption::Id)
    };
    let options: Vec<&str> = raw_query.split('&').filter(|option| !is_id(option)).collect();
    Ok(Some(format!("/{}{behind}?{}", entity.trim_matches('/'), options.join("&"))))
}
