//! The JSON form of a batch (OData JSON Format 4.01, 19): text to items. Executes nothing, resolves nothing.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::condition::Condition;
use super::{Group, Item, Limits, message, refer, url};
use crate::edm::decode_binary;
use crate::engine::head::media::Media;
use crate::error::{Error, shown};
use crate::json::{self, Json, JsonKind, JsonMember};
use crate::profile::Profile;

/// Reads the envelope.
///
/// # Errors
/// 400 with the place.
pub(super) fn read(body: &Bytes, limits: &Limits<'_>) -> Result<(Vec<Item>, Vec<Group>), Error> {
    let tree = json::parse(body).map_err(|error| json::malformed(&error))?;
    let JsonKind::Object(members) = &tree.kind else {
        return Err(invalid("the body must be an object with the member 'requests'").at_position(tree.at));
    };
    let mut requests = None;
    for JsonMember { name, value } in members {
        match (&**name, &value.kind) {
            ("requests", JsonKind::Array(elements)) => requests = Some(elements),
            ("requests", other) => {
                return Err(invalid(&format!("'requests' must be an array, not {}", other.article())).at("requests"));
            }
            _ if name.contains('@') => {}
            _ => return Err(unknown(name, String::new())),
        }
    }
    let requests = requests.ok_or_else(|| invalid("the member 'requests' is missing").at("requests"))?;
    limits.refuse_more_than_allowed(requests.len())?;
    let mut reader = Groups::default();
    let mut items = Vec::with_capacity(requests.len());
    for (index, request) in requests.iter().enumerate() {
        let (mut item, group) = item(body, request, format!("requests/{index}"), limits)?;
        item.group = reader.enter(group, index, &item.place)?;
        items.push(item);
    }
    Ok((items, reader.groups))
}

/// Groups in the order of their first requests.
#[derive(Default)]
struct Groups {
    groups: Vec<Group>,
    numbers: HashMap<Arc<str>, usize>,
}

impl Groups {
    fn enter(&mut self, name: Option<Arc<str>>, index: usize, place: &str) -> Result<Option<usize>, Error> {
        let Some(name) = name else { return Ok(None) };
        if let Some(number) = self.numbers.get(&name) {
            let items = &mut self.groups[*number].items;
            if items.end != index {
                let message = format!("The requests of the atomicityGroup '{}' must follow each other.", shown(&name));
                return Err(Error::bad_request(message).at(format!("{place}/atomicityGroup")));
            }
            items.end = index + 1;
            return Ok(Some(*number));
        }
        let number = self.groups.len();
        self.numbers.insert(Arc::clone(&name), number);
        self.groups.push(Group { name, items: index..index + 1 });
        Ok(Some(number))
    }
}

/// The members of one request object.
#[derive(Default)]
struct Given<'j> {
    id: Option<&'j str>,
    method: Option<&'j str>,
    url: Option<&'j str>,
    headers: Option<&'j [JsonMember<'j>]>,
    body: Option<&'j Json<'j>>,
    group: Option<&'j str>,
    depends_on: &'j [Json<'j>],
    condition: Option<&'j str>,
}

fn item(
    text: &Bytes,
    request: &Json<'_>,
    place: String,
    limits: &Limits<'_>,
) -> Result<(Item, Option<Arc<str>>), Error> {
    let given = given(request, &place)?;
    let required = |value: Option<&'_ str>, name: &str| match value {
        Some(value) if !value.is_empty() => Ok(value.to_owned()),
        _ => Err(invalid(&format!("the member '{name}' is missing or empty")).at(format!("{place}/{name}"))),
    };
    let id: Arc<str> = required(given.id, "id")?.into();
    let name = required(given.method, "method")?;
    let method = message::method(&name).ok_or_else(|| {
        let message = format!("'{}' is not a method that a batch takes.", shown(&name));
        Error::bad_request(message).at(format!("{place}/method"))
    })?;
    let given_url = required(given.url, "url")?;
    let url = relative(&given_url, limits, &format!("{place}/url"))?;
    let mut headers = headers(given.headers.unwrap_or(&[]), &place)?;
    let body = match given.body {
        None => Bytes::new(),
        Some(json) => content(text, json, &mut headers, &place, limits.profile)?,
    };
    let depends_on = depends_on(given.depends_on, &place)?;
    let condition = given.condition.map(Condition::parse).transpose();
    let condition = condition.map_err(|error| error.at(format!("{place}/if")))?;
    let group = given.group.map(|name| required(Some(name), "atomicityGroup")).transpose()?.map(Arc::from);
    let mut item = Item {
        id,
        place,
        method,
        url,
        headers,
        body,
        group: None,
        depends_on,
        after: Vec::new(),
        condition,
        references: Vec::new(),
    };
    // Only a body that stands in the envelope as it is can be written over there.
    let inline = given.body.filter(|json| item.body.len() == json.end - json.at && is_json(&item.headers));
    item.references = refer::find(&item, inline);
    Ok((item, group))
}

fn given<'j>(request: &'j Json<'j>, place: &str) -> Result<Given<'j>, Error> {
    let JsonKind::Object(members) = &request.kind else {
        return Err(invalid(&format!("a request must be an object, not {}", request.kind.article())).at(place));
    };
    let mut given = Given::default();
    for JsonMember { name, value } in members {
        let wrong = |wanted: &str| {
            let message = format!("'{name}' must be {wanted}, not {}", value.kind.article());
            invalid(&message).at(format!("{place}/{name}"))
        };
        let text = || match &value.kind {
            JsonKind::String(text) => Ok(Some(&**text)),
            _ => Err(wrong("a string")),
        };
        match &**name {
            "id" => given.id = text()?,
            "method" => given.method = text()?,
            "url" => given.url = text()?,
            "body" => given.body = Some(value).filter(|value| value.kind != JsonKind::Null),
            // SDKs write members that they have nothing for as null.
            "headers" | "dependsOn" | "atomicityGroup" | "if" if value.kind == JsonKind::Null => {}
            "atomicityGroup" => given.group = text()?,
            "if" => given.condition = text()?,
            "headers" => match &value.kind {
                JsonKind::Object(members) => given.headers = Some(members),
                _ => return Err(wrong("an object")),
            },
            "dependsOn" => match &value.kind {
                JsonKind::Array(elements) => given.depends_on = elements,
                _ => return Err(wrong("an array")),
            },
            _ if name.contains('@') => {}
            _ => return Err(unknown(name, format!("{place}/"))),
        }
    }
    Ok(given)
}

/// A URL of an item, below the root.
pub(super) fn relative(given: &str, limits: &Limits<'_>, place: &str) -> Result<String, Error> {
    let refuse = |why: &str| Error::bad_request(format!("The URL '{}' {why}.", shown(given))).at(place);
    let url = url::below_root(given, limits.root, limits.profile).map_err(refuse)?;
    if url.len() > crate::limits::URL_BYTES_MAX {
        return Err(refuse("is too long"));
    }
    let path = url.split('?').next().unwrap_or("").trim_matches('/');
    if url::is_batch(path) {
        return Err(refuse("is a batch: a batch must not hold another"));
    }
    Ok(url)
}

fn headers(members: &[JsonMember<'_>], place: &str) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for JsonMember { name, value } in members {
        let at = || format!("{place}/headers/{}", shown(name));
        let JsonKind::String(text) = &value.kind else {
            let message = format!("a header must be a string, not {}", value.kind.article());
            return Err(invalid(&message).at(at()));
        };
        let name = HeaderName::from_bytes(name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(text.trim())) else {
            return Err(invalid("a header is malformed").at(at()));
        };
        headers.try_append(name, value).map_err(|_| invalid("there are too many headers").at(at()))?;
    }
    headers.remove(header::CONTENT_LENGTH);
    Ok(headers)
}

/// The bytes of a body, by its media type.
fn content(
    text: &Bytes,
    json: &Json<'_>,
    headers: &mut HeaderMap,
    place: &str,
    profile: Profile,
) -> Result<Bytes, Error> {
    let at = || format!("{place}/body");
    if !headers.contains_key(header::CONTENT_TYPE) {
        if profile == Profile::Graph {
            let message = "a request with a body needs the header 'Content-Type'";
            return Err(invalid(message).at(format!("{place}/headers")));
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let Some(media) = Media::parse(given) else {
        let message = format!("'{}' is not a media type", shown(given));
        return Err(invalid(&message).at(format!("{place}/headers/Content-Type")));
    };
    if is_json_media(&media) {
        return Ok(text.slice(json.at..json.end));
    }
    let JsonKind::String(string) = &json.kind else {
        let message =
            format!("a body of the media type '{}' must be a string, not {}", shown(given), json.kind.article());
        return Err(invalid(&message).at(at()));
    };
    if media.main.eq_ignore_ascii_case("text") {
        return Ok(Bytes::copy_from_slice(string.as_bytes()));
    }
    let bytes = decode_binary(string).map_err(|_| {
        let message = format!("a body of the media type '{}' must be base64 or base64url", shown(given));
        invalid(&message).at(at())
    })?;
    Ok(bytes)
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    given.and_then(Media::parse).is_some_and(|media| is_json_media(&media))
}

/// `application/json`, and types whose names end with `+json`.
pub(super) fn is_json_media(media: &Media<'_>) -> bool {
    media.is("application", "json") || media.sub.to_ascii_lowercase().ends_with("+json")
}

fn depends_on(elements: &[Json<'_>], place: &str) -> Result<Vec<(String, Arc<str>)>, Error> {
    let mut names = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let at = format!("{place}/dependsOn/{index}");
        match &element.kind {
            JsonKind::String(name) => names.push((at, Arc::from(&**name))),
            other => return Err(invalid(&format!("'dependsOn' holds ids, not {}", other.article())).at(at)),
        }
    }
    Ok(names)
}

fn unknown(name: &str, place: String) -> Error {
    let name = shown(name);
    invalid(&format!("the member '{name}' is not known")).at(place + &name)
}

fn invalid(why: &str) -> Error {
    Error::bad_request(format!("Invalid batch payload format: {why}."))
}
