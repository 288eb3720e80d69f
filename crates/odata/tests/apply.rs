//! `$apply` from the URL to the answer, over the sales of the extension's examples.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use http::{HeaderMap, Method};
use odata::edm::{DateTimeOffset, Decimal};
use odata::engine::{Engine, Outcome, Settings, Unsealed};
use odata::exec::memory::page;
use odata::model::Model;
use odata::{Error, ErrorKind, Profile, RecordBuilder, Value, csdl};
use serde_json::{Value as Json, json};

const MODEL: &str = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
  <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns">
    <ComplexType Name="Place"><Property Name="Country" Type="Edm.String"/><Property Name="City" Type="Edm.String"/></ComplexType>
    <EntityType Name="Customer"><Key><PropertyRef Name="ID"/></Key><Property Name="ID" Type="Edm.String" Nullable="false"/>
      <Property Name="Name" Type="Edm.String"/><Property Name="Home" Type="ns.Place"/></EntityType>
    <EntityType Name="Product"><Key><PropertyRef Name="ID"/></Key><Property Name="ID" Type="Edm.String" Nullable="false"/>
      <Property Name="Name" Type="Edm.String"/><Property Name="TaxRate" Type="Edm.Decimal" Scale="2"/>
      <NavigationProperty Name="Sales" Type="Collection(ns.Sale)"/></EntityType>
    <EntityType Name="Sale"><Key><PropertyRef Name="ID"/></Key><Property Name="ID" Type="Edm.Int32" Nullable="false"/>
      <Property Name="Day" Type="Edm.Date"/><Property Name="Amount" Type="Edm.Decimal" Scale="2"/>
      <Property Name="Pieces" Type="Edm.Int32"/><Property Name="Weight" Type="Edm.Double"/>
      <NavigationProperty Name="Customer" Type="ns.Customer"/><NavigationProperty Name="Product" Type="ns.Product"/></EntityType>
    <EntityContainer Name="C"><EntitySet Name="Sales" EntityType="ns.Sale"/><EntitySet Name="Products" EntityType="ns.Product"/>
    </EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"#;

fn decimal(text: &str) -> Value {
    Value::Decimal(Decimal::parse(text).unwrap())
}

fn customer(model: &Model, id: &str) -> Value {
    let (name, country, city) = match id {
        "C1" => ("Joe", "US", "Boston"),
        "C2" => ("Sue", "US", "Austin"),
        _ => ("Sue", "NL", "Delft"),
    };
    let place = RecordBuilder::new(model, model.type_by_name("ns.Place").unwrap());
    let place = place.set_named("Country", country).set_named("City", city).build();
    let customer = RecordBuilder::new(model, model.type_by_name("ns.Customer").unwrap());
    Value::from(customer.set_named("ID", id).set_named("Name", name).set_named("Home", place).build())
}

fn product<'m>(model: &'m Model, id: &str) -> RecordBuilder<'m> {
    let (name, tax) = match id {
        "P1" => ("Sugar", "0.06"),
        "P2" => ("Coffee", "0.06"),
        "P3" => ("Paper", "0.14"),
        _ => ("Pencil", "0.14"),
    };
    let product = RecordBuilder::new(model, model.type_by_name("ns.Product").unwrap());
    product.set_named("ID", id).set_named("Name", name).set_named("TaxRate", decimal(tax))
}

fn sales(model: &Model) -> Vec<Value> {
    let ty = model.type_by_name("ns.Sale").unwrap();
    let all = [
        (1, "C1", "2022-01-03", "P3", 1),
        (2, "C1", "2022-04-10", "P1", 2),
        (3, "C1", "2022-08-07", "P2", 4),
        (4, "C2", "2022-01-03", "P2", 8),
        (5, "C2", "2022-11-09", "P3", 4),
        (6, "C3", "2022-04-01", "P1", 2),
        (7, "C3", "2022-08-06", "P3", 1),
        (8, "C3", "2022-11-22", "P3", 2),
    ];
    let sale = |(id, who, day, what, amount): (i32, &str, &str, &str, i32)| {
        let sale = RecordBuilder::new(model, ty).set_named("ID", id).set_named("Amount", decimal(&amount.to_string()));
        let sale = sale.set_named("Day", Value::Date(odata::edm::Date::parse(day).unwrap()));
        let sale = sale.set_named("Pieces", (id != 8).then_some(id)).set_named("Weight", f64::from(amount) / 2.0);
        Value::from(
            sale.set_named("Customer", customer(model, who)).set_named("Product", product(model, what).build()).build(),
        )
    };
    all.into_iter().map(sale).collect()
}

fn products(model: &Model) -> Vec<Value> {
    let name = model.structured(model.type_by_name("ns.Sale").unwrap()).unwrap().member("Product").unwrap().0;
    let of = |id: &str| {
        let is_of = |sale: &&Value| {
            let product = sale.as_record().unwrap().get(name).unwrap().as_record().unwrap();
            product.get(0) == Some(&Value::from(id))
        };
        let sold: Vec<Value> = sales(model).iter().filter(is_of).cloned().collect();
        Value::from(product(model, id).set_named("Sales", sold).build())
    };
    ["P1", "P2", "P3", "P4"].map(of).to_vec()
}

fn answer(url: &str) -> Result<Json, Error> {
    let model = Arc::new(csdl::read(MODEL).unwrap());
    let engine = Engine::new(model.clone(), Settings { compute: true, ..Settings::new(Profile::Strict) });
    let url = url.replace(' ', "%20");
    let head = engine.head(&Method::GET, &url, &HeaderMap::new(), "http://host", &Unsealed)?;
    let rows = if url.starts_with("/Products") { products(&model) } else { sales(&model) };
    let now = DateTimeOffset::from_unix_nanos(0);
    let page = page(&model, (0..).zip(rows), head.query(), now)?;
    let outcome =
        if url.contains("/$count?") { Outcome::Count(page.items.len() as u64) } else { Outcome::Collection(page) };
    let response = engine.render(&head, outcome, &Unsealed)?;
    Ok(serde_json::from_slice(response.body()).unwrap())
}

/// The rows without their type annotations.
fn rows(apply: &str) -> Json {
    let mut answer = answer(&format!("/Sales?$apply={apply}")).unwrap_or_else(|error| panic!("{apply}: {error}"));
    let mut rows = answer["value"].take();
    for row in rows.as_array_mut().unwrap() {
        row.as_object_mut().unwrap().retain(|name, _| !name.contains('@'));
    }
    rows
}

#[test]
fn aggregates_say_their_type_and_the_context_names_what_is_shown() {
    let found = answer(
        "/Sales?$apply=groupby((Customer/Home/Country,Day),aggregate(Amount with sum as Total,$count as N))/top(1)",
    );
    assert_eq!(
        found.unwrap(),
        json!({
            "@odata.context": "http://host/$metadata#Sales(Day,Total,N,Customer(Home/Country))",
            "value": [{
                "Day": "2022-01-03",
                "Customer": {"Home": {"Country": "US"}},
                "Total@odata.type": "#Decimal", "Total": 9,
                "N@odata.type": "#Decimal", "N": 2,
            }],
        })
    );
}

#[test]
fn every_method_aggregates_what_is_not_null() {
    assert_eq!(
        rows("aggregate(Amount with sum as S,Amount with min as Lo,Amount with max as Hi,Amount with average as Mean)"),
        json!([{"S": 24, "Lo": 1, "Hi": 8, "Mean": 3}])
    );
    assert_eq!(
        rows("aggregate(Pieces with sum as S,Pieces with average as Mean,Pieces with countdistinct as D,$count as N)"),
        json!([{"S": 28, "Mean": 4, "D": 7, "N": 8}])
    );
    assert_eq!(
        rows("aggregate(Customer/Home/Country with countdistinct as C,Amount mul Product/TaxRate with sum as Tax)"),
        json!([{"C": 2, "Tax": 2.08}])
    );
    assert_eq!(rows("aggregate(Weight with sum as W,Day with max as Last)"), json!([{"W": 12, "Last": "2022-11-22"}]));
    assert_eq!(
        rows("filter(false)/aggregate(Amount with sum as S,$count as N,Amount with max as Hi)"),
        json!([{"S": null, "N": 0, "Hi": null}])
    );
}

#[test]
fn from_aggregates_in_two_stages() {
    // The days of sale have 9, 2, 4, 4, 2, 1 and 2.
    assert_eq!(rows("aggregate(Amount with sum from Day with max as Best)"), json!([{"Best": 9}]));
    assert_eq!(
        rows("groupby((Customer/Home/Country),aggregate(Amount with sum from Day with max as Best))"),
        json!([
            {"Customer": {"Home": {"Country": "US"}}, "Best": 9},
            {"Customer": {"Home": {"Country": "NL"}}, "Best": 2},
        ])
    );
    assert_eq!(
        rows("aggregate(Amount with max from Customer/ID,Day with sum from Customer/Home/Country with average as A)"),
        json!([{"A": 12}])
    );
}

#[test]
fn groups_without_an_aggregate_are_the_distinct_values() {
    assert_eq!(
        rows("groupby((Product/Name))"),
        json!([{"Product": {"Name": "Paper"}}, {"Product": {"Name": "Sugar"}}, {"Product": {"Name": "Coffee"}}])
    );
    assert_eq!(answer("/Sales/$count?$apply=groupby((Product/Name,Customer/Name))").unwrap(), json!(6));
}

#[test]
fn rollup_adds_a_row_for_each_coarser_group() {
    assert_eq!(
        rows(
            "groupby((rollup($all,Customer/Home/Country,Product/Name)),aggregate(Amount with sum as T))/orderby(T desc)/top(5)"
        ),
        json!([
            {"T": 24},
            {"Customer": {"Home": {"Country": "US"}}, "T": 19},
            {"Customer": {"Home": {"Country": "US"}}, "Product": {"Name": "Coffee"}, "T": 12},
            {"Customer": {"Home": {"Country": "US"}}, "Product": {"Name": "Paper"}, "T": 5},
            {"Customer": {"Home": {"Country": "NL"}}, "T": 5},
        ])
    );
}

#[test]
fn rows_that_are_kept_keep_their_members() {
    assert_eq!(
        answer("/Sales?$apply=filter(Customer/Name eq 'Joe')/topcount(2,Amount)&$select=ID,Amount").unwrap()["value"],
        json!([{"ID": 3, "Amount": 4}, {"ID": 2, "Amount": 2}])
    );
    let ids = |apply: &str| {
        let rows = rows(apply);
        rows.as_array().unwrap().iter().map(|row| row["ID"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids("bottomcount(3,Amount)"), [1, 7, 2]);
    assert_eq!(ids("topsum(12,Amount)"), [4, 3]);
    assert_eq!(ids("topsum(13,Amount)"), [4, 3, 5]);
    assert_eq!(ids("toppercent(50,Amount)"), [4, 3]);
    assert_eq!(ids("bottompercent(10,Amount)"), [1, 7, 2]);
    assert_eq!(ids("bottomsum(0,Amount)"), [] as [i64; 0]);
    assert_eq!(ids("orderby(Customer/Name desc,Amount desc)/skip(1)/top(2)"), [5, 6]);
    assert_eq!(ids("identity/skip(6)"), [7, 8]);
    assert_eq!(ids("groupby((Customer/ID),topcount(1,Amount))"), [3, 4, 6]);
}

#[test]
fn what_comes_after_sees_what_is_left() {
    let url = "/Sales?$apply=groupby((Product/Name),aggregate(Amount with sum as Total))\
               &$filter=Total gt 4&$compute=Total mul 2 as Twice&$orderby=Twice desc&$select=Twice&$count=true";
    assert_eq!(
        answer(url).unwrap(),
        json!({
            "@odata.context": "http://host/$metadata#Sales(Twice)", "@odata.count": 2,
            "value": [{"Twice@odata.type": "#Decimal", "Twice": 24}, {"Twice@odata.type": "#Decimal", "Twice": 16}],
        })
    );
    assert_eq!(
        rows(
            "groupby((Customer/Name,Product/Name),aggregate(Amount with sum as T))/groupby((Customer/Name),aggregate(T with max as M))"
        ),
        json!([{"Customer": {"Name": "Joe"}, "M": 4}, {"Customer": {"Name": "Sue"}, "M": 8}])
    );
    assert_eq!(
        rows(
            "compute(Amount mul Product/TaxRate as Tax,length(Product/Name) as Long)/groupby((Long),aggregate(Tax with sum as T))"
        ),
        json!([{"T": 1.36, "Long": 5}, {"T": 0.72, "Long": 6}])
    );
}

#[test]
fn branches_keep_apart_what_each_of_them_makes() {
    assert_eq!(
        rows(
            "concat(groupby((Customer/Name),aggregate(Amount with sum as T)),aggregate($count as N,Amount with sum as T))"
        ),
        json!([
            {"Customer": {"Name": "Joe"}, "T": 7},
            {"Customer": {"Name": "Sue"}, "T": 17},
            {"N": 8, "T": 24},
        ])
    );
    let url = "/Sales?$apply=concat(aggregate($count as N),aggregate(Amount with sum as T))&$filter=N eq null&$compute=T add 1 as U";
    assert_eq!(
        answer(url).unwrap()["value"],
        json!([
            {"T@odata.type": "#Decimal", "T": 24, "U@odata.type": "#Decimal", "U": 25},
        ])
    );
}

#[test]
fn joins_give_a_row_for_each_related_one_and_aggregates_walk_collections() {
    let products = |apply: &str| {
        let mut answer =
            answer(&format!("/Products?$apply={apply}")).unwrap_or_else(|error| panic!("{apply}: {error}"));
        let mut rows = answer["value"].take();
        for row in rows.as_array_mut().unwrap() {
            row.as_object_mut().unwrap().retain(|name, _| !name.contains('@'));
        }
        rows
    };
    assert_eq!(
        products("join(Sales as Sale,filter(Amount gt 2))/groupby((Name),aggregate(Sale/Amount with sum as T))"),
        json!([{"Name": "Coffee", "T": 12}, {"Name": "Paper", "T": 4}])
    );
    assert_eq!(products("outerjoin(Sales as Sale)/filter(Sale eq null)/groupby((Name))"), json!([{"Name": "Pencil"}]));
    assert_eq!(
        products("groupby((Name),aggregate(Sales/Amount with sum as T,Sales/$count as N))/filter(N gt 2 or N eq 0)"),
        json!([{"Name": "Paper", "T": 8, "N": 4}, {"Name": "Pencil", "T": null, "N": 0}])
    );
    assert_eq!(
        products(
            "aggregate(Sales(Amount mul Product/TaxRate) with sum as Tax,Sales/Customer/Name with countdistinct as C)"
        ),
        json!([{"Tax": 2.08, "C": 2}])
    );
    assert_eq!(
        products("nest(groupby((Name)) as Names,aggregate(Sales/Amount with max as M) as Best)"),
        json!([{
            "Names": [{"Name": "Sugar"}, {"Name": "Coffee"}, {"Name": "Paper"}, {"Name": "Pencil"}],
            "Best": [{"M@odata.type": "#Decimal", "M": 8}],
        }])
    );
}

/// Neither identity nor links, at any level of metadata: there is nothing that they could lead to.
#[test]
fn rows_that_were_made_have_no_links() {
    for level in ["none", "minimal", "full"] {
        let url = format!(
            "/Sales?$apply=groupby((Product/Name),aggregate($count as N))/top(1)&$format=application/json;odata.metadata={level}"
        );
        let found = answer(&url).unwrap();
        let mut names: Vec<&str> = found["value"][0].as_object().unwrap().keys().map(String::as_str).collect();
        names.retain(|name| *name != "N@odata.type");
        assert_eq!(names, ["N", "Product"], "{level}");
        assert_eq!(found["value"][0]["Product"], json!({"Name": "Paper"}), "{level}");
    }
}

/// Examples of the extension (3.6 and 3.7).
#[test]
fn expressions_ask_the_whole_collection_once() {
    let ids = |url: &str| {
        let found = answer(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        found["value"].as_array().unwrap().iter().map(|row| row["ID"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("/Sales?$filter=Amount mul 3 ge $these/aggregate(Amount with sum)"), [4]);
    assert_eq!(ids("/Sales?$filter=Amount gt $these/aggregate(Amount with average)&$orderby=ID"), [3, 4, 5]);
    assert_eq!(ids("/Sales?$filter=ID gt 4 and ID mul 2 gt $these/$count&$orderby=$these/$count sub ID"), [8, 7, 6, 5]);
    assert_eq!(ids("/Products?$filter=Sales/aggregate(Amount mul $it/TaxRate with sum) gt 1"), ["P3"]);
    assert_eq!(ids("/Products?$filter=Sales/aggregate(Amount with sum) ge 10"), ["P2"]);
    assert_eq!(ids("/Products?$orderby=Sales/aggregate($count) desc,ID&$top=2"), ["P3", "P1"]);
    assert_eq!(
        ids("/Products?$filter=Sales/any(s:s/Amount ge Sales/aggregate(Amount with average) mul 1.5)&$orderby=ID"),
        ["P3"]
    );
    assert_eq!(ids("/Products?$filter=Sales/aggregate(Amount with sum from Customer/ID with max) eq 8"), ["P2"]);
    let share =
        answer("/Sales?$compute=Amount divby $these/aggregate(Amount with sum) as Share,Share mul 24 as Back&$top=1");
    assert_eq!((&share.as_ref().unwrap()["value"][0]["Back"],), (&json!(1.0),), "{share:?}");
    assert_eq!(rows("topcount($these/$count div 3,Amount)/compute(ID as I)/groupby((I))"), json!([{"I": 4}, {"I": 3}]));
    assert_eq!(rows("topcount($these/aggregate($count) sub 7,Amount)/groupby((ID))"), json!([{"ID": 4}]));
    assert_eq!(
        rows(
            "groupby((Customer/ID),aggregate(Amount with sum as Own))/compute(Own divby $these/aggregate(Own with sum) as Part)\
             /filter(Part ge $these/aggregate(Part with max))"
        ),
        json!([{"Customer": {"ID": "C2"}, "Own": 12, "Part": 0.5}])
    );
    assert_eq!(
        rows(
            "groupby((Product/Name),filter(Amount eq $these/aggregate(Amount with max))/aggregate($count as N))/filter(N gt 1)"
        ),
        json!([{"Product": {"Name": "Sugar"}, "N": 2}])
    );
    assert_eq!(rows("aggregate(Amount mul $these/$count with sum as T)"), json!([{"T": 192}]));
}

#[test]
fn what_these_are_and_nothing_else_is_asked() {
    for (url, kind) in [
        ("/Sales?$filter=$these/aggregate(Amount mul $it/Amount with sum) gt 1", ErrorKind::NotImplemented),
        ("/Products?$filter=Sales/aggregate(Amount mul $these/$count with sum) gt 1", ErrorKind::NotImplemented),
        ("/Sales?$filter=$these/$count($filter=Amount gt 1) gt 1", ErrorKind::NotImplemented),
        ("/Products?$filter=Sales/any(s:$these/aggregate(s/Amount with sum) gt 1)", ErrorKind::BadRequest),
        ("/Sales?$filter=$these/Amount gt 1", ErrorKind::BadRequest),
        ("/Sales?$filter=$these eq null", ErrorKind::BadRequest),
        ("/Sales?$filter=$these/aggregate(Amount) gt 1", ErrorKind::BadRequest),
        ("/Sales?$filter=$these/aggregate(Amount with sum as T) gt 1", ErrorKind::BadRequest),
        ("/Sales?$filter=Customer/aggregate(Name with max) eq 'Joe'", ErrorKind::BadRequest),
        ("/Sales(1)?$compute=$these/$count as N", ErrorKind::BadRequest),
        ("/Sales?$apply=topcount(0 sub $these/$count,Amount)", ErrorKind::BadRequest),
        ("/Sales?$filter=isdefined(Amount add 1)", ErrorKind::BadRequest),
        ("/Sales?$filter=isdefined()", ErrorKind::BadRequest),
        ("/Sales?$filter=isdefined(Nope)", ErrorKind::BadRequest),
    ] {
        assert_eq!(answer(url).map_err(|error| error.kind).unwrap_err(), kind, "{url}");
    }
}

/// What was aggregated away is told from what is null.
#[test]
fn a_property_is_defined_where_the_row_has_it() {
    let count = |apply: &str, filter: &str| {
        let url = format!("/Sales?$apply={apply}&$filter={filter}");
        answer(&url).unwrap_or_else(|error| panic!("{url}: {error}"))["value"].as_array().unwrap().len()
    };
    assert_eq!(count("aggregate(Amount with sum as Total)", "isdefined(Product)"), 0);
    assert_eq!(count("aggregate(Amount with sum as Total)", "isdefined(Total)"), 1);
    assert_eq!(count("identity", "isdefined(Product) and isdefined(Pieces)"), 8);
    assert_eq!(count("groupby((Pieces))", "isdefined(Pieces) and not isdefined(Amount)"), 8, "one of them is null");
    let mixed = "concat(identity,aggregate(Amount with sum as Total))";
    assert_eq!(count(mixed, "isdefined(Product) and isdefined(Pieces)"), 8);
    assert_eq!(count(mixed, "isdefined(Total)"), 1);
    let levels = "groupby((rollup($all,Customer/Home/Country,Customer/Name)),aggregate($count as N))";
    assert_eq!(count(levels, "isdefined(N)"), 3 + 2 + 1);
    assert_eq!(count(levels, "isdefined(Customer/Name)"), 3);
    assert_eq!(count(levels, "isdefined(Customer/Home/Country)"), 5);
    assert_eq!(count(levels, "isdefined(Customer)"), 5);
    let mixed = "concat(identity,aggregate(Amount with sum as Total))/groupby((Total))";
    assert_eq!((count(mixed, "isdefined(Total)"), count(mixed, "true")), (1, 2), "a group of none has none");
    assert_eq!(count(&format!("{levels}/filter(not isdefined(Customer))"), "N eq 8"), 1);
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    for (apply, position) in [
        ("aggregate(Nope with sum as T)", 10),
        ("aggregate(Customer/Name with sum as T)", 10),
        ("aggregate(Amount with median as T)", 22),
        ("aggregate(Amount with sum as ID)", 29),
        ("aggregate(Amount with sum as T,Amount with max as T)", 50),
        ("aggregate(Customer with max as T)", 10),
        ("aggregate(Amount)", 10),
        ("groupby((Amount))/filter(Day eq null)", 25),
        ("groupby((Customer/Name))/filter(Customer/ID eq 'x')", 41),
        ("aggregate(Amount with sum as T)/filter(Amount gt 1)", 39),
        ("aggregate(Amount with sum as T)/filter(T eq 'x')", 39),
        ("topcount(Amount,Amount)", 9),
        ("topcount(1,Customer/Name)", 11),
        ("join(Amount as A)", 5),
        ("compute(Amount as Amount)", 8),
        ("orderby(Nope)", 8),
    ] {
        let error = answer(&format!("/Sales?$apply={apply}")).unwrap_err();
        assert_eq!((error.kind, error.target.as_deref()), (ErrorKind::BadRequest, Some("$apply")), "{apply}: {error}");
        assert_eq!(error.position, Some(position), "{apply}: {error}");
    }
    for (url, option) in [
        ("/Sales?$apply=groupby((Day))&$select=Amount", "$select"),
        ("/Sales?$apply=groupby((Day))&$expand=Customer", "$expand"),
        ("/Sales?$apply=groupby((Day))&$filter=Amount gt 1", "$filter"),
        ("/Sales?$apply=aggregate($count as N)&$orderby=M", "$orderby"),
    ] {
        let error = answer(url).unwrap_err();
        assert_eq!((error.kind, error.target.as_deref()), (ErrorKind::BadRequest, Some(option)), "{url}: {error}");
    }
    assert_eq!(answer("/Sales(1)?$apply=identity").unwrap_err().kind, ErrorKind::BadRequest);
}

#[test]
fn what_is_legal_but_not_offered_says_so() {
    for apply in [
        "aggregate(Amount with Custom.concat as T)",
        "ancestors($root/Sales,H,ID,filter(true))",
        "descendants($root/Sales,H,ID,filter(true),1)",
        "traverse($root/Sales,H,ID,preorder)",
        "groupby((rolluprecursive($root/Sales,H,ID)))",
        "addnested(Customer/Home,identity as X)",
        "expand(Customer,filter(true))",
        "ns.Function()",
    ] {
        let error = answer(&format!("/Sales?$apply={apply}")).unwrap_err();
        assert_eq!(
            (error.kind, error.target.as_deref()),
            (ErrorKind::NotImplemented, Some("$apply")),
            "{apply}: {error}"
        );
    }
}

#[test]
fn an_overflow_and_too_many_rows_are_refused() {
    let huge = format!("aggregate(Amount mul {} with sum as T)", "9".repeat(38));
    let error = answer(&format!("/Sales?$apply={huge}")).unwrap_err();
    assert_eq!((error.kind, error.target.as_deref()), (ErrorKind::BadRequest, Some("$apply")));
    let doubled = "concat(identity,identity)/".repeat(18) + "aggregate($count as N)";
    let error = answer(&format!("/Sales?$apply={doubled}")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadRequest, "{error}");
}
