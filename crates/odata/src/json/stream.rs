//! Streams in a representation (OData JSON 4.01, 9 and 10): what is said of them, and their content where `$expand` asks for
//! it. Knows no store and no range.

use super::escape;
use super::format::{Level, Place};
use super::parse::check;
use super::write::{UNTYPED, Writer, url_of};
use crate::plan::Projection;
use crate::value::{Record, StreamInfo, Value};

impl Writer<'_> {
    /// What is said of a stream property, and its content where that is wanted `inline`.
    pub(super) fn stream(
        &mut self,
        value: Option<&Value>,
        name: &str,
        view: &[&Projection],
        place: Place<'_>,
        inline: bool,
    ) {
        let is_selected = view.iter().any(|projection| projection.select.is_some());
        let owner = url_of(place);
        let has_links = self.shows_stream_links();
        let is_described = has_links || (is_selected && self.format.level != Level::None);
        if has_links && !owner.is_empty() {
            let link = format!("{owner}/{name}");
            self.annotation(name, "odata.mediaEditLink", &link);
            self.annotation(name, "odata.mediaReadLink", &link);
        }
        let stream = if let Some(Value::Stream(stream)) = value { Some(&**stream) } else { None };
        // Nobody can read content without its type, so that it stands there even where nothing else is said.
        if let Some(stream) = stream.filter(|_| is_described || inline) {
            self.annotation(name, "odata.mediaContentType", &stream.media_type);
            if let Some(etag) = stream.etag.as_ref().filter(|_| is_described) {
                self.annotation(name, "odata.mediaEtag", etag);
            }
        }
        if inline {
            self.member(name);
            self.content(stream);
        }
    }

    /// What is said of the media of a media entity.
    pub(super) fn media_links(&mut self, record: &Record, place: Place<'_>) {
        let owner = url_of(place);
        if !owner.is_empty() {
            let media = owner + "/$value";
            self.annotation("", "odata.mediaEditLink", &media);
            self.annotation("", "odata.mediaReadLink", &media);
        }
        if let Some(media) = &record.media {
            self.annotation("", "odata.mediaContentType", &media.media_type);
            if let Some(etag) = &media.etag {
                self.annotation("", "odata.mediaEtag", etag);
            }
        }
    }

    /// The media themselves. Their type stands among the links, if there are any.
    pub(super) fn media(&mut self, media: Option<&StreamInfo>) {
        if let Some(media) = media.filter(|_| !self.shows_stream_links()) {
            self.annotation("", "odata.mediaContentType", &media.media_type);
        }
        self.member("$value");
        self.content(media);
    }

    pub(super) fn shows_stream_links(&self) -> bool {
        self.format.level == Level::Full || (self.format.links && self.format.level != Level::None)
    }

    /// JSON as it is, text as a string, anything else in base64url.
    fn content(&mut self, stream: Option<&StreamInfo>) {
        let Some((stream, bytes)) = stream.and_then(|stream| Some((stream, stream.inline.as_ref()?))) else {
            return self.out.extend_from_slice(b"null");
        };
        let essence = stream.media_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let is_json = essence == "application/json" || essence.ends_with("+json");
        match std::str::from_utf8(bytes) {
            Ok(text) if is_json && check(bytes).is_ok() => self.out.extend_from_slice(text.trim().as_bytes()),
            Ok(text) if essence.starts_with("text/") => escape::string(&mut self.out, text),
            _ => self.single(&Value::Binary(bytes.clone()), UNTYPED, &[]),
        }
    }
}
