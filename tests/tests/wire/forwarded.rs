//! `X-Forwarded-*` counts only from the proxies that the configuration lists.

use e2e::{Service, Setup, samples};

use crate::world::CLIENTS;

/// Where a created thing lies, as told to a caller who sends forwarding headers.
fn location(service: &Service) -> (String, String) {
    let api = service.admin("contoso");
    let answer = api
        .call("POST", CLIENTS)
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "office.example:8443")
        .header("x-forwarded-for", "203.0.113.7")
        .json(&samples::client("Word"))
        .send();
    let location = answer.expect_header("location");
    let context = answer.created()["@odata.context"].as_str().unwrap().to_owned();
    (location, context)
}

#[test]
fn nobody_is_believed_unless_listed() {
    let service = Service::start();
    let (location, context) = location(&service);
    assert!(location.starts_with(&service.url()), "{location}");
    assert!(context.starts_with(&service.url()), "{context}");
}

#[test]
fn another_proxy_is_not_believed() {
    let service = Setup::default().config("trusted_proxies = [\"10.0.0.0/8\"]\n").start();
    let (location, _) = location(&service);
    assert!(location.starts_with(&service.url()), "{location}");
}

#[test]
fn a_listed_proxy_is_believed() {
    let service = Setup::default().config("trusted_proxies = [\"127.0.0.0/8\"]\n").start();
    let (location, context) = location(&service);
    assert!(location.starts_with("https://office.example:8443/beta/"), "{location}");
    assert!(context.starts_with("https://office.example:8443/beta/"), "{context}");
}
