//! Asynchronous requests: accepted, monitored, cancelled.

use bytes::Bytes;
use http::{HeaderMap, Response};

use super::shop::shop;
use super::support::{header, headers, text};

fn result() -> Response<Bytes> {
    let builder = Response::builder().status(404).header("content-type", "application/json").header("etag", "W/\"1\"");
    builder.body(Bytes::from_static(b"{\"error\":{}}")).expect("a response")
}

#[test]
fn a_request_that_prefers_it_is_accepted_with_its_monitor() {
    let world = shop();
    let head = world.head("GET", "/Items", &[("prefer", "respond-async, wait=5")]).expect("a good request");
    assert!(head.prefer().respond_async);
    assert_eq!(head.prefer().wait_s, Some(5));
    let none = HeaderMap::new();
    let response = world.engine.accepted(&none, "https://example.org/jobs/1", 2).expect("an answer");
    assert_eq!(response.status(), 202);
    assert_eq!(header(&response, "location"), "https://example.org/jobs/1");
    assert_eq!(header(&response, "retry-after"), "2");
    assert_eq!(header(&response, "preference-applied"), "respond-async");
    let running = world.engine.running(&none, "https://example.org/jobs/1", 3).expect("an answer");
    assert_eq!((running.status().as_u16(), header(&running, "retry-after")), (202, "3"));
    assert_eq!(header(&running, "preference-applied"), "");
    assert_eq!(world.engine.cancelled(&none).status(), 204);
    assert!(world.engine.accepted(&none, "https://example.org/\n", 2).is_err());
    let old = headers(&[("odata-maxversion", "4.0")]);
    for (request, version) in [(&none, "4.01"), (&old, "4.0")] {
        let accepted = world.engine.accepted(request, "https://example.org/jobs/1", 2).expect("an answer");
        assert_eq!(header(&accepted, "odata-version"), version);
        assert_eq!(header(&world.engine.cancelled(request), "odata-version"), version);
    }
}

#[test]
fn a_result_is_given_as_it_is_with_its_status_beside() {
    let response = shop().engine.monitored(&HeaderMap::new(), result()).expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "asyncresult"), "404");
    assert_eq!(header(&response, "etag"), "W/\"1\"");
    assert_eq!(text(&response), "{\"error\":{}}");
}

#[test]
fn a_client_of_4_0_that_accepts_something_else_gets_the_result_as_it_is() {
    let request = headers(&[("odata-maxversion", "4.0"), ("accept", "application/json")]);
    let response = shop().engine.monitored(&request, result()).expect("an answer");
    assert_eq!(header(&response, "asyncresult"), "404");
    assert_eq!(text(&response), "{\"error\":{}}");
}

#[test]
fn a_client_of_4_0_gets_the_result_as_a_message() {
    for pairs in [&[("odata-maxversion", "4.0")][..], &[("accept", "application/json, application/http")]] {
        let response = shop().engine.monitored(&headers(pairs), result()).expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "content-type"), "application/http");
        assert_eq!(header(&response, "asyncresult"), "");
        let wanted = "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\netag: W/\"1\"\r\n\r\n{\"error\":{}}";
        assert_eq!(text(&response), wanted);
    }
}
