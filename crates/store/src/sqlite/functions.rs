//! The functions that translated filters call and SQLite lacks ([`odata::exec::sql`]): case and space as Unicode has them, and patterns.

use std::sync::Arc;

use odata::expr::Pattern;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Error};

use super::users;

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("odata_lower", 1, flags, |c| text(c, str::to_lowercase))?;
    connection.create_scalar_function("odata_upper", 1, flags, |c| text(c, str::to_uppercase))?;
    connection.create_scalar_function("odata_trim", 1, flags, |c| text(c, |text| text.trim().to_owned()))?;
    connection.create_scalar_function("odata_matches", 2, flags, |c| matches(c))?;
    register_keys(connection)
}

/// The hashes that check-ins are counted by.
pub(super) fn register_keys(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("user_key", 1, flags, |c| Ok(users::user_key(c.get_raw(0).as_str()?)))?;
    connection.create_scalar_function("policy_key", 1, flags, |c| Ok(users::policy_key(c.get_raw(0).as_str()?)))
}

fn text(context: &Context<'_>, change: impl Fn(&str) -> String) -> rusqlite::Result<Option<String>> {
    Ok(context.get_raw(0).as_str_or_null()?.map(change))
}

fn matches(context: &Context<'_>) -> rusqlite::Result<Option<bool>> {
    let compile = |value: rusqlite::types::ValueRef<'_>| -> Result<Pattern, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Pattern::new(value.as_str()?)?)
    };
    let Some(text) = context.get_raw(0).as_str_or_null()? else { return Ok(None) };
    // Compiled once a statement.
    let pattern: Arc<Pattern> =
        context.get_or_create_aux(1, compile).map_err(|error| Error::UserFunctionError(error.to_string().into()))?;
    Ok(Some(pattern.is_match(text)))
}
