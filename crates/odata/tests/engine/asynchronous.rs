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
    let response = world.engine.accepted("https://example.org/jobs/1", 2).expect("an answer");
    assert_eq!(response.status(), 202);
    assert_eq!(header(&response, "location"), "https://example.org/jobs/1");
    assert_eq!(header(&response, "retry-after"), "2");
    assert_eq!(header(&response, "preference-applied"), "respond-async");
    let running = world.engine.running("https://example.org/jobs/1", 3).expect("an answer");
    assert_eq!((running.status().as_u16(), header(&running, "retry-after")), (202, "3"));
    assert_eq!(header(&running, "preference-applied"), "");
    assert_eq!(world.engine.cancelled().status(), 204);
    assert!(world.engine.accepted("https://example.org/\n", 2).is_err());
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
