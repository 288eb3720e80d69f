//! The service on the cluster: its issuer, its policies, its tokens. It must never know what is measured.

use std::process::Command;

use anyhow::{Context as _, ensure};
use population::TENANT;

use super::cluster::Cluster;
use crate::checkin;
use crate::estate;
use crate::server::{Kind, Programs, ROLE, Server};

/// Servers on one database.
pub(super) struct Site<'c> {
    pub(super) users: checkin::Site,
    cluster: &'c Cluster,
    token: String,
    /// The client configuration that everybody gets settings from.
    pub(super) applied: String,
}

impl<'c> Site<'c> {
    /// Makes the policies.
    pub(super) fn new(programs: &Programs, cluster: &'c Cluster) -> anyhow::Result<Self> {
        let token = admin_token(programs, cluster)?;
        let users = checkin::Site::new(programs)?;
        let mut site = Self { users, cluster, token, applied: String::new() };
        let first = site.start(programs, "first")?;
        site.applied = estate::make_policies(&first)?;
        Ok(site)
    }

    /// Starts a server.
    pub(super) fn start(&self, programs: &Programs, name: &str) -> anyhow::Result<Server> {
        let folder = programs.folder(name)?;
        let mut server = programs.start_with(Kind::Service, &folder, |command| {
            command.arg("--config").arg(self.users.estate.config());
            self.cluster.put_on(command);
        })?;
        server.token = Some(self.token.clone());
        Ok(server)
    }
}

fn admin_token(programs: &Programs, cluster: &Cluster) -> anyhow::Result<String> {
    let mut command = Command::new(programs.binary(Kind::Service)?);
    command.args(["token", "--tenant", TENANT, "--role", ROLE, "--ttl", "12h"]);
    cluster.put_on(&mut command);
    let output = command.output().context("asking for a token")?;
    ensure!(output.status.success(), "no token: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
