//! JSON Schema (2020-12, the dialect of OpenAPI 3.1) of every type: as read, as created, as changed. Knows no path.

use super::scalars::{enumeration, primitive, within_bounds};
use super::tree::{Tree, list, map};
use crate::model::{EdmType, Member, MemberKind, Model, NamedType, StructuredType, TypeId, TypeRef};
use crate::profile::Profile;

/// Which use a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    /// What an answer holds.
    Read,
    /// What a POST may give.
    Create,
    /// What a PATCH may give.
    Update,
}

impl Variant {
    fn suffix(self) -> &'static str {
        match self {
            Self::Read => "",
            Self::Create => "-create",
            Self::Update => "-update",
        }
    }
}

/// A reference to a component schema.
pub(super) fn reference(name: &str) -> Tree {
    map([("$ref", format!("#/components/schemas/{name}").into())])
}

/// Every component schema that the model's types need.
pub(super) fn components(model: &Model, profile: Profile) -> Tree {
    let mut members = Vec::new();
    for (id, ty) in (0..).map(TypeId).zip(&model.types) {
        match ty {
            NamedType::Enum(ty) => members.push((ty.name.to_string(), enumeration(ty))),
            NamedType::Definition(ty) => {
                members.push((ty.name.to_string(), primitive(ty.underlying, ty.facets, Variant::Read)));
            }
            NamedType::Structured(ty) => {
                for variant in [Variant::Read, Variant::Create, Variant::Update] {
                    structured(model, profile, id, ty, variant, &mut members);
                }
                if ty.is_entity {
                    members.push((format!("{}-collection", ty.name), page(reference(&ty.name))));
                }
            }
        }
    }
    members.push(("error".to_owned(), error(profile)));
    Tree::Map(members)
}

/// A use of a type.
pub(super) fn of(model: &Model, ty: &TypeRef, variant: Variant) -> Tree {
    let element = element(model, ty, variant);
    let element = if ty.nullable { nullable(element) } else { element };
    if ty.collection { map([("type", "array".into()), ("items", element)]) } else { element }
}

/// A page of a collection.
pub(super) fn page(items: Tree) -> Tree {
    let text = || map([("type", "string".into())]);
    map([
        ("type", "object".into()),
        (
            "properties",
            map([
                ("@odata.context", text()),
                ("@odata.count", map([("type", "integer".into()), ("format", "int64".into())])),
                ("value", map([("type", "array".into()), ("items", items)])),
                ("@odata.nextLink", text()),
                ("@odata.deltaLink", text()),
            ]),
        ),
        ("required", list(["value"])),
    ])
}

/// The answer that holds one property.
pub(super) fn value(inner: Tree) -> Tree {
    map([
        ("type", "object".into()),
        ("properties", map([("@odata.context", map([("type", "string".into())])), ("value", inner)])),
        ("required", list(["value"])),
    ])
}

fn element(model: &Model, ty: &TypeRef, variant: Variant) -> Tree {
    match ty.base {
        EdmType::Primitive(base) => primitive(base, ty.facets, variant),
        EdmType::Named(id) => match model.named(id) {
            NamedType::Structured(found) => reference(&format!("{}{}", found.name, variant.suffix())),
            other => reference(other.name()),
        },
        EdmType::Any(_) => map([]),
    }
}

/// `null` beside what a schema takes.
fn nullable(schema: Tree) -> Tree {
    match schema {
        Tree::Map(mut members) => {
            if let Some((_, ty)) = members.iter_mut().find(|(name, ty)| name == "type" && matches!(ty, Tree::Text(_))) {
                *ty = Tree::List(vec![ty.clone(), "null".into()]);
                return Tree::Map(members);
            }
            if members.is_empty() {
                return Tree::Map(members);
            }
            map([("anyOf", Tree::List(vec![Tree::Map(members), map([("type", "null".into())])]))])
        }
        other => other,
    }
}

fn structured(
    model: &Model,
    profile: Profile,
    id: TypeId,
    ty: &StructuredType,
    variant: Variant,
    out: &mut Vec<(String, Tree)>,
) {
    let name = format!("{}{}", ty.name, variant.suffix());
    let concrete = model.concrete_types_of(id);
    let is_union = ty.is_abstract || concrete.len() > 1;
    if !is_union {
        out.push((name, object(model, profile, ty, variant)));
        return;
    }
    let own = |id: &TypeId| {
        let inner = model.named(*id).name();
        let own = if model.concrete_types_of(*id).len() > 1 { "-itself" } else { "" };
        format!("{inner}{}{own}", variant.suffix())
    };
    if !ty.is_abstract {
        out.push((format!("{name}-itself"), object(model, profile, ty, variant)));
    }
    if concrete.is_empty() {
        out.push((name, map([("type", "object".into())])));
        return;
    }
    let targets: Vec<String> = concrete.iter().map(own).collect();
    let mapping = concrete.iter().zip(&targets).map(|(id, target)| {
        let link = format!("#/components/schemas/{target}");
        (format!("#{}", model.named(*id).name()), link.into())
    });
    let union = map([
        ("anyOf", Tree::List(targets.iter().map(|target| reference(target)).collect())),
        ("discriminator", map([("propertyName", "@odata.type".into()), ("mapping", Tree::Map(mapping.collect()))])),
    ]);
    out.push((name, union));
}

/// What a property can be called that an open type does not declare; what holds an `@` is an annotation.
const NAME_OR_ANNOTATION: &str = "^[_\\p{L}][_\\p{L}\\p{N}]{0,127}$|@";

fn object(model: &Model, profile: Profile, ty: &StructuredType, variant: Variant) -> Tree {
    let mut properties = Vec::new();
    let mut required = Vec::new();
    let kind = map([("type", "string".into()), ("enum", list([format!("#{}", ty.name), ty.name.to_string()]))]);
    properties.push(("@odata.type".to_owned(), kind));
    // A value of a derived type says so; where the declared type is abstract nothing else will do. The type of an entity that
    // is changed is known, that of a value inside it is not.
    let must_say = ty.ancestors.iter().any(|base| used_as_declared(model, *base));
    let says = match variant {
        Variant::Read => profile == Profile::Graph,
        Variant::Create => true,
        Variant::Update => !ty.is_entity,
    };
    if must_say && says {
        required.push("@odata.type");
    }
    for (number, member) in (0..).zip(&ty.members) {
        let Some(schema) = property(model, ty, number, member, variant) else { continue };
        properties.push((member.name.to_string(), schema));
        if variant == Variant::Create && member.is_required() {
            required.push(&member.name);
        }
    }
    let mut schema = map([("type", "object".into())]);
    schema = schema.with_some("description", description(model, &ty.annotations));
    schema = schema.with("properties", Tree::Map(properties));
    if !required.is_empty() {
        schema = schema.with("required", list(required));
    }
    if variant == Variant::Read {
        // Annotations are told by their `@`.
        schema = schema.with("patternProperties", map([("@", map([]))]));
    }
    if !ty.is_open {
        return schema.with("additionalProperties", false);
    }
    if variant != Variant::Read {
        schema = schema.with("propertyNames", map([("pattern", NAME_OR_ANNOTATION.into())]));
    }
    schema.with("additionalProperties", true)
}

/// Whether some property, set or parameter is declared of the type: its values then come in several types.
fn used_as_declared(model: &Model, id: TypeId) -> bool {
    let is_it = |ty: &TypeRef| ty.base == EdmType::Named(id);
    let in_members = model.types.iter().any(|ty| match ty {
        NamedType::Structured(ty) => ty.members.iter().any(|member| is_it(&member.ty)),
        _ => false,
    });
    let in_operations = model.operations.iter().any(|op| {
        op.own_parameters().iter().any(|parameter| is_it(&parameter.ty)) || op.returns.as_ref().is_some_and(is_it)
    });
    in_members
        || in_operations
        || model.container.children.iter().any(|child| crate::engine::child_type(child) == Some(id))
}

/// A member as the variant has it; `None` where it has none.
fn property(model: &Model, ty: &StructuredType, number: u16, member: &Member, variant: Variant) -> Option<Tree> {
    let is_key = ty.key.iter().any(|key| key.path.first() == Some(&number));
    let schema = match (&member.kind, variant) {
        (MemberKind::Structural { computed: true, .. }, Variant::Create | Variant::Update)
        | (MemberKind::Structural { immutable: true, .. } | MemberKind::Navigation(_), Variant::Update) => return None,
        (MemberKind::Structural { .. }, Variant::Update) if is_key => return None,
        // What is linked is given by reference, and what is contained by a deep insert.
        (MemberKind::Navigation(navigation), Variant::Create) if !navigation.contains_target => return None,
        (MemberKind::Navigation(_), Variant::Create) => {
            let mut ty = member.ty.clone();
            ty.nullable = ty.nullable && !ty.collection;
            of(model, &ty, variant)
        }
        (MemberKind::Navigation(_), Variant::Read) => {
            let ty = TypeRef { nullable: member.ty.nullable && !member.ty.collection, ..member.ty.clone() };
            of(model, &ty, variant)
        }
        // A complex value inside a change is whole or merged; the parts of it that are required are so in both.
        (MemberKind::Structural { .. }, Variant::Update) if member.ty.collection => {
            of(model, &member.ty, Variant::Create)
        }
        (MemberKind::Structural { .. }, _) => of(model, &member.ty, variant),
    };
    let schema = within_bounds(schema, model, &member.annotations);
    let computed = matches!(member.kind, MemberKind::Structural { computed: true, .. });
    let schema = if computed && variant == Variant::Read { beside(schema, "readOnly", true.into()) } else { schema };
    Some(match description(model, &member.annotations) {
        Some(text) => beside(schema, "description", text.into()),
        None => schema,
    })
}

/// A keyword beside whatever the schema has; 3.1 allows them beside `$ref` too.
fn beside(schema: Tree, name: &str, value: Tree) -> Tree {
    if matches!(&schema, Tree::Map(members) if members.iter().any(|(known, _)| known == name)) {
        return schema;
    }
    schema.with(name, value)
}

/// `Core.Description`.
pub(super) fn description<'a>(model: &Model, annotations: &'a [crate::model::Annotation]) -> Option<&'a str> {
    model.annotation(annotations, "Org.OData.Core.V1.Description").and_then(|value| value.as_text())
}

fn error(profile: Profile) -> Tree {
    let text = || map([("type", "string".into())]);
    let inner = if profile == Profile::Graph { "innerError" } else { "innererror" };
    let detail = map([
        ("type", "object".into()),
        ("properties", map([("code", text()), ("message", text()), ("target", text())])),
        ("required", list(["code", "message"])),
    ]);
    let fault = map([
        ("type", "object".into()),
        (
            "properties",
            map([
                ("code", text()),
                ("message", text()),
                ("target", text()),
                ("details", map([("type", "array".into()), ("items", detail)])),
                (
                    inner,
                    map([
                        ("type", "object".into()),
                        ("properties", map([("date", text()), ("request-id", text()), ("client-request-id", text())])),
                    ]),
                ),
            ]),
        ),
        ("required", list(["code", "message"])),
    ]);
    map([("type", "object".into()), ("properties", map([("error", fault)])), ("required", list(["error"]))])
}
