//! The configuration file: one struct, one format (TOML), unknown keys refused, every fault with its place.
//!
//! It says what may be written and what holds when nothing is; what the values do is the business of those who read them.

mod clusters;

use std::fmt::Display;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderValue;
use serde::{Deserialize, Deserializer};
use store::Retention;

use crate::auth::{AuthConfig, IssuerSection};
use crate::client::Intervals;
use crate::http::{AddressRange, CertificateFiles};
use crate::limits;
pub use clusters::ClusterSection;

/// Everything the configuration file may hold. The command line wins over it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `host:port` to listen on; port 0 picks one.
    pub listen: String,
    /// The data folder.
    pub data: PathBuf,
    /// A PostgreSQL database instead of the one in the data folder.
    pub database: Option<DatabaseUrl>,
    /// Several PostgreSQL databases in the place of one; the first keeps the directory of tenants.
    #[serde(deserialize_with = "clusters::clusters")]
    pub clusters: Vec<ClusterSection>,
    /// The file that seals the keys which servers share in the database.
    pub secret_file: Option<PathBuf>,
    /// A proxy in front does TLS: other machines may reach the plain port.
    pub behind_proxy: bool,
    /// Proxies whose `X-Forwarded-*` counts: addresses and blocks (`10.0.0.0/8`).
    pub trusted_proxies: Vec<AddressRange>,
    /// TLS of our own.
    pub tls: Option<TlsSection>,
    /// Tokens of the built-in issuer count.
    pub builtin_issuer: bool,
    /// The OIDC issuers whose tokens count.
    pub issuers: Vec<IssuerSection>,
    /// R10: a POST without a concrete type makes a `windowsOfficeClientConfiguration`, and an abstract target is kept.
    pub lenient_types: bool,
    /// Web pages that may call.
    pub cors: CorsSection,
    /// The size of pages.
    pub pages: PagesSection,
    /// How long what changed stays known.
    pub change_log: ChangeLogSection,
    /// When clients come back.
    pub check_in: CheckInSection,
    /// Bounds for connections and clients.
    pub limits: LimitsSection,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            data: PathBuf::from("./officeconfig-data"),
            database: None,
            clusters: Vec::new(),
            secret_file: None,
            behind_proxy: false,
            trusted_proxies: Vec::new(),
            tls: None,
            builtin_issuer: true,
            issuers: Vec::new(),
            lenient_types: false,
            cors: CorsSection::default(),
            pages: PagesSection::default(),
            change_log: ChangeLogSection::default(),
            check_in: CheckInSection::default(),
            limits: LimitsSection::default(),
        }
    }
}

/// Where a database is, with the password in it: never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL as it was given.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for DatabaseUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

/// `[tls]`: either both files, or `self_signed = true`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "TlsKeys")]
pub enum TlsSection {
    /// `cert` and `key`, PEM.
    Files(CertificateFiles),
    /// A certificate of our own in the data folder.
    SelfSigned,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsKeys {
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    #[serde(default)]
    self_signed: bool,
}

impl TryFrom<TlsKeys> for TlsSection {
    type Error = &'static str;

    fn try_from(keys: TlsKeys) -> Result<Self, Self::Error> {
        match (keys.cert, keys.key, keys.self_signed) {
            (Some(certificate), Some(key), false) => Ok(Self::Files(CertificateFiles { certificate, key })),
            (None, None, true) => Ok(Self::SelfSigned),
            (None, None, false) => Err("give `cert` and `key`, or `self_signed = true`"),
            (_, _, true) => Err("`self_signed` and `cert`/`key` exclude each other"),
            _ => Err("`cert` and `key` go together"),
        }
    }
}

/// `[cors]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorsSection {
    /// Origins (`https://host[:port]`) whose pages may call; `"*"` is every page, an empty list none.
    #[serde(deserialize_with = "origins")]
    pub origins: Vec<HeaderValue>,
}

impl Default for CorsSection {
    fn default() -> Self {
        Self { origins: vec![HeaderValue::from_static("*")] }
    }
}

fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HeaderValue>, D::Error> {
    Vec::<String>::deserialize(deserializer)?
        .into_iter()
        .map(|origin| {
            let whole = origin == "*"
                || origin.parse::<http::Uri>().is_ok_and(|uri| {
                    matches!(uri.scheme_str(), Some("http" | "https"))
                        && uri
                            .authority()
                            .is_some_and(|host| format!("{}://{host}", uri.scheme_str().unwrap_or_default()) == origin)
                });
            HeaderValue::try_from(&origin).ok().filter(|_| whole).ok_or_else(|| {
                serde::de::Error::custom(format!(
                    "`{origin}` is no origin: write `https://host` or `https://host:port`, or `*`"
                ))
            })
        })
        .collect()
}

/// `[pages]`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PagesSection {
    /// Elements in one page of a collection at most, whatever the client asks for.
    #[serde(deserialize_with = "page_size")]
    pub max: u32,
}

impl Default for PagesSection {
    fn default() -> Self {
        Self { max: limits::PAGE_SIZE_MAX }
    }
}

fn page_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        size if (1..=limits::PAGE_SIZE_CEILING).contains(&size) => Ok(size),
        size => Err(serde::de::Error::custom(format!("it is from 1 to {}, not {size}", limits::PAGE_SIZE_CEILING))),
    }
}

/// `[change_log]`: what `delta()` can tell. What goes beyond either bound goes as the tenant changes something.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeLogSection {
    /// Age of a change in days.
    #[serde(deserialize_with = "at_least_one")]
    pub days: u32,
    /// Changes of one tenant.
    #[serde(deserialize_with = "at_least_one")]
    pub commits: u32,
}

impl Default for ChangeLogSection {
    fn default() -> Self {
        let kept = Retention::default();
        let days = kept.age.as_secs() / SECONDS_PER_DAY;
        Self { days: u32::try_from(days).unwrap_or(u32::MAX), commits: u32::try_from(kept.commits).unwrap_or(u32::MAX) }
    }
}

impl From<ChangeLogSection> for Retention {
    fn from(section: ChangeLogSection) -> Self {
        Self { age: Duration::from_secs(u64::from(section.days) * SECONDS_PER_DAY), commits: section.commits.into() }
    }
}

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// `[check_in]`: after how many minutes a client is told to come back.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckInSection {
    /// When there are settings for it.
    #[serde(deserialize_with = "at_least_one")]
    pub interval_minutes: u32,
    /// When there are none.
    #[serde(deserialize_with = "at_least_one")]
    pub idle_interval_minutes: u32,
}

impl Default for CheckInSection {
    fn default() -> Self {
        let (interval_minutes, idle_interval_minutes) = (limits::INTERVAL_MINUTES, limits::IDLE_INTERVAL_MINUTES);
        Self { interval_minutes, idle_interval_minutes }
    }
}

impl From<CheckInSection> for Intervals {
    fn from(section: CheckInSection) -> Self {
        Self { with_policies: section.interval_minutes, without_policies: section.idle_interval_minutes }
    }
}

/// `[limits]`: what may be adapted to the machine and its network. Times are whole seconds, at least 1.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSection {
    /// Connections served at once.
    #[serde(deserialize_with = "at_least_one")]
    pub connections: usize,
    /// From the first byte of a request to the end of its headers.
    #[serde(deserialize_with = "seconds")]
    pub header_timeout_s: Duration,
    /// Between requests on one connection.
    #[serde(deserialize_with = "seconds")]
    pub idle_timeout_s: Duration,
    /// For a whole request body.
    #[serde(deserialize_with = "seconds")]
    pub body_timeout_s: Duration,
    /// For running requests after the signal to stop.
    #[serde(deserialize_with = "seconds")]
    pub shutdown_timeout_s: Duration,
    /// What a tenant may ask of the admin plane; no bound when absent.
    pub admin_per_tenant: Option<RateSection>,
    /// What an application may ask of it in one tenant.
    pub admin_per_app: Option<RateSection>,
}

/// `{ requests_per_s, burst }`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateSection {
    /// In the long run.
    #[serde(deserialize_with = "rate")]
    pub requests_per_s: NonZeroU32,
    /// At once, after a time of quiet.
    #[serde(deserialize_with = "rate")]
    pub burst: NonZeroU32,
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NonZeroU32, D::Error> {
    let number = u32::deserialize(deserializer)?;
    NonZeroU32::new(number)
        .filter(|_| number <= limits::RATE_CEILING)
        .ok_or_else(|| serde::de::Error::custom(format!("it is from 1 to {}, not {number}", limits::RATE_CEILING)))
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS_MAX,
            header_timeout_s: limits::HEADER_TIMEOUT,
            idle_timeout_s: limits::IDLE_TIMEOUT,
            body_timeout_s: limits::BODY_TIMEOUT,
            shutdown_timeout_s: limits::SHUTDOWN_TIMEOUT,
            admin_per_tenant: None,
            admin_per_app: None,
        }
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(serde::de::Error::custom("a time is at least 1 second")),
        seconds => Ok(Duration::from_secs(seconds.into())),
    }
}

fn at_least_one<'de, D: Deserializer<'de>, N: TryFrom<u32, Error: Display>>(deserializer: D) -> Result<N, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(serde::de::Error::custom("it is at least 1")),
        number => N::try_from(number).map_err(serde::de::Error::custom),
    }
}

/// Why a configuration file is not taken. Its text is one line and names the place.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("{path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It does not say what it may say.
    #[error("{path}:{line}:{column}: {place}{message}")]
    Content {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// The key and a colon, where one is known.
        place: String,
        /// What is wrong.
        message: String,
    },
}

impl Config {
    /// Reads a file. Relative paths in it start from its folder.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
        let mut config = Self::parse(path, &text)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.data = folder.join(&config.data);
        if let Some(TlsSection::Files(files)) = &mut config.tls {
            files.certificate = folder.join(&files.certificate);
            files.key = folder.join(&files.key);
        }
        Ok(config)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let fault = |place: String, error: &toml::de::Error| {
            let (line, column) = position(text, error.span().map_or(0, |span| span.start));
            let message = error.message().replace('\n', " ");
            ConfigError::Content { path: path.to_owned(), line, column, place, message }
        };
        let deserializer = toml::Deserializer::parse(text).map_err(|error| fault(String::new(), &error))?;
        let config: Self = serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let place = match error.path().to_string() {
                top if top == "." => String::new(),
                key => format!("{key}: "),
            };
            fault(place, error.inner())
        })?;
        if config.database.is_some() && !config.clusters.is_empty() {
            let start = toml::from_str::<DatabaseKey>(text).map_or(0, |key| key.database.span().start);
            let (line, column) = position(text, start);
            let message = "it and [[clusters]] exclude each other".to_owned();
            return Err(ConfigError::Content {
                path: path.to_owned(),
                line,
                column,
                place: "database: ".into(),
                message,
            });
        }
        Ok(config)
    }

    /// The part that identity needs.
    pub fn auth(&self) -> AuthConfig {
        AuthConfig { builtin_issuer: self.builtin_issuer, issuers: self.issuers.clone() }
    }
}

/// Where the file has the database.
#[derive(Deserialize)]
struct DatabaseKey {
    database: toml::Spanned<String>,
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("o.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_is_the_defaults() {
        let config = parse("").expect("good");
        assert_eq!((config.listen.as_str(), config.builtin_issuer), ("127.0.0.1:8080", true));
        assert_eq!(config.tls, None);
        assert_eq!(Retention::from(config.change_log), Retention::default());
    }

    #[test]
    fn every_key_is_read() {
        let config = parse(
            r#"
            listen = "0.0.0.0:443"
            data = "/var/lib/officeconfig"
            behind_proxy = true
            trusted_proxies = ["10.0.0.0/8", "::1"]
            builtin_issuer = false
            lenient_types = true
            tls = { cert = "c.pem", key = "k.pem" }
            cors.origins = ["https://console.example:8443"]
            pages.max = 50
            change_log = { days = 7, commits = 1000 }
            [limits]
            connections = 5
            header_timeout_s = 1
            idle_timeout_s = 2
            body_timeout_s = 3
            shutdown_timeout_s = 4
            admin_per_tenant = { requests_per_s = 5, burst = 6 }
            admin_per_app = { requests_per_s = 7, burst = 8 }
            [[issuers]]
            issuer = "https://login.example/{tenantid}/v2.0"
            admin_audiences = ["https://graph.microsoft.com"]
            tenants = ["*"]
            "#,
        )
        .expect("good");
        assert!(config.lenient_types && config.behind_proxy && !config.builtin_issuer);
        assert_eq!(config.limits.shutdown_timeout_s, Duration::from_secs(4));
        let rate = |section: Option<RateSection>| section.map(|rate| (rate.requests_per_s.get(), rate.burst.get()));
        assert_eq!(rate(config.limits.admin_per_tenant), Some((5, 6)));
        assert_eq!(rate(config.limits.admin_per_app), Some((7, 8)));
        assert_eq!(config.pages.max, 50);
        assert_eq!((config.change_log.days, config.change_log.commits), (7, 1000));
        assert_eq!(config.issuers.len(), 1);
        assert_eq!(config.trusted_proxies.len(), 2);
    }

    #[test]
    fn a_fault_names_file_line_key_and_what_is_wrong() {
        for (text, message) in [
            ("listen = \"a\"\nlisten = \"b\"", "o.toml:2:1: duplicate key"),
            (
                "[limits]\nconnections = \"many\"",
                "o.toml:2:15: limits.connections: invalid type: string \"many\", expected u32",
            ),
            ("[limits]\nidle_timeout_s = 0", "o.toml:2:18: limits.idle_timeout_s: a time is at least 1 second"),
            (
                "trusted_proxies = [\"10.0.0.0/8\", \"proxy\"]",
                "o.toml:1:19: trusted_proxies[1]: `proxy` is neither an IP address nor a block like 10.0.0.0/8",
            ),
            ("tls = { cert = \"c\" }", "o.toml:1:7: tls: `cert` and `key` go together"),
            ("change_log.days = 0", "o.toml:1:19: change_log.days: it is at least 1"),
            (
                "limits.admin_per_app = { requests_per_s = 1, burst = 0 }",
                "o.toml:1:54: limits.admin_per_app.burst: it is from 1 to 1000000, not 0",
            ),
            (
                "limits.admin_per_app = { burst = 1 }",
                "o.toml:1:24: limits.admin_per_app: missing field `requests_per_s`",
            ),
            (
                "database = \"postgres://o:p@h/d\"\n[[clusters]]\nname = \"a\"\ndatabase = \"postgres://o:p@h/d\"",
                "o.toml:1:12: database: it and [[clusters]] exclude each other",
            ),
            (
                "[[clusters]]\nname = \"A b\"\ndatabase = \"postgres://o:p@h/d\"",
                "o.toml:2:8: clusters[0].name: `A b` is no name of a cluster: it has up to 63 of a–z, 0–9 and -, and does not begin with -",
            ),
            ("[[clusters]]\nname = \"a\"", "o.toml:1:1: clusters[0]: missing field `database`"),
            ("pages.max = 0", "o.toml:1:13: pages.max: it is from 1 to 10000, not 0"),
            (
                "cors.origins = [\"console.example\"]",
                "o.toml:1:16: cors.origins: `console.example` is no origin: write `https://host` or `https://host:port`, or `*`",
            ),
        ] {
            assert_eq!(parse(text).expect_err("a fault"), message);
        }
        assert!(
            parse("lenient_type = true")
                .expect_err("a fault")
                .starts_with("o.toml:1:1: lenient_type: unknown field `lenient_type`")
        );
        assert!(
            parse("[[issuers]]\nissuer = 5")
                .expect_err("a fault")
                .starts_with("o.toml:2:10: issuers[0].issuer: invalid type")
        );
        assert!(parse("= 5").expect_err("a fault").starts_with("o.toml:1:"));
    }

    #[test]
    fn clusters_have_names_of_their_own_and_urls_that_nobody_sees() {
        let cluster = |name: &str, more: &str| {
            format!("[[clusters]]\nname = \"{name}\"\ndatabase = \"postgres://o:password@h/{name}\"\n{more}\n")
        };
        let config = parse(&(cluster("a", "") + &cluster("b-2", "new_tenants = false"))).expect("good");
        let told: Vec<_> = config.clusters.iter().map(|one| (one.name.as_str(), one.new_tenants)).collect();
        assert_eq!(told, [("a", true), ("b-2", false)]);
        assert_eq!(config.clusters[1].database.expose(), "postgres://o:password@h/b-2");
        assert!(!format!("{config:?}").contains("password"));
        let twice = parse(&(cluster("a", "") + &cluster("a", ""))).expect_err("a fault");
        assert!(twice.starts_with("o.toml:") && twice.ends_with("clusters: two are named `a`"), "{twice}");
    }

    #[test]
    fn paths_in_the_file_start_from_its_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("officeconfig.toml");
        fs::write(&path, "data = \"d\"\ntls = { cert = \"c\", key = \"/k\" }").expect("written");
        let config = Config::read(&path).expect("good");
        assert_eq!(config.data, folder.path().join("d"));
        let files = CertificateFiles { certificate: folder.path().join("c"), key: PathBuf::from("/k") };
        assert_eq!(config.tls, Some(TlsSection::Files(files)));
    }
}
