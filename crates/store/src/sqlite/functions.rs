//! The functions that translated filters call and SQLite lacks ([`odata::exec::sql`]): case and space as Unicode has them, and patterns.

use std::sync::Arc;

use odata::expr::Pattern;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Error};
use sha2::{Digest as _, Sha256};

use super::fleet::{self, User};
use crate::days;
use crate::rules::IdentityKey;

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("odata_lower", 1, flags, |c| text(c, str::to_lowercase))?;
    connection.create_scalar_function("odata_upper", 1, flags, |c| text(c, str::to_uppercase))?;
    connection.create_scalar_function("odata_trim", 1, flags, |c| text(c, |text| text.trim().to_owned()))?;
    connection.create_scalar_function("odata_matches", 2, flags, |c| matches(c))?;
    register_keys(connection)
}

/// The forms and hashes that check-ins are found and counted by.
pub(super) fn register_keys(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("policy_key", 1, flags, |c| Ok(days::policy_key(c.get_raw(0).as_str()?)))?;
    connection.create_scalar_function("user_key", 1, flags, |c| Ok(user_key(c.get_raw(0).as_str()?)))?;
    connection.create_scalar_function("user_form", 1, flags, |c| Ok(User::of(c.get_raw(0).as_str()?)))?;
    connection.create_scalar_function("user_text", 1, flags, |c| Ok(c.get::<User>(0)?.text().into_owned()))?;
    connection.create_scalar_function("device_key", 2, flags, |c| {
        Ok(fleet::device_key(&IdentityKey::of_device(c.get_raw(0).as_str()?, c.get_raw(1).as_str()?)))
    })
}

/// The user as the third schema named it.
fn user_key(id: &str) -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(&Sha256::digest(id.to_lowercase())[..16]);
    key
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
