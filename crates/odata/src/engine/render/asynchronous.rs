//! Answers of asynchronous requests (OData 4.01 part 1, 11.6): accepted, still running, done, cancelled. The application
//! keeps the jobs.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::headers;
use crate::engine::Engine;
use crate::engine::head::media::{Media, list};
use crate::engine::head::version_of_answer;
use crate::error::Error;

const ODATA_VERSION: HeaderName = HeaderName::from_static("odata-version");
const ASYNC_RESULT: HeaderName = HeaderName::from_static("asyncresult");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

impl Engine {
    /// 202: the request will be executed. `monitor_url` is where the client looks for its result, from `retry_after_s`
    /// seconds on. Only for a request that prefers it ([`crate::engine::Prefer::respond_async`]). `request` are its headers.
    ///
    /// ```
    /// # let xml = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
    /// #   <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns"><EntityContainer Name="c"/></Schema>
    /// #   </edmx:DataServices></edmx:Edmx>"#;
    /// use http::HeaderMap;
    /// use odata::engine::{Engine, Settings};
    ///
    /// let model = odata::csdl::read(xml).expect("a good model");
    /// let engine = Engine::new(model.into(), Settings::new(odata::Profile::Strict));
    /// let accepted = engine.accepted(&HeaderMap::new(), "https://example.org/jobs/7", 2)?;
    /// assert_eq!((accepted.status().as_u16(), &accepted.headers()["location"]), (202, &"https://example.org/jobs/7".parse().unwrap()));
    ///
    /// let result = http::Response::builder().status(204).body(bytes::Bytes::new()).unwrap();
    /// let monitored = engine.monitored(&HeaderMap::new(), result)?;
    /// assert_eq!((monitored.status().as_u16(), &monitored.headers()["asyncresult"]), (200, &"204".parse().unwrap()));
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// 500 when the URL cannot stand in a header.
    pub fn accepted(
        &self,
        request: &HeaderMap,
        monitor_url: &str,
        retry_after_s: u32,
    ) -> Result<Response<Bytes>, Error> {
        let mut response = self.running(request, monitor_url, retry_after_s)?;
        response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static("respond-async"));
        Ok(response)
    }

    /// 202 of a monitor: the result is not there yet. `request` are the headers of the request to it.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// let response = engine.running(&http::HeaderMap::new(), "https://example.org/jobs/7", 2)?;
    /// assert_eq!(response.status(), 202);
    /// assert_eq!(response.headers()["retry-after"], "2");
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::accepted`].
    pub fn running(
        &self,
        request: &HeaderMap,
        monitor_url: &str,
        retry_after_s: u32,
    ) -> Result<Response<Bytes>, Error> {
        let mut response = self.bare(request, StatusCode::ACCEPTED);
        let out = response.headers_mut();
        out.insert(header::LOCATION, headers::value(monitor_url)?);
        out.insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
        Ok(response)
    }

    /// 204 of a monitor: the request was cancelled. `request` are the headers of the request to the monitor.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// assert_eq!(engine.cancelled(&http::HeaderMap::new()).status(), 204);
    /// ```
    pub fn cancelled(&self, request: &HeaderMap) -> Response<Bytes> {
        self.bare(request, StatusCode::NO_CONTENT)
    }

    /// 200 of a monitor: the result. `request` are the headers of the request to the monitor: one that accepts
    /// `application/http` by name, or speaks 4.0 at most and accepts nothing in particular, gets the result as a message
    /// inside the body; all others get it as it is, its status in `AsyncResult`.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// let result = || shop::refuse(&engine, &odata::Error::bad_request("No."));
    /// assert_eq!(engine.monitored(&http::HeaderMap::new(), result())?.headers()["asyncresult"], "400");
    /// let message = engine.monitored(&shop::headers(&[("accept", "application/http")]), result())?;
    /// assert!(message.body().starts_with(b"HTTP/1.1 400 Bad Request\r\n"));
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// 500 when a part cannot be written.
    pub fn monitored(&self, request: &HeaderMap, result: Response<Bytes>) -> Result<Response<Bytes>, Error> {
        if wants_message(request) {
            let mut response = Response::new(Bytes::from(message(&result)));
            let out = response.headers_mut();
            out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/http"));
            out.insert(HeaderName::from_static("content-transfer-encoding"), HeaderValue::from_static("binary"));
            out.insert(ODATA_VERSION, version_of_answer(request, self.settings.profile).header());
            out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
            return Ok(response);
        }
        let (mut parts, body) = result.into_parts();
        let status = headers::value(parts.status.as_str())?;
        parts.status = StatusCode::OK;
        parts.headers.insert(ASYNC_RESULT, status);
        Ok(Response::from_parts(parts, body))
    }

    fn bare(&self, request: &HeaderMap, status: StatusCode) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        let out = response.headers_mut();
        out.insert(ODATA_VERSION, version_of_answer(request, self.settings.profile).header());
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        response
    }
}

fn wants_message(request: &HeaderMap) -> bool {
    let lines = request.get_all(header::ACCEPT);
    let mut accepted = lines.iter().filter_map(|line| line.to_str().ok()).flat_map(list).filter_map(Media::parse);
    let by_name = accepted.any(|range| range.q > 0 && range.is("application", "http"));
    let max = request.get(HeaderName::from_static("odata-maxversion")).and_then(|value| value.to_str().ok());
    by_name || (max.is_some_and(|max| max.trim() == "4.0") && !request.contains_key(header::ACCEPT))
}

/// An HTTP/1.1 message of a response.
pub(crate) fn message(response: &Response<Bytes>) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or("");
    let mut out = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in response.headers() {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(response.body());
    out
}
