//! Where a request really came from: the connection, or what a trusted proxy says about it.
//!
//! A header that anybody can send counts only when the connection comes from a listed proxy.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::uri::Authority;
use http::{HeaderMap, HeaderName};

use crate::limits;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// One address, or a block of them (`10.0.0.0/8`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    network: IpAddr,
    prefix: u8,
}

/// Not an address nor a block of addresses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither an IP address nor a block like 10.0.0.0/8")]
pub struct AddressRangeError(String);

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = || AddressRangeError(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| fault())?)),
            None => (text, None),
        };
        let network = address.parse::<IpAddr>().map_err(|_| fault())?.to_canonical();
        let bits = if network.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        if prefix > bits {
            return Err(fault());
        }
        Ok(Self { network, prefix })
    }
}

impl<'de> serde::Deserialize<'de> for AddressRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl AddressRange {
    /// True when `address` lies in this block. An IPv4 address inside IPv6 is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix);
                u32::from(network).checked_shr(shift) == u32::from(address).checked_shr(shift)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix);
                u128::from(network).checked_shr(shift) == u128::from(address).checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// What a trusted proxy says. `None` where it says nothing usable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Forwarded {
    /// The first address that is not one of our proxies.
    pub(crate) peer: Option<IpAddr>,
    /// The client spoke TLS.
    pub(crate) secure: Option<bool>,
    /// The host, with its port unless it is the scheme's own.
    pub(crate) host: Option<String>,
}

/// Reads `X-Forwarded-*` of a request that came over a connection from a trusted proxy.
///
/// Each proxy appends what it saw, so entries are believed from the right, as long as they come from one of `trusted`.
pub(crate) fn read(headers: &HeaderMap, trusted: &[AddressRange]) -> Forwarded {
    let mut peer = None;
    let mut hops = 0;
    for entry in entries(headers, &FOR).iter().rev().take(limits::FORWARDED_HOPS_MAX) {
        let Some(address) = address(entry) else { break };
        peer = Some(address);
        if !trusted.iter().any(|range| range.contains(address)) {
            break;
        }
        hops += 1;
    }
    let secure = match at_hop(&entries(headers, &PROTO), hops) {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => Some(true),
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => Some(false),
        _ => None,
    };
    let host = at_hop(&entries(headers, &HOST), hops).filter(|host| is_host(host)).map(|host| {
        match at_hop(&entries(headers, &PORT), hops).and_then(|port| port.parse::<u16>().ok()) {
            Some(port) if !has_port(host) && port != default_port(secure) => format!("{host}:{port}"),
            _ => host.to_owned(),
        }
    });
    Forwarded { peer, secure, host }
}

/// True when `host` can stand between `://` and `/`.
pub(crate) fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= limits::HOST_BYTES_MAX
        && !host.contains('@')
        && host.parse::<Authority>().is_ok_and(|authority| !authority.host().is_empty())
}

fn has_port(host: &str) -> bool {
    host.parse::<Authority>().is_ok_and(|authority| authority.port().is_some())
}

fn default_port(secure: Option<bool>) -> u16 {
    if secure == Some(true) { 443 } else { 80 }
}

/// All entries of a list header, over all its lines.
fn entries<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .collect()
}

/// The entry that the outermost trusted proxy wrote; a proxy that overwrites instead of appending leaves only one.
fn at_hop<'a>(entries: &[&'a str], hops: usize) -> Option<&'a str> {
    let last = entries.len().checked_sub(1)?;
    entries.get(last.saturating_sub(hops)).copied()
}

/// An address, with or without a port.
fn address(entry: &str) -> Option<IpAddr> {
    let bare = entry.trim_matches('"');
    bare.parse::<IpAddr>()
        .or_else(|_| bare.parse::<SocketAddr>().map(|socket| socket.ip()))
        .or_else(|_| bare.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>())
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn ranges(texts: &[&str]) -> Vec<AddressRange> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_block_holds_its_addresses_and_no_others() {
        let block: AddressRange = "10.1.0.0/16".parse().unwrap();
        assert!(block.contains("10.1.255.255".parse().unwrap()));
        assert!(block.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!block.contains("10.2.0.0".parse().unwrap()));
        assert!(!block.contains("::1".parse().unwrap()));
        let all: AddressRange = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("203.0.113.9".parse().unwrap()));
        assert!(!all.contains("2001:db8::1".parse().unwrap()));
        let one: AddressRange = "::1".parse().unwrap();
        assert!(one.contains("::1".parse().unwrap()));
        assert!(!one.contains("::2".parse().unwrap()));
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "proxy.example", "::1/129", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<AddressRange>(), Err(AddressRangeError(text.to_owned())));
        }
    }

    #[test]
    fn entries_are_believed_from_the_right_while_they_are_ours() {
        let forged = headers(&[
            ("x-forwarded-for", "198.51.100.7, 203.0.113.9, 10.0.0.2"),
            ("x-forwarded-proto", "http, https, http"),
            ("x-forwarded-host", "evil.example, office.example, inner"),
        ]);
        let told = read(&forged, &ranges(&["10.0.0.0/8"]));
        assert_eq!(told.peer, Some("203.0.113.9".parse().unwrap()));
        assert_eq!(told.secure, Some(true));
        assert_eq!(told.host.as_deref(), Some("office.example"));
    }

    #[test]
    fn one_proxy_that_overwrites_is_believed() {
        let told = read(
            &headers(&[
                ("x-forwarded-for", "[2001:db8::7]:4711"),
                ("x-forwarded-proto", "HTTPS"),
                ("x-forwarded-host", "office.example"),
                ("x-forwarded-port", "8443"),
            ]),
            &ranges(&["10.0.0.1"]),
        );
        assert_eq!(told.peer, Some("2001:db8::7".parse().unwrap()));
        assert_eq!(told.host.as_deref(), Some("office.example:8443"));
    }

    #[test]
    fn a_host_that_could_leave_its_place_is_not_believed() {
        for host in ["a/b", "user@a", "a b", "", "a?b", "a#b"] {
            assert!(!is_host(host), "{host}");
        }
        let told = read(&headers(&[("x-forwarded-host", "a/b"), ("x-forwarded-proto", "gopher")]), &[]);
        assert_eq!(told, Forwarded { peer: None, secure: None, host: None });
    }
}
