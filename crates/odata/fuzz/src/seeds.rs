//! Inputs to start from: one or more for each construct, so that mutation need not invent them. The published ABNF cases come on top where
//! they lie beside the repository ([`published`]).

use std::path::Path;

use crate::{body, world};

const OPTIONS: [&str; 29] = [
    "$filter=Price gt 3.5 and startswith(Name,'S')&$orderby=Name desc,Price&$top=2&$skip=1&$count=true",
    "$filter=not (Status has ComplianceService.ProductStatus'OnSale') or Status in ('None','InStock')",
    "$filter=Tags/any(t:t eq 'x') and Notes/all(n:n/At lt now() or n/Text eq null)",
    "$filter=year(CreatedAt) add 1 sub month(ReleaseDate) mod 2 mul -1 div 3 divby 2 eq hour(OpenTime)",
    "$filter=geo.distance(Location,geography'SRID=4326;Point(9.9 48.4)') lt 1e3",
    "$filter=case(Price gt 1:'a',true:'b') eq substring(tolower(concat(Name,'x')),-2,1)",
    "$filter=isof('ComplianceService.SpecialProduct') and cast(Price,Edm.Int32) ge 1",
    "$filter=ShippingAddress/City eq @c and Category/Products/$count gt 0&@c='Ulm'",
    "$filter=RelatedProducts/$count($filter=Price gt 1;$search=rake) lt 9223372036854775807",
    "$filter=duration'P1DT2H3.5S' eq ShippingTime or totalseconds(ShippingTime) eq INF",
    "$filter=matchesPattern(Name,'%5EA.*[a-z]%7B2%7D$') or indexof(Name,'%27%27') eq 0",
    "$filter=hassubset([1,2,3],[1]) and {\"a\":[null,true,1.5e-3,\"\\u00e9\"]} ne null",
    "$filter=$it/Name eq $root/Products(5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11)/Name",
    "$select=Name,ShippingAddress/City,Category&$expand=Category($select=Name;$levels=2),RelatedProducts/$ref",
    "$expand=*($levels=max),Plants($filter=Number gt 1;$orderby=Name;$top=1;$count=true),Neighbours/$count",
    "$search=rose AND NOT (\"garden bed\" OR spade)",
    "$compute=Price mul 2 as Twice,length(Name) as L&$select=Twice&$orderby=L",
    "$apply=filter(Price gt 0)/groupby((Name,Category/Name),aggregate(Price with sum as S,$count as C))/orderby(S)/top(1)",
    "$apply=groupby((rollup($all,Kind,Row)),aggregate(Area with average as A))/concat(identity,topcount(1,Row))",
    "$apply=ancestors($root/Parts,Tree,Id,filter(Id eq 'root'),keep start)/traverse($root/Parts,Tree,Id,preorder)",
    "$apply=join(Plants as P,filter(P/Number gt 0))/nest(groupby((Label)) as N)/search(rose)/compute(Row add 1 as R)",
    "$apply=addnested(Plants,filter(Number gt 0)/compute(Number add 1 as N) as P)/groupby((Row),addnested(Plants,top(1) as Q))",
    "$filter=Price gt $these/aggregate(Price with average)&$orderby=RelatedProducts/aggregate(Price with sum) desc",
    "$apply=concat(identity,aggregate(Area with sum as S))/filter(isdefined(S))/topcount($these/$count div 3,S)",
    "$filter=Colour eq 'red' or Depth gt 0.1 or Depth/Since add 1 eq 2 or Free/any(f:f eq 1)&$orderby=Colour desc,Depth,Since",
    "$compute=length(Colour) add Colour as L,Depth as D&$filter=Notes/any(n:n/Mood or n/x ne L)&$select=Colour,L,D,Notes/Mood",
    "$format=application/json;odata.metadata=full&$schemaversion=*&$skiptoken=x&custom=1&@a=[1,2]",
    "$index=-1&$deltatoken=latest&$levels=3&$top=0",
    "filter=Name eq 'a''b'&%24orderby=Name%20asc&select=%2A",
];

const URLS: [&str; 18] = [
    "Products(5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11)/Category/Products?$top=1",
    "Products/5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11/Photo/$value",
    "ProductDescriptions(ProductID=5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11,LanguageKey='EN')/LongText/$value",
    "Products/ComplianceService.SpecialProduct/$count?$filter=SpecialFeature ne null",
    "Products/$filter(@f)/$each?@f=Price gt 1",
    "Products/$filter(Price gt 1)/$filter(Name ne 'x')/$count",
    "GetTopProducts(count=5,category=@c)?@c='Kitchen'&$select=Name",
    "Products/GetAveragePrice()",
    "$crossjoin(Products,Categories)?$filter=Products/CategoryID eq Categories/ID&$expand=Products($select=Name)",
    "$all?$search=a",
    "$entity?$id=Products(5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11)&$select=Name",
    "$metadata?$format=application/json",
    "Beds(Row=1,Column='a%2Fb')/Plants(1)/Name",
    "Beds(label='x')/Tags/-1?$select=$it",
    "Beds/1/a/Nearest(tags=@t,note=@n)?@t=[\"x\"]&@n={\"Text\":\"y\"}",
    "Company/Logo/$value",
    "Beds(Row=1,Column='a')/Colour/$value",
    "Beds(Row=1,Column='b')/Depth?$format=application/json;odata.metadata=full",
];

const BODIES: [&str; 14] = [
    r##"{"@odata.type":"#ComplianceService.SpecialProduct","Name":"x","Price":1e3,"Status":5,"CategoryID":null,"Data":"_-8="}"##,
    r#"{"Name":"x","Price":1,"Category@odata.bind":"Categories(1)","Descriptions":[{"LanguageKey":"EN","Description":"d"}]}"#,
    r#"{"Category":{"@id":"Categories(1)"},"RelatedProducts@delta":[{"@removed":{"reason":"deleted"},"@id":"Products(1)"}]}"#,
    r##"{"@context":"#$delta","value":[{"ID":"5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11","Price":2},{"@odata.id":"Products(1)"}]}"##,
    r#"{"Street":"s","City":"c","State":"st","PostalCode":"p","Country":"\ud83d\ude00"}"#,
    r#"{"@odata.id":"https://example.org/odata/Products(5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11)"}"#,
    r#"{"percentage":10,"minPrice":0.5}"#,
    r##"{"Row":2147483647,"Column":"é","Tags":["a",""],"Notes":[{"Text":null,"x@odata.type":"#Guid","x":"y"}],"Any":[1,{"a":[]}]}"##,
    r##"{"Free@odata.type":"#Int64","Free":"9223372036854775807","Area":99999.1234,"Kind":"Shady","Picture":"AA"}"##,
    r##"{"Row":1,"Column":"a","Tags":[],"Notes":[],"A@odata.type":"#Int64","A":5,"B@type":"#Duration","B":"P1D","C@odata.type":"#garden.Metres","C":1.25,
    "D@odata.type":"#Collection(garden.Light)","D":["Sunny",null],"E@odata.type":"#Double","E":"-INF","F":1e21,"G@odata.type":"#Binary","G":"_-8="}"##,
    r##"{"Row":1,"Column":"a","Tags":[],"Notes":[{"At":null,"Mood":"x"}],"H":{"@odata.type":"#garden.Note","Text":"t","I":[1,{"@odata.type":"#garden.Note","J":true}]},
    "K@odata.type":"#GeographyPoint","K":{"type":"Point","coordinates":[1,2]},"L":[[1],{"a":null},null,false],"M":null}"##,
    r##"{"@odata.type":"#Guid","value":"5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11"}"##,
    r##"{"@odata.type":"#garden.Note","Text":"t","Mood@odata.type":"#TimeOfDay","Mood":"12:00:00.5"}"##,
    r#"{"litres":1.5,"notes":[{"At":"9999-12-31T23:59:59.9999999Z"}]}"#,
];

const BATCHES: [&str; 4] = [
    r#"{"requests":[{"id":"1","method":"post","url":"Products","headers":{"content-type":"application/json"},"body":{"a":1}},
    {"id":"2","atomicityGroup":"g","method":"patch","url":"$1","dependsOn":["1"],"body":{}},
    {"id":"3","atomicityGroup":"g","method":"get","url":"/odata/Products?$top=1","if":"$1/$succeeded"}]}"#,
    r#"{"requests":[{"id":"a","method":"put","url":"https://example.org/odata/Products(1)/Photo",
    "headers":{"Content-Type":"image/png","If-Match":"*"},"body":"AAECAw"}]}"#,
    "--b\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nGET Products?$top=1 HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n--b--\r\n",
    "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\n\
     POST /odata/Products HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}\r\n--c\r\n\
     Content-Type: application/http\r\nContent-ID: 2\r\n\r\nDELETE $1 HTTP/1.1\r\n\r\n\r\n--c--\r\n--b--",
];

/// Of [`crate::url`].
pub fn urls() -> Vec<Vec<u8>> {
    let with_options = OPTIONS.iter().map(|options| format!("Products?{options}"));
    URLS.iter().map(|url| (*url).to_owned()).chain(with_options).map(String::into_bytes).collect()
}

/// Of [`crate::options`].
pub fn options() -> Vec<Vec<u8>> {
    OPTIONS.iter().map(|options| options.as_bytes().to_vec()).collect()
}

/// Of [`crate::body`].
pub fn bodies() -> Vec<Vec<u8>> {
    let places = 0..u8::try_from(body::PLACES.len()).unwrap_or(u8::MAX);
    places.flat_map(|place| BODIES.iter().map(move |body| [&[place], body.as_bytes()].concat())).collect()
}

/// Of [`crate::batch`].
pub fn batches() -> Vec<Vec<u8>> {
    let form = |text: &str| u8::from(text.starts_with("--"));
    BATCHES.iter().map(|text| [&[form(text)], text.as_bytes()].concat()).collect()
}

/// Of [`crate::csdl`].
pub fn documents() -> Vec<Vec<u8>> {
    [world::SHOP, world::GARDEN].iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The published ABNF cases as inputs of the targets `url` and `options`; none where the file is absent.
///
/// # Errors
/// The file is there and is not what it should be.
pub fn published(reference: &Path) -> std::io::Result<Vec<(&'static str, Vec<u8>)>> {
    let text = match std::fs::read_to_string(reference.join("data/odata-abnf-testcases.json")) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let file: serde_json::Value = serde_json::from_str(&text)?;
    let cases = file["TestCases"].as_array().map(Vec::as_slice).unwrap_or_default();
    let inputs = cases.iter().filter_map(|case| Some((case["Rule"].as_str()?, case["Input"].as_str()?)));
    Ok(inputs
        .map(|(rule, input)| match rule {
            "odataRelativeUri" | "resourcePath" => ("url", input.to_owned()),
            "queryOptions" | "filter" | "orderby" | "orderBy" | "select" | "expand" | "compute" | "search"
            | "systemQueryOption" | "customQueryOption" | "skiptoken" | "deltatoken" => ("options", input.to_owned()),
            "searchExpr" => ("options", format!("$search={input}")),
            _ => ("options", format!("$filter={input}")),
        })
        .map(|(target, input)| (target, input.into_bytes()))
        .collect())
}
