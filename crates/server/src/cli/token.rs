//! `officeconfig token`: a token of the built-in issuer, for development and service accounts.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde_json::json;

use super::database::{self, Place};
use super::{Failure, OutputFormat, usage};
use crate::auth::{TokenRequest, tenant_id};
use crate::env::Env;

/// What the token shall say.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --scope and --role the token may read and write everything on the admin plane.

Examples:
  officeconfig token --tenant contoso --user admin@contoso.example
  officeconfig token --tenant contoso --role DeviceManagementConfiguration.Read.All --ttl 8h
  officeconfig token --tenant contoso --user ann@contoso.example --scope UserPolicies.Read
  TOKEN=$(officeconfig token --tenant contoso)
  curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/beta/officeConfiguration")]
pub(super) struct Args {
    /// The tenant: a GUID, or a name that always gives the same GUID.
    #[arg(long, value_name = "T")]
    tenant: String,
    /// The user principal name. It makes the token a delegated one.
    #[arg(long, value_name = "UPN")]
    user: Option<String>,
    /// The user's object id; by default it follows from tenant and UPN.
    #[arg(long, value_name = "ID")]
    oid: Option<String>,
    /// Delegated permissions, separated by spaces.
    #[arg(long, value_name = "\"A B\"")]
    scope: Vec<String>,
    /// An application permission; may be repeated. Excludes --user and --scope.
    #[arg(long, value_name = "R")]
    role: Vec<String>,
    /// The id of a group of the user; may be repeated.
    #[arg(long, value_name = "G")]
    group: Vec<String>,
    /// How long the token counts: 90s, 30m, 1h, 7d, 1h30m.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_ttl)]
    ttl: Duration,
    #[command(flatten)]
    place: Place,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let tenant = tenant_id(&args.tenant).ok_or_else(|| usage(anyhow!("--tenant: it is empty")))?;
    let request = TokenRequest {
        tenant,
        user: args.user,
        oid: args.oid,
        scopes: args.scope.iter().flat_map(|scopes| scopes.split_whitespace()).map(str::to_owned).collect(),
        roles: args.role,
        groups: args.group,
        ttl: args.ttl,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let config = args.place.settle()?;
    let issuer = runtime.block_on(Box::pin(database::issuer(&config, Env::real())))?;
    let token = issuer.mint(&request).map_err(|error| match error {
        crate::auth::MintError::Signing => Failure::from(error),
        error => usage(error),
    })?;
    let json = json!({
        "token": token,
        "tokenType": "Bearer",
        "tenant": tenant,
        "expiresIn": args.ttl.as_secs(),
    });
    Ok(args.output.print(&token, &json)?)
}

/// A number and a unit, one or more times: `1h30m`.
fn parse_ttl(text: &str) -> Result<Duration, String> {
    let fault = || format!("`{text}` is no time: write 90s, 30m, 1h, 7d or 1h30m");
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(fault)?;
        let number: u64 = rest[..digits].parse().map_err(|_| fault())?;
        let unit = match rest.as_bytes()[digits] {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            _ => return Err(fault()),
        };
        total = number.checked_mul(unit).and_then(|seconds| total.checked_add(seconds)).ok_or_else(fault)?;
        rest = &rest[digits + 1..];
    }
    if total == 0 { Err(fault()) } else { Ok(Duration::from_secs(total)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_nonsense_is_not() {
        assert_eq!(parse_ttl("1h30m"), Ok(Duration::from_mins(90)));
        assert_eq!(parse_ttl("7d"), Ok(Duration::from_hours(168)));
        for text in ["", "0s", "h", "1", "1x", "-1h", "1 h", "99999999999999999999d", "1é"] {
            assert!(parse_ttl(text).is_err(), "{text}");
        }
    }
}
