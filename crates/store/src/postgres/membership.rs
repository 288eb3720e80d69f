//! Which of several clusters a database is. It says so itself, so that a file in which names, addresses or their order changed is refused before a tenant
//! is looked for where it is not. It must never know which tenant lives where.

use uuid::Uuid;

use super::connect::Session;
use super::failure;
use super::retry::Ids;
use crate::error::OpenError;

/// What a database is to be.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// The only one.
    Only,
    /// The first of several, which keeps the directory.
    First {
        /// What it is called.
        name: String,
    },
    /// Another of several.
    Other {
        /// What it is called.
        name: String,
        /// The directory of the first.
        directory: Uuid,
    },
}

struct Membership {
    directory: Uuid,
    name: String,
    keeps_directory: bool,
}

/// Has a database be what it is to be, from now on, and gives the directory that it belongs to.
pub(super) async fn join(session: &Session, shown: &str, part: &Part, ids: &Ids) -> Result<Option<Uuid>, OpenError> {
    let failed = |error| failure::open(error, shown);
    let known = read(session).await.map_err(failed)?;
    let known = match (part, known) {
        (Part::Only, Some(found)) => {
            return Err(OpenError::OneOfSeveral { shown: shown.to_owned(), name: found.name });
        }
        (Part::Only, None) => return Ok(None),
        (_, Some(found)) => found,
        (Part::First { name }, None) => become_one(session, ids(), name, true).await.map_err(failed)?,
        (Part::Other { name, directory }, None) => {
            if has_tenants(session).await.map_err(failed)? {
                let what = "its database has tenants that no directory knows: it can only be the first".to_owned();
                return Err(OpenError::Clusters { name: name.clone(), what });
            }
            become_one(session, *directory, name, false).await.map_err(failed)?
        }
    };
    check(part, &known)?;
    Ok(Some(known.directory))
}

fn check(part: &Part, found: &Membership) -> Result<(), OpenError> {
    let (name, is_first) = match part {
        Part::First { name } => (name, true),
        Part::Other { name, .. } => (name, false),
        Part::Only => return Ok(()),
    };
    let refused = |what: String| Err(OpenError::Clusters { name: name.clone(), what });
    if found.name != *name {
        return refused(format!("its database is the cluster `{}`: names and addresses stay together", found.name));
    }
    match (is_first, found.keeps_directory) {
        (true, false) => refused("another one keeps the directory: that is named first".to_owned()),
        (false, true) => refused("it keeps the directory: it is named first".to_owned()),
        _ => match part {
            Part::Other { directory, .. } if *directory != found.directory => {
                refused("its database belongs to the directory of another first cluster".to_owned())
            }
            _ => Ok(()),
        },
    }
}

async fn read(session: &Session) -> Result<Option<Membership>, tokio_postgres::Error> {
    let row = session.query_opt("SELECT directory, name, keeps_directory FROM membership", &[]).await?;
    let read = row.map(|row| {
        Ok(Membership { directory: row.try_get(0)?, name: row.try_get(1)?, keeps_directory: row.try_get(2)? })
    });
    read.transpose()
}

/// Of servers that start together the first one's word counts.
async fn become_one(
    session: &Session,
    directory: Uuid,
    name: &str,
    keeps_directory: bool,
) -> Result<Membership, tokio_postgres::Error> {
    let made = "INSERT INTO membership (directory, name, keeps_directory) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    session.execute(made, &[&directory, &name, &keeps_directory]).await?;
    let made = read(session).await?;
    Ok(made.unwrap_or_else(|| Membership { directory, name: name.to_owned(), keeps_directory }))
}

async fn has_tenants(session: &Session) -> Result<bool, tokio_postgres::Error> {
    let asked = "SELECT EXISTS (SELECT 1 FROM tenant_version WHERE tenant <> $1)";
    session.query_one(asked, &[&Uuid::nil()]).await?.try_get(0)
}
