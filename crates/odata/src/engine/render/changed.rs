//! What became of the changes of a collection: a delta payload in the order of the request. Knows no data.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::context::Shown;
use super::error::exception;
use super::links::Links;
use super::{headers, json_format};
use crate::engine::Engine;
use crate::engine::address::push_record_key;
use crate::engine::head::{Head, Return};
use crate::engine::outcome::{Changed, FailedOperation, Removed};
use crate::engine::tokens::TokenSeal;
use crate::error::Error;
use crate::json::{Level, Place, Writer};
use crate::plan::Projection;

impl Engine {
    /// 204, or 200 where the changes are to be shown or one of them failed.
    pub(super) fn changed(
        &self,
        head: &Head,
        changes: &[Changed],
        tokens: &dyn TokenSeal,
    ) -> Result<Response<Bytes>, Error> {
        let has_failed = changes.iter().any(|change| matches!(change, Changed::Failed { .. }));
        if !has_failed && head.prefer.returns != Some(Return::Representation) {
            return Ok(headers::no_content(head, None, None));
        }
        let json = json_format(head);
        let links = Links::new(self, head, tokens);
        let format = self.format(head, true);
        let mut writer = self.writer(format, &links, 256 + changes.len() * 512);
        let url = self.collection_url(head);
        writer.out.push(b'{');
        if json.level != Level::None {
            writer.out.extend_from_slice(self.lead(head, Shown::Changes).as_bytes());
        }
        writer.member("value");
        writer.out.push(b'[');
        for change in changes {
            writer.comma();
            self.change(&mut writer, head, change, &|out| out.push_str(&url));
        }
        writer.out.extend_from_slice(b"]}");
        let body = writer.out;
        let mut response = self.ok(head, StatusCode::OK, body, None)?;
        if has_failed {
            let applied = HeaderName::from_static("preference-applied");
            response.headers_mut().append(applied, HeaderValue::from_static("continue-on-error=true"));
        }
        Ok(response)
    }

    fn change(&self, writer: &mut Writer<'_>, head: &Head, change: &Changed, collection: Place<'_>) {
        let declared = head.declared_type();
        let whole = [&Projection::default()];
        match change {
            Changed::Entity(record) => {
                let place = |url: &mut String| {
                    collection(url);
                    push_record_key(url, &self.model, record, self.key_style());
                };
                writer.record(record, declared.unwrap_or(record.type_id), &whole, &place, None);
            }
            Changed::Removed(removed) => self.tombstone(writer, head, removed, collection, None),
            Changed::Failed { operation, record, error } => {
                let place = |url: &mut String| {
                    collection(url);
                    push_record_key(url, &self.model, record, self.key_style());
                };
                let lead = exception(self.settings.profile, error, operation.name());
                match operation {
                    FailedOperation::Update => {
                        writer.record(record, declared.unwrap_or(record.type_id), &whole, &place, Some(&lead));
                    }
                    FailedOperation::Insert | FailedOperation::Link => {
                        let deleted = *operation == FailedOperation::Insert;
                        let removed = Removed { record: record.clone(), deleted };
                        self.tombstone(writer, head, &removed, collection, Some(&lead));
                    }
                    FailedOperation::Delete | FailedOperation::Unlink => writer.reference(&place, Some(&lead)),
                }
            }
        }
    }
}

impl FailedOperation {
    fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Link => "link",
            Self::Unlink => "unlink",
        }
    }
}
