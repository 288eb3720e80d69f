//! Where we differ from OASIS, and why.

use crate::Differs::{self, At, Refused, Taken};

/// A case that we judge otherwise.
#[derive(Debug)]
pub(crate) struct Exception {
    pub(crate) rule: &'static str,
    pub(crate) input: &'static str,
    pub(crate) differs: Differs,
    #[expect(dead_code, reason = "for who reads the table or a failure")]
    pub(crate) reason: &'static str,
}

/// The grammar takes it; the type holds no such value.
const LEAP: &str = "Edm.DateTimeOffset has no leap seconds (CSDL 4.01, 3.3); the text has its form and is out of range";
const YEARS: &str =
    "years 1 to 9999 are what .NET, Java and SQL clients can read back; the text has its form and is out of range";
const DIGITS: &str =
    "a decimal keeps 38 digits behind the point; losing what was written would be worse than refusing it";
const FLOATING: &str =
    "INF and NaN are for Scale=floating alone (CSDL 4.01, 7.2.4), and we take no decimal floating point";
/// The grammar cannot say it; the text of the standard does.
const ONCE: &str =
    "a system query option must not be given more than once (URL conventions 4.01, 5.1), in whatever case";
/// We take more, on purpose.
const STREAM: &str = "Graph's clients read a stream through $value; it is the same resource";
const SPACE: &str = "spaces in front of an expression change nothing, as those behind it, and people write them";
/// We refuse it, too, and name a place that helps more.
const MISSING: &str = "what is missing has no place: the error names $id, OASIS the end of the text";
const SEGMENT: &str = "a segment is refused as a whole, so its start is named; OASIS names its end";
const VARIABLE: &str =
    "the variable is missing in the parentheses; OASIS reads 'all()' as the call of a function, up to its end";

pub(crate) const EXCEPTIONS: &[Exception] = &[
    refused("dateTimeOffsetValue", "1972-06-30T23:59:60Z", LEAP),
    refused("dateTimeOffsetValue", "0000-01-01T00:00Z", YEARS),
    refused("dateTimeOffsetValue", "-10000-04-01T00:00Z", YEARS),
    refused("decimalValue", "1e-101", DIGITS),
    refused("decimalValue", "-INF", FLOATING),
    refused("decimalValue", "INF", FLOATING),
    refused("decimalValue", "NaN", FLOATING),
    refused("queryOptions", "$format=json&$Format=atom&$format=xml&$format=text/html", ONCE),
    refused("queryOptions", "$format=JSON&$format=Atom&$format=XML&$format=text/html", ONCE),
    taken("odataRelativeUri", "Categories(1)/Thumbnail/$value", STREAM),
    taken("filter", "$filter= true", SPACE),
    at(None, "odataRelativeUri", "$entity?$format=json", MISSING),
    at(Some(37), "odataRelativeUri", "Products(1)/Model.BestSellingProduct/Model.BestSellingProduct", SEGMENT),
    at(Some(13), "boolCommonExpr", "Products/all()", VARIABLE),
];

const fn refused(rule: &'static str, input: &'static str, reason: &'static str) -> Exception {
    Exception { rule, input, differs: Refused, reason }
}

const fn taken(rule: &'static str, input: &'static str, reason: &'static str) -> Exception {
    Exception { rule, input, differs: Taken, reason }
}

const fn at(place: Option<usize>, rule: &'static str, input: &'static str, reason: &'static str) -> Exception {
    Exception { rule, input, differs: At(place), reason }
}
