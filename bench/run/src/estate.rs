//! What the client plane needs to be measured: an issuer of users' tokens, a service that trusts it and has policies for everybody, requests
//! of devices. It must never know what is measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use identity::{Algorithm, Issuer, Subject};
use load::Client;
use population::{Device, OTHER_TENANT, PLATFORM, TENANT};
use serde_json::{Value, json};

use crate::cpu;
use crate::server::{Kind, Programs, Server};

/// Settings that everybody gets: an answer of some 3 KB.
const SETTINGS: usize = 20;

/// How long a service may take until it has the issuer's keys.
const KEYS_TIMEOUT: Duration = Duration::from_secs(20);

/// An issuer, and the configuration file that trusts it.
pub(crate) struct Estate {
    pub(crate) issuer: Issuer,
    config: PathBuf,
}

/// What a device is answered.
pub(crate) struct Policies {
    pub(crate) body: Vec<u8>,
    pub(crate) etag: String,
}

impl Estate {
    /// Makes a key.
    pub(crate) fn new(programs: &Programs, algorithm: Algorithm) -> anyhow::Result<Self> {
        let issuer = Issuer::start(algorithm)?;
        let config = programs.folder("config")?.join("officeconfig.toml");
        fs::write(&config, issuer.section(&[TENANT, OTHER_TENANT]))?;
        Ok(Self { issuer, config })
    }

    /// The configuration file.
    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    /// Starts the service on a folder as it is; its token is that of the tenant's administrator.
    pub(crate) fn start(&self, programs: &Programs, folder: &Path) -> anyhow::Result<Server> {
        self.start_with(programs, folder, |_| {})
    }

    /// The same with what `add` adds to the command line and the environment.
    pub(crate) fn start_with(
        &self,
        programs: &Programs,
        folder: &Path,
        add: impl FnOnce(&mut std::process::Command),
    ) -> anyhow::Result<Server> {
        // Before the start, which may be timed.
        let token = programs.admin_token(folder, TENANT)?;
        let mut server = programs.start_with(Kind::Service, folder, |command| {
            command.arg("--config").arg(&self.config);
            add(command);
        })?;
        server.token = Some(token);
        Ok(server)
    }

    /// Tokens of these subjects, signed on all cores.
    pub(crate) fn tokens(&self, subjects: &[Subject]) -> anyhow::Result<Vec<String>> {
        signed(subjects, |subject| self.issuer.tokens().token(subject))
    }
}

/// What `sign` makes of each, on all cores.
pub(crate) fn signed<T: Send, S: Copy + Sync>(
    subjects: &[S],
    sign: impl Fn(S) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<Vec<T>> {
    let chunk = subjects.len().div_ceil(cpu::cores()).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = subjects
            .chunks(chunk)
            .map(|part| {
                let sign = &sign;
                scope.spawn(move || {
                    cpu::roam();
                    part.iter().map(|subject| sign(*subject)).collect::<anyhow::Result<Vec<T>>>()
                })
            })
            .collect();
        let mut all = Vec::with_capacity(subjects.len());
        for worker in workers {
            all.extend(worker.join().map_err(|_| anyhow::anyhow!("a signing thread panicked"))??);
        }
        Ok(all)
    })
}

/// Makes a client configuration with settings for all users of the server's tenant; with its id.
pub(crate) fn make_policies(server: &Server) -> anyhow::Result<String> {
    let mut client = Client::connect(server.address)?;
    let configurations = "/beta/officeConfiguration/clientConfigurations";
    let new = json!({
        "@odata.type": "#microsoft.graph.windowsOfficeClientConfiguration",
        "displayName": "Everyone",
        "priority": 0
    });
    let made = server.call(&mut client, "POST", configurations, new.to_string().as_bytes(), 201)?;
    let made: Value = serde_json::from_slice(&made)?;
    let id = made["id"].as_str().context("a created configuration has an id")?;
    let payload = settings().to_string();
    server.call(&mut client, "PUT", &format!("{configurations}/{id}/policyPayload"), payload.as_bytes(), 204)?;
    let everybody = json!({ "officeConfigurationAssignments": [{ "target": { "@odata.type": "#officeConfig.allUsersAssignmentTarget" } }] });
    let assign = format!("{configurations}/{id}/assign");
    server.call(&mut client, "POST", &assign, everybody.to_string().as_bytes(), 200)?;
    Ok(id.to_owned())
}

fn settings() -> Value {
    (0..SETTINGS)
        .map(|number| {
            json!({
                "settingId": format!("office16;L_BenchmarkPolicy{number:03}"),
                "type": "REG_DWORD",
                "value": (number % 4).to_string(),
                "valueName": format!("benchmark{number:03}"),
                "key": "word\\security"
            })
        })
        .collect()
}

/// Checks in once, waiting until the service has the issuer's keys; with what was answered.
pub(crate) fn first_check_in(server: &Server, token: &str, device: Device) -> anyhow::Result<Policies> {
    let request = fetch(token, device, None);
    let started = Instant::now();
    loop {
        let (status, head, body) = Client::connect(server.address)?.send_for_head(&request)?;
        if status == 200 {
            let etag =
                head.lines().find_map(|line| line.strip_prefix("etag: ")).context("policies have an entity tag")?;
            ensure!(body.len() > SETTINGS * 50, "the device gets no settings: {}", String::from_utf8_lossy(&body));
            return Ok(Policies { etag: etag.to_owned(), body });
        }
        ensure!(
            started.elapsed() < KEYS_TIMEOUT,
            "a check-in is answered {status}: {}",
            String::from_utf8_lossy(&body)
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A check-in of a device; with `If-None-Match` when it has an entity tag.
pub(crate) fn fetch(token: &str, device: Device, etag: Option<&str>) -> Bytes {
    let mut request = Vec::with_capacity(1536);
    write_fetch(|request| request.extend_from_slice(token.as_bytes()), device, etag, &mut request);
    request.into()
}

/// Appends a check-in, its token written by `token`.
pub(crate) fn write_fetch(token: impl FnOnce(&mut Vec<u8>), device: Device, etag: Option<&str>, request: &mut Vec<u8>) {
    write_head("GET", token, device, request);
    if let Some(etag) = etag {
        request.extend_from_slice(b"if-none-match: ");
        request.extend_from_slice(etag.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
}

/// A device's report of success.
pub(crate) fn report(token: &str, device: Device) -> Bytes {
    let body = json!({
        "deviceName": device.name(),
        "devicePlatform": PLATFORM,
        "sdkVersion": "1",
        "lastStatus": true,
        "lastTaskName": "ApplyPolicy"
    })
    .to_string();
    let mut request = Vec::with_capacity(1536);
    write_head("POST", |request| request.extend_from_slice(token.as_bytes()), device, &mut request);
    request.extend_from_slice(format!("content-length: {}\r\n\r\n{body}", body.len()).as_bytes());
    request.into()
}

fn write_head(method: &str, token: impl FnOnce(&mut Vec<u8>), device: Device, request: &mut Vec<u8>) {
    request.extend_from_slice(method.as_bytes());
    request.extend_from_slice(b" /user/v1.0/");
    request.extend_from_slice(PLATFORM.as_bytes());
    request
        .extend_from_slice(b"/policies HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ndevice-name: ");
    let mut name = String::with_capacity(16);
    // Writing to a String cannot fail.
    let _ = device.write_name(&mut name);
    request.extend_from_slice(name.as_bytes());
    request.extend_from_slice(b"\r\nauthorization: Bearer ");
    token(request);
    request.extend_from_slice(b"\r\n");
}
