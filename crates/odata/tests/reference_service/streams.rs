//! Section 6: media entities, stream properties, binary values.

use crate::support::{Checks, Served};

const PNG: (&str, &str) = ("Content-Type", "image/png");

#[test]
fn media_items_hold_bytes() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let items = served.get("/MediaItems").json();
    for (index, (media_type, size)) in [("image/png", 1024), ("application/pdf", 2048)].into_iter().enumerate() {
        let item = &items["value"][index];
        let path = format!("/MediaItems({})", item["ID"].as_str().unwrap_or_default());
        let url = format!("{}{path}/$value", served.root());
        checks.eq("read link", &item["@odata.mediaReadLink"], &url);
        checks.eq("edit link", &item["@odata.mediaEditLink"], &url);
        checks.eq("content type", &item["@odata.mediaContentType"], &media_type);
        checks.eq("declared size", &item["Size"], &size);
        let media = served.get(&format!("{path}/$value"));
        checks.status("media", &media, 200);
        checks.header("media", &media, "Content-Type", Some(media_type));
        checks.eq("seed bytes", &media.body.len(), &20);
        for accept in ["*/*", media_type, &media_type.replace("png", "*").replace("pdf", "*")] {
            checks.status(accept, &served.send("GET", &format!("{path}/$value"), &[("Accept", accept)], ""), 200);
        }
    }
    checks.done();
}

#[test]
fn bytes_make_media_items() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let made = served.send("POST", "/MediaItems", &[PNG], "12345");
    checks.status("POST", &made, 201);
    let item = made.json();
    checks.eq("ContentType", &item["ContentType"], &"image/png");
    checks.eq("Size", &item["Size"], &5);
    checks.eq("Name", &item["Name"], &"");
    checks.eq("dates", &item["CreatedAt"], &item["ModifiedAt"]);
    let path = format!("/MediaItems({})", item["ID"].as_str().unwrap_or_default());
    checks.header("Location", &made, "Location", Some(&format!("{}{path}", served.root())));
    checks.eq("bytes", &served.get(&format!("{path}/$value")).text(), &"12345");
    let untyped = served.send("POST", "/MediaItems", &[], "1");
    checks.status("without a type", &untyped, 201);
    checks.eq("without a type", &untyped.json()["ContentType"], &"application/octet-stream");
    let put = served.send("PUT", &format!("{path}/$value"), &[("Content-Type", "text/plain")], "abc");
    checks.status("PUT", &put, 204);
    let changed = served.get(&path).json();
    checks.eq("ContentType", &changed["ContentType"], &"text/plain");
    checks.eq("content type", &changed["@odata.mediaContentType"], &"text/plain");
    checks.eq("Size", &changed["Size"], &3);
    let media = served.get(&format!("{path}/$value"));
    checks.header("media", &media, "Content-Type", Some("text/plain"));
    checks.eq("bytes", &media.text(), &"abc");
    let head = served.send("HEAD", &format!("{path}/$value"), &[], "");
    checks.status("HEAD", &head, 200);
    checks.eq("HEAD", &head.body.len(), &0);
    let range = served.send("GET", &format!("{path}/$value"), &[("Range", "bytes=1-1")], "");
    checks.status("a range", &range, 206);
    checks.eq("a range", &range.text(), &"b");
    checks.status("PATCH of properties", &served.json("PATCH", &path, r#"{"Name":"n"}"#), 204);
    checks.status("DELETE", &served.send("DELETE", &path, &[], ""), 204);
    checks.error("gone", &served.get(&format!("{path}/$value")), 404);
    checks.error("gone", &served.get(&path), 404);
    checks.done();
}

#[test]
fn json_makes_media_items_with_an_empty_stream() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let body = r#"{"Name":"n","ContentType":"text/plain","Size":7,"CreatedAt":"2020-01-01T00:00:00Z","ModifiedAt":"2021-01-01T00:00:00Z"}"#;
    let made = served.json("POST", "/MediaItems", body);
    checks.status("POST", &made, 201);
    let item = made.json();
    checks.eq("Size", &item["Size"], &7);
    checks.eq("CreatedAt", &item["CreatedAt"], &"2020-01-01T00:00:00Z");
    checks.eq("ModifiedAt", &item["ModifiedAt"], &"2021-01-01T00:00:00Z");
    let path = format!("/MediaItems({})", item["ID"].as_str().unwrap_or_default());
    checks.eq("empty", &served.get(&format!("{path}/$value")).body.len(), &0);
    let plain = served.json("POST", "/MediaItems", r#"{"Name":"n","ContentType":"text/plain"}"#).json();
    checks.that("made dates", plain["CreatedAt"].is_string() && plain["ModifiedAt"].is_string(), || plain.to_string());
    let path = format!("/MediaItems({})", plain["ID"].as_str().unwrap_or_default());
    checks.status("a new type", &served.json("PATCH", &path, r#"{"ContentType":"text/css"}"#), 204);
    checks.header("a new type", &served.get(&format!("{path}/$value")), "Content-Type", Some("text/css"));
    checks.eq("a new type", &served.get(&path).json()["@odata.mediaContentType"], &"text/css");
    checks.that("no size", plain["Size"].is_null(), || plain.to_string());
    checks.done();
}

#[test]
fn every_product_has_a_photo_from_the_start() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let laptop = served.product("Laptop");
    let url = format!("{}{laptop}/Photo", served.root());
    let entity = served.get(&laptop).json();
    checks.eq("read link", &entity["Photo@odata.mediaReadLink"], &url);
    checks.eq("edit link", &entity["Photo@odata.mediaEditLink"], &url);
    checks.that("no value", entity.get("Photo").is_none(), || entity.to_string());
    for suffix in ["/Photo", "/Photo/$value"] {
        let path = format!("{laptop}{suffix}");
        let photo = served.get(&path);
        checks.status("from the start", &photo, 200);
        checks.header("from the start", &photo, "Content-Type", Some("application/octet-stream"));
        checks.eq("empty", &photo.body.len(), &0);
        checks.status("PUT", &served.send("PUT", &path, &[PNG], suffix), 204);
        let photo = served.get(&path);
        checks.header("stored", &photo, "Content-Type", Some("image/png"));
        checks.eq("stored", &photo.text(), &suffix);
        checks.error("DELETE, but it is never null", &served.send("DELETE", &path, &[], ""), 400);
        checks.status("emptied", &served.send("PUT", &path, &[("Content-Type", "application/octet-stream")], ""), 204);
    }
    for (method, path, body) in [
        ("POST", "/Products", r#"{"Name":"n","Price":1,"Photo":"AAAA"}"#),
        ("POST", "/Categories", r#"{"Name":"n","Products":[{"Name":"n","Price":1,"Photo":"AAAA"}]}"#),
        ("PATCH", &*laptop, r#"{"Photo":"AAAA"}"#),
        ("PATCH", &*laptop, r#"{"Photo":null}"#),
        ("PUT", &*laptop, r#"{"Name":"n","Price":1,"Photo":"AAAA"}"#),
    ] {
        checks.error(&format!("{method} {body}"), &served.json(method, path, body), 400);
    }
    checks.eq(
        "a selected one",
        &served.get(&format!("{laptop}?$select=Photo")).json()["Photo@odata.mediaReadLink"],
        &url,
    );
    checks.done();
}

#[test]
fn the_logo_is_a_binary_value_with_a_media_type() {
    let (served, mut checks) = (Served::start(), Checks::default());
    let raw = served.get("/Company/Logo/$value");
    checks.status("raw", &raw, 200);
    checks.header("raw", &raw, "Content-Type", Some("image/svg+xml"));
    checks.that("raw", raw.text().starts_with("<svg"), || raw.text().to_owned());
    let value = served.get("/Company/Logo").json()["value"].as_str().unwrap_or_default().to_owned();
    checks.that("base64url", value.starts_with("PHN2Zy") && !value.contains(['+', '/']), || value.clone());
    let mug = served.product("Coffee Mug");
    let empty = served.get(&format!("{mug}/Data/$value"));
    checks.status("an empty value", &empty, 200);
    checks.header("without an annotation", &empty, "Content-Type", Some("application/octet-stream"));
    checks.eq("an empty value", &served.get(&format!("{mug}/Data")).json()["value"], &"");
    let laptop = served.product("Laptop");
    for (text, bytes) in [("-_8=", "fbff"), ("-_8", "fbff"), ("+/8=", "fbff")] {
        checks.status(text, &served.json("PATCH", &laptop, &format!(r#"{{"Data":"{text}"}}"#)), 204);
        let found: Vec<String> =
            served.get(&format!("{laptop}/Data/$value")).body.iter().map(|b| format!("{b:02x}")).collect();
        checks.eq(text, &found.concat(), &bytes);
    }
    checks.names(&served, "/Products?$filter=Data eq binary'AQID'", &["Wireless Mouse"]);
    checks.done();
}
