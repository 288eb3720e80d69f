//! `$apply` from text to tree: each transformation in the forms of the extension's text.

#![expect(clippy::unwrap_used, reason = "tests")]

use odata::syntax::apply::{Apply, Grouping, RankLimit, TransformationKind as T};
use odata::syntax::{Query, SystemOption};

fn with<R>(text: &str, check: impl FnOnce(&Apply<'_>) -> R) -> R {
    let query = Query::parse(&format!("$apply={}", text.replace('+', "%2B"))).unwrap();
    let options = query.options().unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(options.given, [SystemOption::Apply]);
    check(options.apply.as_ref().unwrap())
}

fn position_of_the_fault(text: &str) -> usize {
    Query::parse(&format!("$apply={text}")).unwrap().options().unwrap_err().position.unwrap()
}

#[test]
fn the_examples_of_the_specification_are_well_formed() {
    for text in [
        "aggregate(Amount with sum as Total,Amount with max as MxA)",
        "aggregate(Amount mul Product/TaxRate with sum as Tax)",
        "aggregate($count as SalesCount)",
        "aggregate(Sales/$count as SalesCount)",
        "aggregate(Forecast)",
        "aggregate(Forecast as Plan,Sales/Forecast)",
        "aggregate(Amount with Custom.concat as Total)",
        "aggregate(Amount with sum from Time with average as DailyAverage)",
        "aggregate(Amount with sum from Time/Month,Customer/Country with average from Product with max as X)",
        "aggregate(Sales/Amount with sum as Total)",
        "groupby((Customer/Country,Product/Name),aggregate(Amount with sum as Total))",
        "groupby((rollup(Customer/Country,Customer/Name),rollup($all,Product/Category/Name)),aggregate(Amount with sum as T))",
        "groupby((Customer))/aggregate($count as C)",
        "groupby((rolluprecursive($root/SalesOrganizations,SalesOrgHierarchy,SalesOrganization/ID,filter(true))))",
        "topcount(2,Amount)/identity",
        "toppercent(50,Amount mul 2)/bottomsum(7,Amount)",
        "compute(Amount mul Product/TaxRate as Tax,Amount as A)/filter(Tax gt 3)",
        "concat(topcount(2,Amount),aggregate(Amount with sum as Total),identity)",
        "concat(groupby((A),aggregate(B with sum as B)),groupby((C)))",
        "search(coffee OR tea)/orderby(Name desc,Amount)/skip(2)/top(3)",
        "join(Sales as Sale,filter(Amount gt 1))/groupby((Sale/Customer))",
        "outerjoin(Sales as Sale)",
        "nest(groupby((Customer/ID)) as Customers,identity as All)",
        "addnested(Sales,filter(Amount gt 3) as Big,aggregate(Amount with sum as T) as Sums)",
        "expand(Sales,filter(Amount gt 3),expand(Product,filter(true)))",
        "ancestors($root/SalesOrganizations,SalesOrgHierarchy,ID,filter(contains(Name,'East')),keep start)",
        "descendants($root/SalesOrganizations,SalesOrgHierarchy,ID,filter(Name eq 'US'),1,keep start)",
        "descendants($root/SalesOrganizations,SalesOrgHierarchy,ID,filter(Name eq 'US'),1)",
        "traverse($root/SalesOrganizations,SalesOrgHierarchy,ID,preorder,Name asc)",
        "traverse($root/SalesOrganizations,SalesOrgHierarchy,ID,postorder,filter(true),Name desc,ID)",
        "Self.TopCountAndRemainder(Count=2,Property='Amount')",
        "Self.Summary/topcount( 2 , Amount )",
        "GROUPBY(( Country , Name ),AGGREGATE(Amount WITH SUM AS Total))",
    ] {
        with(text, |apply| assert!(!apply.steps.is_empty()));
    }
}

#[test]
fn parts_go_to_their_places() {
    with(
        "filter(A gt 1)/groupby((B,rollup($all,C,D)),aggregate(E with sum from F with max as G,H))/bottomsum(7,A)",
        |apply| {
            assert!(matches!(apply.steps[0].kind, T::Filter(_)));
            assert_eq!((apply.steps[0].span.start, apply.steps[0].span.end), (0, 14));
            let T::GroupBy { by, then: Some(then) } = &apply.steps[1].kind else { panic!("a grouping") };
            assert!(matches!(by[0], Grouping::Property(_)));
            assert!(matches!(&by[1], Grouping::Rollup { all: true, levels } if levels.len() == 2));
            let T::Aggregate(items) = &then.steps[0].kind else { panic!("an aggregation") };
            assert_eq!(items[0].method.unwrap().text, "sum");
            assert_eq!(items[0].from[0].method.unwrap().text, "max");
            assert_eq!(items[0].alias.unwrap().text, "G");
            assert_eq!((items[1].method, items[1].alias), (None, None));
            assert!(matches!(apply.steps[2].kind, T::Ranked { bottom: true, limit: RankLimit::Sum, .. }));
        },
    );
    with("descendants($root/S,Q,ID,filter(true),2,keep start)", |apply| {
        let T::Relatives { descendants, distance, keep_start, hierarchy, .. } = &apply.steps[0].kind else {
            panic!("a hierarchy")
        };
        assert_eq!((*descendants, *distance, *keep_start, hierarchy.qualifier.text), (true, Some(2), true, "Q"));
    });
}

#[test]
fn faults_have_their_position() {
    for (text, position) in [
        ("aggregate(Amount with sum)", 25),
        ("aggregate(Amount add 1)", 22),
        ("aggregate($count)", 16),
        ("groupby(Name)", 8),
        ("groupby((Name),)", 15),
        ("filter(true)/", 13),
        ("filter(true)//top(1)", 13),
        ("top(x)", 4),
        ("concat(identity)", 15),
        ("nest(identity)", 13),
        ("traverse($root/S,Q,ID,inorder)", 22),
        ("descendants($root/S,Q,ID,filter(true),0)", 38),
        ("expand(Sales,top(2))", 13),
        ("unknown", 7),
        ("filter(S/aggregate(Amount add 1) gt 1)", 31),
        ("filter(S/aggregate(Amount with sum as T) gt 1)", 35),
        ("filter(S/aggregate(A with sum)/B gt 1)", 31),
        ("filter($these gt 1)", 13),
    ] {
        assert_eq!(position_of_the_fault(text), position, "{text}");
    }
}

#[test]
fn nesting_is_limited() {
    let deep = format!("{}identity{}", "concat(identity,".repeat(2_000 / 16), ")".repeat(2_000 / 16));
    assert!(Query::parse(&format!("$apply={deep}")).unwrap().options().is_err());
    let deep = format!("{}X{}", "expand(A,".repeat(1_000), ")".repeat(1_000));
    assert!(Query::parse(&format!("$apply={deep}")).unwrap().options().is_err());
}
