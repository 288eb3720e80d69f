//! What only names decide. The cases declare names without saying how they hang together, so the model made of them lets
//! every property, function and type stand wherever one of its kind may.

use std::collections::HashSet;
use std::fmt::Write as _;

use odata::engine::Segment;
use odata::model::Model;
use odata::syntax::context::{Context, Item};
use odata::syntax::{Query, RelativeUrl};
use odata::{Error, ErrorKind, Value, bind, csdl};

use crate::cases::Constraints;
use crate::places::Fault;

/// The types of keys that the cases write for one and the same set, and whether a customer is one or many.
const VARIANTS: [(&str, bool); 5] = [
    ("Edm.Int32", false),
    ("Edm.Int32", true),
    ("Edm.String", false),
    ("Edm.DateTimeOffset", false),
    ("Edm.TimeOfDay", false),
];

/// The declared names, and models of them.
pub(crate) struct Names {
    models: Vec<Model>,
    /// Texts that a segment may have as a key.
    keys: HashSet<String>,
    custom: HashSet<String>,
    /// What can stand in a selection: everything but types.
    selectable: HashSet<String>,
}

impl Names {
    pub(crate) fn of(constraints: &Constraints) -> Self {
        let all = |kinds: &[&str]| kinds.iter().flat_map(|kind| &constraints[*kind]).cloned().collect();
        let selectable = constraints.iter().filter(|(kind, _)| !kind.ends_with("TypeName"));
        Self {
            models: VARIANTS
                .iter()
                .map(|(key, many)| csdl::read(&document(constraints, key, *many)).unwrap())
                .collect(),
            keys: constraints["keyPathLiteral"].iter().map(|key| key.replace("%27", "'").replace("%2F", "/")).collect(),
            custom: all(&["customName", "parameterName"]),
            selectable: selectable.flat_map(|(_, names)| names).cloned().collect(),
        }
    }

    /// The type of the patterns, which the cases write without a property.
    pub(crate) fn model(&self) -> &Model {
        &self.models[0]
    }

    /// Whether a name is declared at the service root.
    pub(crate) fn is_root(&self, name: &str) -> bool {
        self.model().child(name).is_some()
    }

    /// Binds the path to a model that fits its keys. Legal OData that is not offered is none of the grammar's business.
    pub(crate) fn path(&self, url: &RelativeUrl) -> Result<(), Error> {
        let mut furthest: Option<Error> = None;
        for model in &self.models {
            match bind::path(model, &url.path, &url.query) {
                Ok(target) => return self.key_segments(url, &target.segments),
                Err(error) if error.kind == ErrorKind::NotImplemented => return Ok(()),
                Err(error) if furthest.as_ref().is_none_or(|known| known.position < error.position) => {
                    furthest = Some(error);
                }
                Err(_) => {}
            }
        }
        furthest.map_or(Ok(()), Err)
    }

    /// A string is a key whatever it holds; the cases allow only some.
    fn key_segments(&self, url: &RelativeUrl, segments: &[Segment]) -> Result<(), Error> {
        let keys = segments.iter().filter_map(|segment| if let Segment::Key(key) = segment { Some(key) } else { None });
        for value in keys.flatten() {
            let at = url.path.segments().position(|segment| *value == Value::from(segment.text()));
            let Some((at, text)) = at.and_then(|at| Some((at, url.path.segment(at)?.text()))) else { continue };
            if !self.keys.contains(text) {
                let end = url.path.offset(at) + text.len();
                return Err(Error::bad_request("not declared as a key").at("path").at_position(end));
            }
        }
        Ok(())
    }

    /// Custom options and parameters are known by name alone.
    pub(crate) fn custom(&self, query: &Query, text: &str) -> Result<(), Fault> {
        let unknown = query.custom().find(|(name, _)| !self.custom.contains(*name));
        let Some((name, _)) = unknown else { return Ok(()) };
        let mut start = 0;
        for part in text.split('&') {
            if part.split('=').next() == Some(name) {
                return Err(Fault::new(start + name.len(), "not declared as a custom option"));
            }
            start += part.len() + 1;
        }
        Err(Fault::new(text.len(), "not declared as a custom option"))
    }

    /// A type is named with its namespace, so a name without one is a property or an operation.
    pub(crate) fn context(&self, context: &Context<'_>) -> Result<(), Fault> {
        context.select.iter().flatten().try_for_each(|item| self.item(item))
    }

    fn item(&self, item: &Item<'_>) -> Result<(), Fault> {
        for name in &item.path {
            if !name.text.contains(['.', '@', '*']) && !self.selectable.contains(name.text) {
                return Err(Fault::new(name.position + name.text.len(), "not declared as a property"));
            }
        }
        item.select.iter().flatten().try_for_each(|item| self.item(item))
    }
}

/// The model as CSDL.
fn document(constraints: &Constraints, key: &str, many: bool) -> String {
    let names = |kind: &str| constraints[kind].iter();
    let mut members = String::new();
    let property = |members: &mut String, name: &str, ty: &str| {
        let ordered = r#"<Annotation Term="Org.OData.Core.V1.Ordered" Bool="true"/>"#;
        let ordered = if ty.starts_with("Collection") { ordered } else { "" };
        let _ = write!(members, r#"<Property Name="{name}" Type="{ty}">{ordered}</Property>"#);
    };
    for name in names("primitiveKeyProperty").chain(names("primitiveNonKeyProperty")).filter(|name| *name != "ID") {
        let ty = if matches!(name.as_str(), "Age" | "Price" | "Size") { "Edm.Int32" } else { "Edm.String" };
        property(&mut members, name, ty);
    }
    for name in names("primitiveColProperty") {
        property(&mut members, name, "Collection(Edm.String)");
    }
    for name in names("entityNavigationProperty") {
        let _ = write!(members, r#"<NavigationProperty Name="{name}" Type="Model.Thing"/>"#);
    }
    for name in names("entityColNavigationProperty") {
        let _ = write!(members, r#"<NavigationProperty Name="{name}" Type="Collection(Model.Thing)"/>"#);
    }
    let mut own = members.clone();
    for (kind, ty) in [
        ("complexProperty", "Model.Address"),
        ("complexColProperty", "Collection(Model.Address)"),
        ("streamProperty", "Edm.Stream"),
    ] {
        names(kind).for_each(|name| property(&mut own, name, ty));
    }
    let mut types = String::new();
    for name in names("entityTypeName") {
        let _ = write!(types, r#"<EntityType Name="{name}" BaseType="Model.Thing" HasStream="true"/>"#);
    }
    for name in names("complexTypeName").filter(|name| *name != "Address") {
        let _ = write!(types, r#"<ComplexType Name="{name}" BaseType="Model.Address"/>"#);
    }
    let mut members_of_pattern = String::new();
    for (name, bit) in names("enumerationMember").zip(0..) {
        let _ = write!(members_of_pattern, r#"<Member Name="{name}" Value="{}"/>"#, 1 << bit);
    }
    let children = children(constraints);
    let (bound, unbound) = (bound(constraints, many), unbound(constraints, many));
    format!(
        r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
        <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Model">
          <Annotation Term="Org.OData.Core.V1.DefaultNamespace" Bool="true"/>
          <EntityType Name="Thing" HasStream="true"><Key><PropertyRef Name="ID"/></Key>
            <Property Name="ID" Type="{key}" Nullable="false"/>{own}
            <Annotation Term="Org.OData.Core.V1.AlternateKeys"><Collection>
              <Record><PropertyValue Property="Key"><Collection>
                <Record><PropertyValue Property="Name" PropertyPath="Size"/>
                  <PropertyValue Property="Alias" String="KeyAlias"/></Record></Collection></PropertyValue></Record>
              <Record><PropertyValue Property="Key"><Collection>
                <Record><PropertyValue Property="Name" PropertyPath="ID"/></Record>
                <Record><PropertyValue Property="Name" PropertyPath="Size"/></Record></Collection></PropertyValue></Record>
            </Collection></Annotation></EntityType>
          <EntityType Name="Line"><Key><PropertyRef Name="OrderID"/><PropertyRef Name="ItemID"/></Key>
            <Property Name="OrderID" Type="Edm.Int32" Nullable="false"/>
            <Property Name="ItemID" Type="Edm.String" Nullable="false"/></EntityType>
          <ComplexType Name="Address">{members}</ComplexType>{types}
          <EnumType Name="Pattern" IsFlags="true">{members_of_pattern}</EnumType>{bound}{unbound}
          <EntityContainer Name="Container">{children}</EntityContainer></Schema>
        <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Special">{bound}</Schema>
        </edmx:DataServices></edmx:Edmx>"#
    )
}

/// What functions of a kind give.
const RESULTS: [(&str, &str); 6] = [
    ("complexCol", "Collection(Model.Address)"),
    ("complex", "Model.Address"),
    ("entityCol", "Collection(Model.Thing)"),
    ("entity", "Model.Thing"),
    ("primitiveCol", "Collection(Edm.String)"),
    ("primitive", "Edm.String"),
];

/// The names of a kind of import. The cases leave imports that give a primitive value free and call this one.
fn imports<'c>(constraints: &'c Constraints, kind: &str) -> Vec<&'c str> {
    match constraints.get(&format!("{kind}FunctionImport")) {
        Some(names) => names.iter().map(String::as_str).collect(),
        None => vec!["TheMostPopularName"],
    }
}

fn children(constraints: &Constraints) -> String {
    let mut children = String::new();
    for name in &constraints["entitySetName"] {
        let ty = if name == "OrderItems" { "Line" } else { "Thing" };
        let _ = write!(children, r#"<EntitySet Name="{name}" EntityType="Model.{ty}"/>"#);
    }
    for name in &constraints["singletonEntity"] {
        let _ = write!(children, r#"<Singleton Name="{name}" Type="Model.Thing"/>"#);
    }
    for name in &constraints["actionImport"] {
        let _ = write!(children, r#"<ActionImport Name="{name}" Action="Model.{name}"/>"#);
    }
    for name in RESULTS.iter().flat_map(|(kind, _)| imports(constraints, kind)) {
        let _ = write!(children, r#"<FunctionImport Name="{name}" Function="Model.{name}"/>"#);
    }
    children
}

fn unbound(constraints: &Constraints, many: bool) -> String {
    let parameters = parameters(constraints, many);
    let mut all = String::new();
    for name in &constraints["actionImport"] {
        let _ = write!(all, r#"<Action Name="{name}"/>"#);
    }
    for (kind, result) in RESULTS {
        for name in imports(constraints, kind) {
            let _ = write!(
                all,
                r#"<Function Name="{name}" IsComposable="true">{parameters}<ReturnType Type="{result}"/></Function>"#
            );
        }
    }
    all
}

fn bound(constraints: &Constraints, many: bool) -> String {
    let parameters = parameters(constraints, many);
    let mut all = String::new();
    for to in ["Model.Thing", "Collection(Model.Thing)", "Model.Address", "Collection(Model.Address)"] {
        let binding = format!(r#"<Parameter Name="bindingParameter" Type="{to}"/>"#);
        for name in &constraints["action"] {
            let _ = write!(all, r#"<Action Name="{name}" IsBound="true">{binding}</Action>"#);
        }
        for (kind, result) in RESULTS {
            for name in &constraints[&format!("{kind}Function")] {
                let _ = write!(
                    all,
                    r#"<Function Name="{name}" IsBound="true" IsComposable="true">{binding}{parameters}
                       <ReturnType Type="{result}"/></Function>"#
                );
            }
        }
    }
    all
}

/// Every function takes every parameter.
fn parameters(constraints: &Constraints, many: bool) -> String {
    let mut all = String::new();
    for name in &constraints["parameterName"] {
        let ty = match name.as_str() {
            "categoryId" | "ManagerID" | "Number" | "Rank" | "Size" => "Edm.Int32",
            "colors" | "Ingredients" => "Collection(Edm.String)",
            "Customers" => "Collection(Model.Thing)",
            "customer" if many => "Collection(Model.Thing)",
            "customer" | "complex" => "Model.Thing",
            _ => "Edm.String",
        };
        let _ = write!(
            all,
            r#"<Parameter Name="{name}" Type="{ty}"><Annotation Term="Org.OData.Core.V1.OptionalParameter"/></Parameter>"#
        );
    }
    all
}
