//! What each method of a path takes and answers: parameters, bodies, statuses as the engine gives them.

use http::Method;

use super::paths::Resource;
use super::scalars;
use super::schemas::{self, Variant};
use super::tree::{Tree, list, map};
use crate::engine::{TargetKind, calls_delta, is_graph};
use crate::model::{EdmType, Model, TypeId, TypeRef};
use crate::profile::Profile;

/// The methods of a path as its path item's members.
pub(super) fn of(model: &Model, profile: Profile, resource: &Resource<'_>, ids: &mut Vec<String>) -> Tree {
    let mut item = map([]);
    if !resource.parameters.is_empty() {
        let parameters = resource.parameters.iter().map(|(name, ty)| {
            if ty.collection { alias_parameter(model, name, ty) } else { path_parameter(model, name, ty) }
        });
        item = item.with("parameters", Tree::List(parameters.collect()));
    }
    for method in crate::engine::allowed_methods(model, profile, false, &resource.target) {
        // HEAD is GET without its body, everywhere.
        if method != Method::HEAD {
            let name = method.as_str().to_ascii_lowercase();
            item = item.with(name, Describer { model, profile, resource }.operation(&method, ids));
        }
    }
    item
}

struct Describer<'a, 'm> {
    model: &'m Model,
    profile: Profile,
    resource: &'a Resource<'m>,
}

impl Describer<'_, '_> {
    fn operation(&self, method: &Method, ids: &mut Vec<String>) -> Tree {
        let resource = self.resource;
        let mut id = format!("{}.{}", resource.names.join("."), self.verb(method));
        while ids.contains(&id) {
            id.push_str(".other");
        }
        ids.push(id.clone());
        let tag = resource.names.first().map_or("", String::as_str);
        let mut out = map([("operationId", id.into()), ("tags", list([tag]))]);
        out = out.with_some("description", self.description());
        let parameters = self.parameters(method);
        if !parameters.is_empty() {
            out = out.with("parameters", Tree::List(parameters));
        }
        out.with_some("requestBody", self.body(method)).with("responses", self.responses(method))
    }

    fn verb(&self, method: &Method) -> &'static str {
        match (method.as_str(), self.resource.target.kind) {
            (_, TargetKind::Action | TargetKind::Function) => "call",
            ("GET", TargetKind::EntityCollection | TargetKind::ValueCollection) => "list",
            ("POST", _) => "create",
            ("PATCH", _) => "update",
            ("PUT", _) => "replace",
            ("DELETE", _) => "delete",
            _ => "get",
        }
    }

    fn description(&self) -> Option<String> {
        let of = |annotations| schemas::description(self.model, annotations).map(str::to_owned);
        let resource = self.resource;
        match (resource.operation, resource.place.members.last()) {
            (Some(id), _) => of(&self.model.operation(id).annotations),
            (None, Some(member)) => of(&member.annotations),
            (None, None) => of(&resource.place.child.annotations),
        }
    }

    fn named(&self) -> Option<TypeId> {
        match self.resource.target.ty.as_ref()?.base {
            EdmType::Named(id) if self.model.structured(id).is_some() => Some(id),
            _ => None,
        }
    }

    fn is_collection(&self) -> bool {
        self.resource.target.ty.as_ref().is_some_and(|ty| ty.collection)
    }

    /// Query options that the capabilities allow, and the headers that count.
    fn parameters(&self, method: &Method) -> Vec<Tree> {
        let kind = self.resource.target.kind;
        let mut out = Vec::new();
        if self.tells_changes() {
            self.following(&mut out);
            return out;
        }
        let is_read = *method == Method::GET;
        let is_entity = matches!(kind, TargetKind::Entity | TargetKind::EntityCollection);
        if is_read && kind == TargetKind::Count {
            self.narrowing(&mut out);
        } else if is_read && kind != TargetKind::Stream && self.is_collection() {
            self.narrowing(&mut out);
            self.paging(&mut out);
        }
        if (is_read && kind != TargetKind::Count) || (is_entity && *method != Method::DELETE) {
            self.projection(&mut out);
        }
        let has_tag = matches!(kind, TargetKind::Entity | TargetKind::Stream | TargetKind::Complex);
        if is_read && has_tag {
            out.push(header("If-None-Match", "Answers 304 when the entity tag is the current one."));
        } else if has_tag && !is_read {
            out.push(header("If-Match", "Changes only what still has this entity tag."));
        }
        out
    }

    fn narrowing(&self, out: &mut Vec<Tree>) {
        let place = &self.resource.place;
        if place.may(self.model, "FilterRestrictions", "Filterable") {
            out.push(query("$filter", some_text(), "Only elements for which the expression is true."));
        }
        if place.may(self.model, "SearchRestrictions", "Searchable") && self.named().is_some() {
            out.push(query("$search", some_text(), "Only elements with these words."));
        }
    }

    fn paging(&self, out: &mut Vec<Tree>) {
        let (model, place) = (self.model, &self.resource.place);
        let number = || scalars::whole("int64", 0, i64::MAX);
        if place.may(model, "SortRestrictions", "Sortable") {
            let schema = self.members(|member| {
                let sortable = !member.ty.collection && !member.is_stream() && !member.is_navigation();
                sortable && model.primitive_of(&member.ty).is_some()
            });
            out.push(query_list("$orderby", schema, "Expressions to sort by, each with `asc` or `desc` behind it."));
        }
        if place.supports(model, "TopSupported") {
            out.push(query("$top", number(), "At most so many elements."));
        }
        if place.supports(model, "SkipSupported") {
            out.push(query("$skip", number(), "Leaves out so many elements first."));
        }
        if place.may(model, "CountRestrictions", "Countable") {
            out.push(query("$count", map([("type", "boolean".into())]), "Says how many there are in all."));
        }
    }

    fn projection(&self, out: &mut Vec<Tree>) {
        if self.named().is_none() {
            return;
        }
        self.selection(out);
        let expands = self.members(crate::model::Member::is_navigation);
        let has_any = matches!(&expands, Tree::List(names) if !names.is_empty());
        if has_any && self.resource.place.may(self.model, "ExpandRestrictions", "Expandable") {
            out.push(query_list("$expand", expands, "The related entities to answer with."));
        }
    }

    fn selection(&self, out: &mut Vec<Tree>) {
        if self.resource.place.may(self.model, "SelectSupport", "Supported") {
            let schema = self.members(|member| !member.is_navigation());
            out.push(query_list("$select", schema, "The properties to answer with."));
        }
    }

    /// Whether this is Graph's function that tells changes.
    fn tells_changes(&self) -> bool {
        is_graph(self.profile) && calls_delta(self.model, &self.resource.target)
    }

    /// What following changes takes.
    fn following(&self, out: &mut Vec<Tree>) {
        self.selection(out);
        let size = scalars::whole("int64", 1, i64::MAX);
        out.push(query("$top", size, "So many entities in a page at most."));
        out.push(query(
            "$deltatoken",
            some_text(),
            "From a link to later changes, or `latest` for one that begins now.",
        ));
        out.push(query("$skiptoken", some_text(), "From a link to the next page."));
    }

    fn members(&self, wanted: impl Fn(&crate::model::Member) -> bool) -> Tree {
        let ty = self.named().and_then(|id| self.model.structured(id));
        list(ty.iter().flat_map(|ty| &ty.members).filter(|member| wanted(member)).map(|member| &*member.name))
    }

    fn body(&self, method: &Method) -> Option<Tree> {
        let ty = self.resource.target.ty.as_ref();
        let schema = match (self.resource.target.kind, method.as_str()) {
            (TargetKind::Action, _) => return self.action_body(),
            (_, "GET" | "DELETE") => return None,
            (TargetKind::Stream, _) => {
                return Some(map([
                    ("content", map([("application/octet-stream", map([]))])),
                    ("required", true.into()),
                ]));
            }
            (TargetKind::EntityCollection | TargetKind::Entity, "POST") => self.variant(Variant::Create)?,
            (TargetKind::Entity, _) => self.variant(Variant::Update)?,
            // A property is set to null where it may be.
            (TargetKind::Complex, "PATCH") => schemas::of(self.model, ty?, Variant::Update),
            (TargetKind::Complex, _) => schemas::of(self.model, ty?, Variant::Create),
            _ => {
                let schema = schemas::of(self.model, ty?, Variant::Create);
                map([("type", "object".into()), ("properties", map([("value", schema)]))])
                    .with("required", list(["value"]))
                    .with("additionalProperties", false)
            }
        };
        Some(json_body(schema, true))
    }

    fn variant(&self, variant: Variant) -> Option<Tree> {
        let mut ty = self.resource.target.ty.clone()?;
        ty.collection = false;
        ty.nullable = false;
        Some(schemas::of(self.model, &ty, variant))
    }

    fn action_body(&self) -> Option<Tree> {
        let own = self.model.operation(self.resource.operation?).own_parameters();
        if own.is_empty() {
            return None;
        }
        let properties = own.iter().map(|parameter| {
            let schema = schemas::of(self.model, &parameter.ty, Variant::Create);
            (parameter.name.to_string(), scalars::within_bounds(schema, self.model, &parameter.annotations))
        });
        let must = |ty: &TypeRef| ty.collection || !ty.nullable;
        let required: Vec<&str> =
            own.iter().filter(|one| !one.optional && must(&one.ty)).map(|parameter| &*parameter.name).collect();
        let schema = map([("type", "object".into()), ("properties", Tree::Map(properties.collect()))]);
        let must_come = !required.is_empty();
        let schema = if must_come { schema.with("required", list(required)) } else { schema };
        Some(json_body(schema.with("additionalProperties", false), must_come))
    }

    fn responses(&self, method: &Method) -> Tree {
        let kind = self.resource.target.kind;
        let mut out = map([]);
        for (status, answer) in self.successes(method) {
            out = out.with(status, answer);
        }
        let mut errors = vec!["400", "401", "403", "404", "414"];
        if *method != Method::DELETE {
            errors.push("406");
        }
        if !matches!(kind, TargetKind::Count | TargetKind::Function) {
            errors.push("412");
        }
        match (method.as_str(), kind) {
            ("GET", TargetKind::Stream) => errors.push("416"),
            ("GET", _) => {}
            ("DELETE", _) => errors.extend(["409", "428"]),
            _ => errors.extend(["408", "409", "413", "415", "428"]),
        }
        if self.tells_changes() {
            errors.push("410");
        }
        errors.push("429");
        errors.push("500");
        if self.profile == Profile::Strict {
            errors.push("501");
        }
        errors.push("503");
        if *method != Method::GET {
            errors.push("507");
        }
        errors.sort_unstable();
        for status in errors {
            out = out.with(status, map([("$ref", "#/components/responses/error".into())]));
        }
        out
    }

    fn successes(&self, method: &Method) -> Vec<(&'static str, Tree)> {
        let kind = self.resource.target.kind;
        let nothing = || answer("Done; there is nothing to show.", None);
        let unchanged = || ("304", answer("What the caller has is the current state.", None));
        let content = |schema: Tree| json_content(schema);
        let ty = self.resource.target.ty.as_ref();
        match (kind, method.as_str()) {
            (_, "DELETE") => vec![("204", nothing())],
            (TargetKind::Count, _) => {
                let number = map([("type", "integer".into()), ("minimum", 0.into())]);
                vec![("200", answer("How many there are.", Some(map([("text/plain", map([("schema", number)]))]))))]
            }
            (TargetKind::Stream, "GET") => {
                let bytes = || Some(map([("*/*", map([]))]));
                let part = ("206", answer("The part that was asked for.", bytes()));
                vec![("200", answer("The bytes.", bytes())), ("204", nothing()), part, unchanged()]
            }
            (TargetKind::Stream, _) => vec![("204", nothing())],
            (TargetKind::EntityCollection | TargetKind::Entity, "POST") => {
                let Some(schema) = self.variant(Variant::Read) else { return Vec::new() };
                let created = answer("It was created.", Some(content(schema))).with("headers", location());
                vec![("201", created), ("204", nothing())]
            }
            (TargetKind::Action | TargetKind::Function, _) => match ty {
                None => vec![("204", nothing())],
                Some(ty) => vec![("200", answer("The result.", Some(content(self.result(ty))))), ("204", nothing())],
            },
            (TargetKind::Entity, method) => {
                let Some(schema) = self.variant(Variant::Read) else { return Vec::new() };
                let shown = answer("The entity.", Some(content(schema))).with("headers", etag());
                vec![("200", shown), if method == "GET" { unchanged() } else { ("204", nothing()) }]
            }
            (_, method) => {
                let Some(ty) = ty else { return Vec::new() };
                let mut all = vec![("200", answer("The value.", Some(content(self.result(ty))))), ("204", nothing())];
                if method == "GET" {
                    all.push(unchanged());
                }
                all
            }
        }
    }

    /// What a read or a call answers with.
    fn result(&self, ty: &TypeRef) -> Tree {
        let structured = match ty.base {
            EdmType::Named(id) => self.model.structured(id),
            _ => None,
        };
        match (structured, ty.collection) {
            (Some(found), true) if found.is_entity => schemas::reference(&format!("{}-collection", found.name)),
            (Some(_), false) => schemas::of(self.model, &TypeRef { nullable: false, ..ty.clone() }, Variant::Read),
            (_, true) => {
                schemas::page(schemas::of(self.model, &TypeRef { collection: false, ..ty.clone() }, Variant::Read))
            }
            (_, false) => schemas::value(schemas::of(self.model, ty, Variant::Read)),
        }
    }
}

fn text() -> Tree {
    map([("type", "string".into())])
}

/// What cannot be empty.
pub(super) fn some_text() -> Tree {
    text().with("minLength", Tree::Int(1))
}

fn query(name: &str, schema: Tree, description: &str) -> Tree {
    map([("name", name.into()), ("in", "query".into()), ("description", description.into()), ("schema", schema)])
}

/// An option that takes a list; the names that surely are good stand in it, and paths and nested options are good too.
fn query_list(name: &str, names: Tree, description: &str) -> Tree {
    let known = map([("enum", names)]);
    let items = map([("anyOf", Tree::List(vec![known, some_text()]))]);
    let schema =
        map([("type", "array".into()), ("items", items), ("minItems", 1.into()), ("uniqueItems", true.into())]);
    query(name, schema, description).with("style", "form").with("explode", false)
}

fn header(name: &str, description: &str) -> Tree {
    map([
        ("name", name.into()),
        ("in", "header".into()),
        ("description", description.into()),
        ("schema", map([("type", "string".into()), ("pattern", "^(\\*|(W/)?\"[!#-~]*\")$".into())])),
    ])
}

fn path_parameter(model: &Model, name: &str, ty: &TypeRef) -> Tree {
    let schema = match model.primitive_of(ty) {
        Some((crate::model::Primitive::String, _)) => {
            // An empty segment is no segment, and a quote ends the text.
            map([("type", "string".into()), ("minLength", 1.into()), ("pattern", "^[^\\u0000-\\u001f'/\\\\]+$".into())])
        }
        _ => schemas::of(model, ty, Variant::Read),
    };
    map([("name", name.into()), ("in", "path".into()), ("required", true.into()), ("schema", schema)])
}

/// The value of an alias that stands in the path: JSON among the query options.
fn alias_parameter(model: &Model, name: &str, ty: &TypeRef) -> Tree {
    map([
        ("name", format!("@{name}").into()),
        ("in", "query".into()),
        ("required", true.into()),
        ("content", json_content(schemas::of(model, ty, Variant::Create))),
    ])
}

pub(super) fn json_content(schema: Tree) -> Tree {
    map([("application/json", map([("schema", schema)]))])
}

pub(super) fn json_body(schema: Tree, required: bool) -> Tree {
    map([("content", json_content(schema)), ("required", required.into())])
}

pub(super) fn answer(description: &str, content: Option<Tree>) -> Tree {
    map([("description", description.into())]).with_some("content", content)
}

fn etag() -> Tree {
    map([("ETag", map([("description", "The entity tag of this state.".into()), ("schema", text())]))])
}

fn location() -> Tree {
    map([
        ("Location", map([("description", "Where it is.".into()), ("required", true.into()), ("schema", text())])),
        ("ETag", map([("description", "The entity tag of this state.".into()), ("schema", text())])),
    ])
}
