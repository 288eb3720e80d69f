//! `POST …/$query`: a read whose options stand in the body (OData 4.01 part 2, 5.0.1). Reads no store.

use http::{HeaderMap, Method};

use super::content;
use super::{BodyKind, Head};
use crate::engine::Engine;
use crate::engine::target::TargetKind;
use crate::engine::tokens::TokenSeal;
use crate::error::{Error, ErrorKind};
use crate::limits::URL_BYTES_MAX;

/// A read that waits for its options.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    /// The path of the resource and the options in the URL.
    path_and_query: String,
    headers: HeaderMap,
}

/// The resource of a `…/$query`, with the options of the URL.
pub(super) fn queried(path_and_query: &str) -> Option<String> {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let resource = path.trim_end_matches('/').strip_suffix("/$query")?;
    Some(if query.is_empty() { resource.to_owned() } else { format!("{resource}?{query}") })
}

impl Head {
    /// Whether the options of this read stand in its body: give it to [`Engine::with_query`].
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use http::Method;
    /// use odata::engine::Unsealed;
    ///
    /// let headers = shop::headers(&[("content-type", "text/plain")]);
    /// let head = engine.head(&Method::POST, "/products/$query", &headers, shop::ROOT, &Unsealed)?;
    /// assert!(head.awaits_query());
    /// assert!(!engine.with_query(head, b"$top=3", &Unsealed)?.awaits_query());
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn awaits_query(&self) -> bool {
        self.posted.is_some()
    }
}

impl Engine {
    /// The head of a `POST …/$query`: that of the read, waiting for its body.
    pub(super) fn posted_head(
        &self,
        method: &Method,
        resource: String,
        headers: &HeaderMap,
        root: &str,
        tokens: &dyn TokenSeal,
    ) -> Result<Head, Error> {
        if *method != Method::POST {
            self.understand(&Method::OPTIONS, &resource, headers, root, tokens)?;
            let message = "The segment '$query' is for POST: the options of a read stand in its body.";
            return Err(Error::new(ErrorKind::MethodNotAllowed, message).with_allow(vec![Method::POST]));
        }
        content::plain_text(headers)?;
        let mut head = self.understand(&Method::GET, &resource, headers, root, tokens)?;
        let has_options = !matches!(
            head.target.kind,
            TargetKind::ServiceDocument | TargetKind::Metadata | TargetKind::Batch | TargetKind::Action
        );
        if !has_options {
            let message = "'$query' does not apply to this resource.";
            return Err(Error::bad_request(message).at("path"));
        }
        head.body = BodyKind::Stream { bytes_max: URL_BYTES_MAX };
        head.posted = Some(Box::new(Posted { path_and_query: resource, headers: headers.clone() }));
        Ok(head)
    }

    /// Adds the body of a `POST …/$query`, the options of a read as they would stand in its URL. Every other head comes
    /// back as it was.
    ///
    /// ```
    /// # use http::{HeaderMap, Method};
    /// # use odata::engine::{Engine, Settings, Unsealed};
    /// # let xml = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
    /// #   <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns"><EntityType Name="Box">
    /// #   <Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/></EntityType>
    /// #   <EntityContainer Name="c"><EntitySet Name="Boxes" EntityType="ns.Box"/></EntityContainer></Schema>
    /// #   </edmx:DataServices></edmx:Edmx>"#;
    /// # let model = odata::csdl::read(xml).expect("a good model");
    /// # let engine = Engine::new(model.into(), Settings::new(odata::Profile::Strict));
    /// let mut headers = HeaderMap::new();
    /// headers.insert("content-type", "text/plain".parse().unwrap());
    /// let head = engine.head(&Method::POST, "/Boxes/$query", &headers, "https://example.org", &Unsealed)?;
    /// let head = engine.with_query(head, b"$top=3&$filter=id%20gt%201", &Unsealed)?;
    /// assert_eq!(head.query().top, Some(3));
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::head`]; 413 for a body longer than a URL may be.
    pub fn with_query(&self, head: Head, body: &[u8], tokens: &dyn TokenSeal) -> Result<Head, Error> {
        let Some(posted) = head.posted else { return Ok(head) };
        if body.len() > URL_BYTES_MAX {
            let message = format!("The request body is larger than {URL_BYTES_MAX} bytes.");
            return Err(Error::new(ErrorKind::PayloadTooLarge, message));
        }
        let text = std::str::from_utf8(body).map_err(|_| Error::bad_request("The body is not valid UTF-8."))?;
        let mut url = posted.path_and_query;
        let options = text.trim();
        if !options.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(options);
        }
        self.understand(&Method::GET, &url, &posted.headers, &head.root, tokens)
    }
}
