//! A small library in memory, read through the engine and the generic reader: what a GET answers, as status and JSON.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::{HeaderMap, Method};
use odata::edm::DateTimeOffset;
use odata::engine::{Engine, ErrorContext, Settings, StreamBody, Unsealed};
use odata::exec::memory::{Call, Reader, Related, Rows, Source};
use odata::{Error, Model, Profile, Record, RecordBuilder, Value};
use serde_json::Value as Json;

pub(crate) const ROOT: &str = "https://example.org";

static MODEL: LazyLock<Arc<Model>> =
    LazyLock::new(|| Arc::new(odata::csdl::read(include_str!("library.csdl.xml")).expect("the model is valid")));

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let settings = Settings { page_size_max: None, compute: true, ..Settings::new(Profile::Strict) };
    Engine::new(Arc::clone(&MODEL), settings)
});

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::new);

struct Library {
    authors: Vec<Arc<Record>>,
    books: Vec<Arc<Record>>,
    notes: Vec<Arc<Record>>,
}

fn new(ty: &str) -> RecordBuilder<'static> {
    RecordBuilder::new(&MODEL, MODEL.type_by_name(&format!("lib.{ty}")).expect("declared"))
}

fn place(city: &str, shelf: i32) -> Value {
    new("Place").set_named("City", city).set_named("Shelf", shelf).build().into()
}

fn get(record: &Record, name: &str) -> Value {
    let ty = MODEL.structured(record.type_id).expect("structured");
    ty.member(name).and_then(|(number, _)| record.get(number)).cloned().unwrap_or(Value::Null)
}

impl Library {
    /// Book 1 by author 1, book 2 (an atlas) by author 2, book 3 by nobody; 1 is continued by 2 and 2 by 1.
    fn new() -> Self {
        let author = |id: i32, name: &str| new("Author").set_named("ID", id).set_named("Name", name).whole().into();
        let book = |ty, id: i32, title: &str, pages: i32, author: Option<i32>| {
            let isbn = format!("978-{id}");
            let tags: Vec<Value> = ["old", "red", "big"][..3 - usize::try_from(id - 1).expect("small")]
                .iter()
                .map(|tag| Value::from(*tag))
                .collect();
            let book = new(ty)
                .set_named("ID", id)
                .set_named("Title", title)
                .set_named("Isbn", isbn.as_str())
                .set_named("Pages", pages)
                .set_named("Form", Value::Enum(if id == 2 { 3 } else { 1 }))
                .set_named("AuthorID", Value::from(author))
                .set_named("Tags", tags)
                .set_named("Copies", vec![place("Rome", id), place("Oslo", id + 1), place("Rome", id + 2)]);
            let book = if id == 1 { book.set_named("Where", place("Rome", 7)) } else { book };
            book.etag(format!("W/\"{id}\"")).whole().into()
        };
        let note = |book: i32, language: &str| {
            let text = format!("{language} of {book}");
            let note = new("Note").set_named("BookID", book).set_named("Language", language);
            note.set_named("Text", text.as_str()).whole().into()
        };
        Self {
            authors: vec![author(1, "Ada"), author(2, "Bob")],
            books: vec![
                book("Book", 1, "Alpha", 300, Some(1)),
                book("Atlas", 2, "Beta", 100, Some(2)),
                book("Book", 3, "Gamma", 200, None),
            ],
            notes: vec![note(1, "EN"), note(1, "DE"), note(2, "EN")],
        }
    }

    fn set(&self, child: u16) -> &[Arc<Record>] {
        match &*MODEL.container.children[usize::from(child)].name {
            "Authors" => &self.authors,
            "Books" => &self.books,
            _ => &self.notes,
        }
    }

    fn book(&self, id: &Value) -> Option<Arc<Record>> {
        self.books.iter().find(|book| get(book, "ID") == *id).cloned()
    }
}

fn ranked<'s>(rows: &'s [Arc<Record>], fits: impl Fn(&Record) -> bool + 's) -> Rows<'s> {
    Box::new((0..).zip(rows.iter().cloned()).filter(move |(_, row)| fits(row)))
}

impl Source for Library {
    fn rows(&self, child: u16) -> Rows<'_> {
        ranked(self.set(child), |_| true)
    }

    fn entity(&self, child: u16, key: &[Value]) -> Option<Arc<Record>> {
        match key {
            [] => self.books.last().cloned(),
            [id] => self.set(child).iter().find(|row| get(row, "ID") == *id).cloned(),
            [book, language] => {
                let fits = |row: &Record| get(row, "BookID") == *book && get(row, "Language") == *language;
                self.notes.iter().find(|row| fits(row)).cloned()
            }
            _ => None,
        }
    }

    fn related(&self, owner: &Record, member: u16) -> Related<'_> {
        let id = get(owner, "ID");
        let ty = MODEL.structured(owner.type_id).expect("structured");
        match &*ty.members[usize::from(member)].name {
            "Author" => {
                let author = get(owner, "AuthorID");
                Related::One(self.authors.iter().find(|row| get(row, "ID") == author).cloned())
            }
            "Books" => Related::Many(ranked(&self.books, move |book| get(book, "AuthorID") == id)),
            "Notes" => Related::Many(ranked(&self.notes, move |note| get(note, "BookID") == id)),
            "Sequel" if id == Value::from(1) => Related::One(self.book(&Value::from(2))),
            "Sequel" if id == Value::from(2) => Related::One(self.book(&Value::from(1))),
            "Book" => Related::One(self.book(&get(owner, "BookID"))),
            _ => Related::One(None),
        }
    }

    fn call(&self, call: &Call<'_>) -> Result<Value, Error> {
        let operation = MODEL.operation(call.operation);
        match (operation.short_name(), call.parameters) {
            ("Longest", []) => Ok(Value::Record(Arc::clone(&self.books[0]))),
            ("Longest", [Some(Value::Int(count))]) => {
                let count = usize::try_from(*count).map_err(|_| Error::bad_request("count is negative"))?;
                let by_length = [0, 2, 1].map(|at| Value::Record(Arc::clone(&self.books[at])));
                Ok(by_length.into_iter().take(count).collect::<Vec<_>>().into())
            }
            ("Echo", [Some(value)]) => Ok(value.clone()),
            ("Of", [Some(Value::Enum(form))]) => {
                let books = call.binding.and_then(Value::as_collection).expect("bound to a collection");
                let fits = |book: &&Value| {
                    let form_of = book.as_record().map(|book| get(book, "Form"));
                    matches!(form_of, Some(Value::Enum(flags)) if flags & form == *form)
                };
                Ok(books.iter().filter(fits).cloned().collect::<Vec<_>>().into())
            }
            _ => Ok(Value::Null),
        }
    }

    fn is_searched(&self, _ty: odata::model::TypeId, member: u16) -> bool {
        member != 2
    }

    fn stream(&self, owner: &Record, property: Option<u16>) -> Option<StreamBody> {
        let bytes = Bytes::from_static(b"a cover");
        let is_first = property.is_some() && get(owner, "ID") == Value::from(1);
        is_first.then(|| StreamBody { media_type: "image/svg+xml".into(), bytes, etag: None, modified_unix_s: None })
    }
}

/// What a GET answers: status and body, which is null where there is none and a string where it is no JSON.
pub(crate) fn get_with(url: &str, headers: &HeaderMap) -> (u16, Json) {
    let context = ErrorContext { headers, date: "2025-01-01T00:00:00", request_id: "r", client_request_id: "c" };
    let answer = || {
        let head = ENGINE.head(&Method::GET, url, headers, ROOT, &Unsealed)?;
        let operation = ENGINE.bind(&head, Bytes::new(), None)?;
        let now = DateTimeOffset::from_unix_nanos(0);
        let reader = Reader { model: &MODEL, source: &*LIBRARY, now };
        ENGINE.render(&head, reader.read(head.target(), &operation)?, &Unsealed)
    };
    let response = answer().unwrap_or_else(|error| ENGINE.render_error(&error, &context));
    let text = std::str::from_utf8(response.body()).expect("UTF-8");
    let body = match text {
        "" => Json::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned())),
    };
    (response.status().as_u16(), body)
}

pub(crate) fn get_url(url: &str) -> (u16, Json) {
    get_with(url, &HeaderMap::new())
}

/// The status of a GET.
pub(crate) fn status(url: &str) -> u16 {
    get_url(url).0
}

/// The body of a GET that has to succeed.
pub(crate) fn body(url: &str) -> Json {
    let (status, body) = get_url(url);
    assert_eq!(status, 200, "{url}: {body}");
    body
}

/// A member of each entity of a collection.
pub(crate) fn each(url: &str, member: &str) -> Vec<Json> {
    let body = body(url);
    body["value"].as_array().expect("a collection").iter().map(|item| item[member].clone()).collect()
}
