//! Sends the requests of a session and keeps what came back. Each request says which status it expects, so that a session in which nothing works is no
//! session. It must never know on which store the service is.

use std::sync::Arc;

use e2e::{Answer, Api, READ, Service};
use serde_json::{Value, json};

use crate::normal::Normal;

/// A request, and what was answered, both in the form that two services have in common.
pub(crate) struct Step {
    /// `rows 12: GET /officeConfiguration`.
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) answer: String,
}

/// What both runs of a session are given: instants that are near now, but the same ones.
pub(crate) struct Given {
    /// So many days ago.
    pub(crate) days_ago: Vec<String>,
    /// 80 and 100 minutes ago: a client that comes every 90 minutes is in time, or late.
    pub(crate) minutes_ago: [String; 2],
}

/// A session with one service, under way.
pub(crate) struct Session<'s> {
    pub(crate) service: &'s Service,
    pub(crate) given: &'s Given,
    /// May read and write in the tenant `contoso`.
    pub(crate) admin: Api,
    /// May only read there.
    pub(crate) reader: Api,
    /// May read and write in another tenant.
    pub(crate) other: Api,
    normal: Normal,
    topic: &'static str,
    steps: Vec<Step>,
    unexpected: Vec<String>,
}

impl<'s> Session<'s> {
    pub(crate) fn new(service: &'s Service, given: &'s Given) -> Self {
        let admin = service.admin("contoso");
        let reader = admin.with_token(&service.token(&["--tenant", "contoso", "--role", READ]));
        let other = service.admin("fabrikam");
        let normal = Normal::new(service.url());
        Self { service, given, admin, reader, other, normal, topic: "", steps: Vec::new(), unexpected: Vec::new() }
    }

    /// What comes next is about this.
    pub(crate) fn topic(&mut self, topic: &'static str) {
        self.topic = topic;
    }

    /// All that was asked, after a look whether each had the status that it should.
    pub(crate) fn steps(self) -> Vec<Step> {
        assert!(self.unexpected.is_empty(), "unexpected:\n{}", self.unexpected.join("\n"));
        self.steps
    }

    /// A user's client; its groups are in the token.
    pub(crate) fn user(&self, name: &str, groups: &[&str]) -> Api {
        let upn = format!("{name}@contoso.example");
        let mut args = vec!["--tenant", "contoso", "--user", &upn, "--scope", "UserPolicies.Read"];
        args.extend(groups.iter().flat_map(|group| ["--group", group]));
        self.admin.with_token(&self.service.token(&args))
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str) -> Ask<'_, 's> {
        let (api, path) = (self.admin.clone(), path.replace(' ', "%20"));
        Ask { session: self, api, method: method.to_owned(), path, headers: Vec::new(), body: None }
    }

    pub(crate) fn get(&mut self, path: &str) -> Ask<'_, 's> {
        self.ask("GET", path)
    }

    pub(crate) fn delete(&mut self, path: &str) -> Ask<'_, 's> {
        self.ask("DELETE", path)
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Ask<'_, 's> {
        self.ask("POST", path).json(body)
    }

    pub(crate) fn patch(&mut self, path: &str, body: &Value) -> Ask<'_, 's> {
        self.ask("PATCH", path).json(body)
    }

    pub(crate) fn put(&mut self, path: &str, body: &Value) -> Ask<'_, 's> {
        self.ask("PUT", path).json(body)
    }

    /// A collection in pages of `size`, with the links followed to the end; the last page.
    pub(crate) fn pages(&mut self, first: &str, size: usize) -> Value {
        let mut next = first.to_owned();
        loop {
            let page = self.get(&next).header("prefer", &format!("odata.maxpagesize={size}")).is(200).json();
            match page["@odata.nextLink"].as_str() {
                Some(link) => link.clone_into(&mut next),
                None => return page,
            }
        }
    }

    /// The id of what a POST makes.
    pub(crate) fn make(&mut self, path: &str, body: &Value) -> String {
        self.post(path, body).is(201).json()["id"].as_str().unwrap_or_default().to_owned()
    }
}

/// A request being put together.
pub(crate) struct Ask<'a, 's> {
    session: &'a mut Session<'s>,
    api: Api,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<(String, Arc<[u8]>)>,
}

impl Ask<'_, '_> {
    /// By another caller than the administrator.
    pub(crate) fn by(mut self, api: &Api) -> Self {
        self.api = api.clone();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string().as_bytes())
    }

    pub(crate) fn bytes(mut self, media_type: &str, body: &[u8]) -> Self {
        self.body = Some((media_type.to_owned(), body.into()));
        self
    }

    /// Sends it, and keeps what came back and whether it has this status.
    pub(crate) fn is(self, status: u16) -> Answer {
        let Self { session, api, method, path, headers, body } = self;
        let mut call = api.call(&method, &path);
        session.normal.give(&path);
        for (name, value) in &headers {
            call = call.header(name, value);
        }
        if let Some((media_type, bytes)) = &body {
            session.normal.give(&String::from_utf8_lossy(bytes));
            call = call.body(media_type, bytes);
        }
        let answer = call.send();
        let path = session.normal.text(&path);
        let name = format!("{} {}: {method} {path}", session.topic, session.steps.len() + 1);
        let shown = session.normal.answer(&answer);
        if answer.status != status {
            session.unexpected.push(format!(
                "{name:.200}: {} instead of {status}: {:.300}",
                answer.status,
                answer.text()
            ));
        }
        session.steps.push(Step { name, method, path, answer: shown });
        answer
    }
}

/// A DWORD.
pub(crate) fn setting(name: &str, value: u32) -> Value {
    json!({
        "settingId": format!("office16;{name}"), "type": "REG_DWORD", "value": value.to_string(), "valueName": name, "key": "common",
    })
}
