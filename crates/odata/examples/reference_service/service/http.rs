//! HTTP: connections, bodies and the end. Knows nothing of OData but the size of a body.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

use super::Service;

/// Larger than any body that the engine takes, which says so better.
const BODY_BYTES_MAX: usize = 16 << 20;
/// How long requests in progress may take once the service is to end.
const SHUTDOWN_MAX: Duration = Duration::from_secs(10);

/// Serves until `stop` is done, then lets requests in progress finish.
///
/// # Errors
/// The listener's address cannot be told.
pub(crate) async fn serve(
    service: Arc<Service>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new());
    http.http2().timer(TokioTimer::new());
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // The client is gone, or there are no more descriptors: the next one may do better.
                Err(_) => continue,
            },
            () = &mut stop => break,
        };
        let _ = stream.set_nodelay(true);
        let service = Arc::clone(&service);
        let answer = service_fn(move |request| answer(Arc::clone(&service), address, request));
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), answer).into_owned());
        tokio::spawn(connection);
    }
    drop(listener);
    let _ = tokio::time::timeout(SHUTDOWN_MAX, graceful.shutdown()).await;
    Ok(())
}

async fn answer(
    service: Arc<Service>,
    address: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let root = root(&parts.uri, parts.headers.get(HOST), address);
    let body = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(refused()),
    };
    let request = Request::from_parts(parts, body);
    Ok(service.answer(&request, &root).map(Full::new))
}

/// The service root as the client addresses it.
fn root(uri: &Uri, host: Option<&HeaderValue>, address: SocketAddr) -> String {
    let host =
        host.and_then(|host| host.to_str().ok()).or_else(|| uri.authority().map(hyper::http::uri::Authority::as_str));
    host.map_or_else(|| format!("http://{address}"), |host| format!("http://{host}"))
}

/// A body that is too long or was broken off.
fn refused() -> Response<Full<Bytes>> {
    let body = r#"{"error":{"code":"PayloadTooLarge","message":"The body is larger than 16 MiB, or was broken off."}}"#;
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
