//! Where the members of officeClientCheckinStatus are kept, for the translation of filters and orders, and which of those mean the same in the
//! database: texts are kept in a form ([`crate::postgres::fleet`]) whose length may differ. It must never hold a value of a query in SQL text.

use odata::Value;
use odata::exec::sql::{
    Column, ColumnKind, ColumnMap, Dialect, Sql, SqlParam, Untranslatable, translate_filter, translate_order,
};
use odata::expr::{Expr, Function, Node, Step};
use odata::plan::{Filter, OrderBy};

use super::select::Bound;
use crate::position::member;
use crate::postgres::fleet::{FIRST_PLAIN, stored};

/// The columns of `h` (`checkins`), `c` (`checkin_texts`) and `l` (`checkin_lists`).
struct CheckinColumns;

impl ColumnMap for CheckinColumns {
    fn column(&self, steps: &[Step]) -> Option<Column> {
        let &[Step::Member(number)] = steps else { return None };
        let (sql, kind, nullable) = match number {
            member::USER_PRINCIPAL_NAME => ("(c.upn || coalesce(c.upn_rest, ''))", ColumnKind::Text, true),
            member::DEVICE_NAME => ("(c.device_name || coalesce(c.device_name_rest, ''))", ColumnKind::Text, true),
            member::DEVICE_PLATFORM => ("c.platform", ColumnKind::Text, true),
            member::DEVICE_PLATFORM_VERSION => ("c.version", ColumnKind::Text, true),
            member::WAS_SUCCESSFUL => ("(h.ok::int)", ColumnKind::Boolean, false),
            member::USER_ID => ("(c.user_id || coalesce(c.user_id_rest, ''))", ColumnKind::Text, false),
            member::CHECKIN_DATE_TIME => ("h.ticks", ColumnKind::Ticks, false),
            member::ERROR_MESSAGE => ("c.error", ColumnKind::Text, true),
            member::APPLIED_POLICIES => ("l.list", ColumnKind::JsonTexts, true),
            _ => return None,
        };
        Some(Column { sql, kind, nullable })
    }
}

/// A filter in SQL, its parameters numbered from `first`; `None` when the database would mean something else, or cannot say it.
pub(super) fn filter(filter: &Filter, first: usize) -> Option<(String, Vec<Bound>)> {
    let translated =
        means_the_same(filter.expr()).then(|| translate_filter(filter, &CheckinColumns, Dialect::Postgres, first));
    translated.and_then(parts)
}

/// The same for an order.
pub(super) fn order(by: &[OrderBy], first: usize) -> Option<(String, Vec<Bound>)> {
    let same = by.iter().all(|item| means_the_same(&item.expr));
    let translated = same.then(|| translate_order(by, &CheckinColumns, Dialect::Postgres, first));
    translated.and_then(parts)
}

fn parts(translated: Result<Sql, Untranslatable>) -> Option<(String, Vec<Bound>)> {
    let sql = translated.ok()?;
    Some((sql.text, sql.params.into_iter().map(bound).collect()))
}

fn bound(param: SqlParam) -> Bound {
    match param {
        SqlParam::Text(text) => Bound::Text(Some(stored(&text).into_owned())),
        SqlParam::Integer(number) => Bound::Integer(number),
        SqlParam::Double(number) => Bound::Double(number),
        SqlParam::Null => Bound::Text(None),
    }
}

/// Whether an expression over texts as they are kept has the value that it has over the texts themselves: what compares them and what they start with
/// has, what counts their characters has not.
fn means_the_same(expr: &Expr) -> bool {
    let here = match &expr.node {
        Node::Call(Function::Contains | Function::EndsWith, arguments) => match arguments.get(1).map(|part| &part.node)
        {
            Some(Node::Literal(Value::String(part))) => part.chars().all(|c| c >= FIRST_PLAIN),
            _ => false,
        },
        Node::Call(Function::StartsWith | Function::Concat | Function::Case, _) => true,
        Node::Call(..) => false,
        _ => true,
    };
    here && expr.children().into_iter().all(means_the_same)
}
