//! The URL of a database: what of it the driver understands, what is ours (TLS as libpq names it), and what is refused before anything is
//! connected. It must never show a password.

use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::connect::name;
use super::schema::{self, SCHEMA};
use crate::error::OpenError;
use crate::limits::{
    CONNECT_TIMEOUT, IDLE_IN_TRANSACTION, KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_RETRIES, LOCK_WAIT,
    TCP_USER_TIMEOUT,
};

/// How far the server's certificate is believed: libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// Any certificate will do; only who listens is kept out (`prefer`, `require`).
    Anyone,
    /// One that a trusted authority gave to anybody (`verify-ca`).
    Authority,
    /// One that a trusted authority gave to this host (`verify-full`).
    Host,
}

/// Where the database is, and how to get there.
#[derive(Clone)]
pub(super) struct Address {
    /// For each host by itself.
    pub(super) each: Vec<Config>,
    pub(super) trust: Trust,
    /// Authorities beside the platform's.
    pub(super) root: Option<PathBuf>,
    /// For people: hosts and database, no password.
    pub(super) shown: String,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// When it is none, or names no host, database or role.
    pub(super) fn read(url: &str) -> Result<Self, OpenError> {
        let refused = |what: String| OpenError::Address { what };
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(refused("it begins with postgres://".to_owned()));
        }
        let (url, tls) = split_tls(url)?;
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| refused(reason(&error)))?;
        let shown = shown(&config);
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(refused("it names no host".to_owned()));
        }
        if config.get_dbname().is_none_or(str::is_empty) {
            return Err(refused("it names no database".to_owned()));
        }
        if config.get_user().is_none_or(str::is_empty) {
            return Err(refused("it names no role".to_owned()));
        }
        config.ssl_mode(tls.mode);
        // Whatever hosts there are, only one that takes writes will do.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        // A server that is frozen, or cut off, says nothing any more.
        config.keepalives_idle(KEEPALIVE_IDLE).keepalives_interval(KEEPALIVE_INTERVAL);
        config.keepalives_retries(KEEPALIVE_RETRIES).tcp_user_timeout(TCP_USER_TIMEOUT);
        config.application_name(name(config.get_application_name(), schema::known()));
        // A statement's time-out would also cancel a COMMIT that waits for a standby, which then is only local: ours end the connection instead.
        let ours = format!(
            "-c search_path={SCHEMA} -c statement_timeout=0 -c lock_timeout={} -c idle_in_transaction_session_timeout={}",
            LOCK_WAIT.as_millis(),
            IDLE_IN_TRANSACTION.as_millis()
        );
        let options = config.get_options().map_or_else(|| ours.clone(), |theirs| format!("{theirs} {ours}"));
        config.options(options);
        Ok(Self { each: each(&config), trust: tls.trust, root: tls.root, shown })
    }
}

/// One configuration for each host: the driver asks them in turn, and one that accepts and then says nothing would stand before the others.
fn each(config: &Config) -> Vec<Config> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let one = |at: usize| {
        let mut one = Config::new();
        match hosts.get(at) {
            Some(Host::Tcp(host)) => one.host(host),
            #[cfg(unix)]
            Some(Host::Unix(path)) => one.host_path(path),
            None => &mut one,
        };
        if let Some(address) = addresses.get(at) {
            one.hostaddr(*address);
        }
        // One port is for all hosts.
        if let Some(port) = ports.get(at).or(ports.first()) {
            one.port(*port);
        }
        copy_all_but_hosts(config, &mut one);
        one
    };
    (0..hosts.len().max(addresses.len())).map(one).collect()
}

fn copy_all_but_hosts(from: &Config, to: &mut Config) {
    if let Some(user) = from.get_user() {
        to.user(user);
    }
    if let Some(password) = from.get_password() {
        to.password(password);
    }
    if let Some(database) = from.get_dbname() {
        to.dbname(database);
    }
    if let Some(options) = from.get_options() {
        to.options(options);
    }
    if let Some(name) = from.get_application_name() {
        to.application_name(name);
    }
    if let Some(timeout) = from.get_connect_timeout() {
        to.connect_timeout(*timeout);
    }
    if let Some(timeout) = from.get_tcp_user_timeout() {
        to.tcp_user_timeout(*timeout);
    }
    if let Some(interval) = from.get_keepalives_interval() {
        to.keepalives_interval(interval);
    }
    if let Some(retries) = from.get_keepalives_retries() {
        to.keepalives_retries(retries);
    }
    to.keepalives(from.get_keepalives()).keepalives_idle(from.get_keepalives_idle());
    to.ssl_mode(from.get_ssl_mode()).ssl_negotiation(from.get_ssl_negotiation());
    to.channel_binding(from.get_channel_binding()).target_session_attrs(from.get_target_session_attrs());
}

/// What the URL says of TLS.
struct TlsPart {
    mode: SslMode,
    trust: Trust,
    root: Option<PathBuf>,
}

/// Takes `sslmode` and `sslrootcert` out of a URL: the driver does not know all of libpq's.
fn split_tls(url: &str) -> Result<(String, TlsPart), OpenError> {
    let mut tls = TlsPart { mode: SslMode::Prefer, trust: Trust::Anyone, root: None };
    let Some((before, query)) = url.split_once('?') else { return Ok((url.to_owned(), tls)) };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "sslmode" => {
                (tls.mode, tls.trust) = match value {
                    "disable" => (SslMode::Disable, Trust::Anyone),
                    "prefer" | "allow" => (SslMode::Prefer, Trust::Anyone),
                    "require" => (SslMode::Require, Trust::Anyone),
                    "verify-ca" => (SslMode::Require, Trust::Authority),
                    "verify-full" => (SslMode::Require, Trust::Host),
                    other => return Err(OpenError::Address { what: format!("there is no sslmode {other}") }),
                }
            }
            "sslrootcert" => {
                let path = percent_encoding::percent_decode_str(value).decode_utf8();
                let path = path.map_err(|_| OpenError::Address { what: "sslrootcert is not UTF-8".to_owned() })?;
                tls.root = Some(PathBuf::from(&*path));
            }
            _ => rest.push(pair),
        }
    }
    // As libpq does: who names the authorities wants them to be asked.
    if tls.root.is_some() && tls.mode == SslMode::Require && tls.trust == Trust::Anyone {
        tls.trust = Trust::Authority;
    }
    let url = if rest.is_empty() { before.to_owned() } else { format!("{before}?{}", rest.join("&")) };
    Ok((url, tls))
}

fn reason(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn shown(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts: Vec<String> = (config.get_hosts().iter().enumerate())
        .map(|(at, host)| {
            let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(path) => format!("{}:{port}", path.display()),
            }
        })
        .collect();
    format!("{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_url_says_is_said_of_each_host() {
        let url = "postgres://app:secret@one:5433/office?connect_timeout=2&application_name=x&channel_binding=require&options=-c%20a%3Db";
        let mut config: Config = url.parse().expect("a URL");
        config.ssl_mode(SslMode::Require).target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.keepalives_idle(KEEPALIVE_IDLE).keepalives_interval(KEEPALIVE_INTERVAL);
        config.keepalives_retries(KEEPALIVE_RETRIES).tcp_user_timeout(TCP_USER_TIMEOUT);
        assert!(matches!(&each(&config)[..], [one] if *one == config));
    }

    #[test]
    fn every_connection_says_for_which_schema_its_program_is_made() {
        let named = |url: &str| Address::read(url).expect("a URL").each[0].get_application_name().map(str::to_owned);
        let known = schema::known();
        assert_eq!(named("postgres://app@h/d"), Some(format!("officeconfig (schema {known})")));
        let long = named(&format!("postgres://app@h/d?application_name={}", "é".repeat(40)));
        assert_eq!(long, Some(format!("{} (schema {known})", "é".repeat(26))));
    }

    #[test]
    fn a_url_with_several_hosts_and_libpqs_tls_is_understood() {
        let url = "postgres://app:secret@one:5433,two/office?sslmode=verify-full&sslrootcert=/etc/ca%20s.pem&connect_timeout=2";
        let address = Address::read(url).expect("a URL");
        assert_eq!(address.shown, "one:5433,two:5432/office");
        assert_eq!((address.trust, address.each[0].get_ssl_mode()), (Trust::Host, SslMode::Require));
        assert_eq!(address.root, Some(PathBuf::from("/etc/ca s.pem")));
        assert_eq!(address.each[0].get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        let ports: Vec<_> = address.each.iter().map(|one| (one.get_hosts().len(), one.get_ports().to_vec())).collect();
        assert_eq!(ports, [(1, vec![5433]), (1, vec![5432])]);
        assert_eq!(address.each[0].get_connect_timeout().map(std::time::Duration::as_secs), Some(2));
    }

    #[test]
    fn what_is_no_url_is_refused_in_one_line_without_its_password() {
        for url in [
            "mysql://app:secret@h/d",
            "postgres://app:secret@/d",
            "postgres://app:secret@h",
            "postgres://:secret@h/d",
            "postgres://app:secret@h:port/d",
            "postgres://app:secret@h/d?sslmode=sometimes",
            "postgres://app:secret@h/d?nonsense=1",
        ] {
            let error = Address::read(url).err().map(|error| error.to_string()).expect(url);
            assert!(!error.contains("secret") && !error.contains('\n'), "{error}");
        }
    }
}
