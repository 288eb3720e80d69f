//! A property that the type does not declare, by its own URL. Knows no property that is declared.

use bytes::Bytes;
use http::{Response, StatusCode};

use super::context::Shown;
use super::links::Links;
use super::{answered_without_value, json_format};
use crate::engine::Engine;
use crate::engine::head::Head;
use crate::engine::target::TargetKind;
use crate::engine::tokens::TokenSeal;
use crate::error::Error;
use crate::json::Level;
use crate::model::{AnyKind, EdmType, TypeRef};
use crate::value::{DynamicProperty, Value};

impl Engine {
    pub(super) fn dynamic(
        &self,
        head: &Head,
        property: &DynamicProperty,
        etag: Option<&str>,
        tokens: &dyn TokenSeal,
    ) -> Result<Response<Bytes>, Error> {
        let DynamicProperty { name, ty, value } = property;
        if let Some(response) = answered_without_value(head, value, etag)? {
            return Ok(response);
        }
        if head.target.kind == TargetKind::RawValue {
            if matches!(value, Value::Record(_) | Value::Collection(_) | Value::Rendered(_)) {
                return Err(Error::bad_request(format!("The property '{name}' has no raw value.")).at("path"));
            }
            let ty = TypeRef::single(ty.unwrap_or(EdmType::Any(AnyKind::Untyped)));
            return Ok(self.raw_value(head, value, &ty, etag));
        }
        let level = json_format(head).level;
        let links = Links::new(self, head, tokens);
        let mut writer = self.writer(self.format(head, false), &links, 256);
        let lead = (level != Level::None).then(|| self.lead(head, Shown::Value));
        if let Value::Record(record) = value {
            writer.dynamic_record(record, lead.as_deref());
        } else {
            writer.out.push(b'{');
            writer.out.extend_from_slice(lead.unwrap_or_default().as_bytes());
            if level != Level::None
                && let Some(told) = writer.told_type(value, *ty)
            {
                writer.annotation("", "odata.type", &told);
            }
            writer.member("value");
            writer.dynamic_value(value, *ty);
            writer.out.push(b'}');
        }
        let body = writer.out;
        self.ok(head, StatusCode::OK, body, etag)
    }
}
