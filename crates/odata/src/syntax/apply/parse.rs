//! The text of `$apply` to its tree: the transformations and their arguments.

use super::{Aggregate, AggregateFrom, Apply, Grouping, Hierarchy, RankLimit, Transformation, TransformationKind};
use crate::limits::{APPLY_DEPTH_MAX, PROJECTION_ITEMS_MAX};
use crate::syntax::SyntaxError;
use crate::syntax::ast::{Expr, ExprKind, Name, Segment, SegmentKind};
use crate::syntax::cursor::Cursor;

impl<'t> Cursor<'t> {
    /// Transformations separated by slashes.
    pub(in crate::syntax) fn apply(&mut self) -> Result<Apply<'t>, SyntaxError> {
        self.apply_depth += 1;
        if self.apply_depth > APPLY_DEPTH_MAX {
            return self.error(format!("transformations are nested deeper than {APPLY_DEPTH_MAX} levels"));
        }
        let mut steps = vec![self.transformation()?];
        while self.eat(b'/') {
            steps.push(self.transformation()?);
        }
        self.apply_depth -= 1;
        Ok(Apply { steps })
    }

    fn transformation(&mut self) -> Result<Transformation<'t>, SyntaxError> {
        self.node()?;
        let start = self.pos;
        let Some(name) = self.qualified_name() else { return self.expected("a transformation") };
        let kind = if name.eq_ignore_ascii_case("identity") {
            TransformationKind::Identity
        } else if self.peek() == Some(b'(') {
            match self.known_transformation(name)? {
                Some(kind) => kind,
                None => TransformationKind::Function { name, arguments: self.arguments()? },
            }
        } else if name.contains('.') {
            TransformationKind::Function { name, arguments: Vec::new() }
        } else {
            return self.expected("'('");
        };
        Ok(Transformation { kind, span: self.span_from(start) })
    }

    /// A transformation of the grammar; the place is at its parenthesis.
    fn known_transformation(&mut self, name: &str) -> Result<Option<TransformationKind<'t>>, SyntaxError> {
        use TransformationKind as T;
        Ok(Some(match name.to_ascii_lowercase().as_str() {
            "aggregate" => T::Aggregate(self.parenthesised(|c| c.list(Self::aggregate_item))?),
            "groupby" => self.parenthesised(Self::groupby)?,
            "filter" => T::Filter(self.parenthesised(Self::expression)?),
            "search" => T::Search(self.parenthesised(Self::search)?),
            "compute" => T::Compute(self.parenthesised(Self::compute_items)?),
            "orderby" => T::OrderBy(self.parenthesised(Self::order_items)?),
            "top" => T::Top(self.parenthesised(Self::unsigned)?),
            "skip" => T::Skip(self.parenthesised(Self::unsigned)?),
            "topcount" => self.ranked(false, RankLimit::Count)?,
            "topsum" => self.ranked(false, RankLimit::Sum)?,
            "toppercent" => self.ranked(false, RankLimit::Percent)?,
            "bottomcount" => self.ranked(true, RankLimit::Count)?,
            "bottomsum" => self.ranked(true, RankLimit::Sum)?,
            "bottompercent" => self.ranked(true, RankLimit::Percent)?,
            "concat" => T::Concat(self.parenthesised(Self::branches)?),
            "join" => self.parenthesised(|c| c.join_arguments(false))?,
            "outerjoin" => self.parenthesised(|c| c.join_arguments(true))?,
            "nest" => T::Nest(self.parenthesised(|c| c.list(Self::named_apply))?),
            "addnested" => self.parenthesised(Self::add_nested)?,
            "expand" => self.parenthesised(Self::expand_arguments)?,
            "ancestors" => self.parenthesised(|c| c.relatives(false))?,
            "descendants" => self.parenthesised(|c| c.relatives(true))?,
            "traverse" => self.parenthesised(Self::traverse)?,
            _ => return Ok(None),
        }))
    }

    /// `(…)` with optional spaces inside.
    fn parenthesised<R>(&mut self, inner: impl FnOnce(&mut Self) -> Result<R, SyntaxError>) -> Result<R, SyntaxError> {
        self.expect(b'(')?;
        self.spaces();
        let result = inner(self)?;
        self.spaces();
        self.expect(b')')?;
        Ok(result)
    }

    /// At least one item, separated by commas.
    fn list<R>(&mut self, item: impl Fn(&mut Self) -> Result<R, SyntaxError>) -> Result<Vec<R>, SyntaxError> {
        let mut items = vec![item(self)?];
        while self.comma() {
            if items.len() == PROJECTION_ITEMS_MAX {
                return self.error(format!("more than {PROJECTION_ITEMS_MAX} items"));
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn separator(&mut self) -> Result<(), SyntaxError> {
        if self.comma() { Ok(()) } else { self.expected("','") }
    }

    /// A word between spaces; leaves the place when another one stands here.
    fn spaced_word(&mut self, word: &str) -> bool {
        let start = self.pos;
        if self.spaces() && self.identifier().is_some_and(|found| found.eq_ignore_ascii_case(word)) && self.spaces() {
            return true;
        }
        self.pos = start;
        false
    }

    fn name(&mut self, what: &str) -> Result<Name<'t>, SyntaxError> {
        let position = self.pos;
        match self.identifier() {
            Some(text) => Ok(Name { text, position }),
            None => self.expected(what),
        }
    }

    fn alias_after_as(&mut self) -> Result<Name<'t>, SyntaxError> {
        if self.spaced_word("as") { self.name("a name") } else { self.expected("'as' and a name") }
    }

    /// A path, which other expressions are not.
    fn path_expr(&mut self) -> Result<Expr<'t>, SyntaxError> {
        self.node()?;
        let start = self.pos;
        let kind = match self.peek() {
            Some(b'@' | b'$') => self.path(None)?,
            _ => match self.qualified_name() {
                Some(name) => self.path(Some((name, start)))?,
                None => return self.expected("a property"),
            },
        };
        Ok(Expr { kind, span: self.span_from(start) })
    }

    /// `(…)` behind a collection and `aggregate`: an item without an alias.
    pub(in crate::syntax) fn aggregate_function(&mut self) -> Result<Aggregate<'t>, SyntaxError> {
        self.parenthesised(|c| {
            let item = c.aggregated()?;
            let is_plain = item.method.is_none() && item.from.is_empty();
            if is_plain && !matches!(item.expr.kind, ExprKind::Path(_)) {
                return c.expected("'with' and a method");
            }
            Ok(item)
        })
    }

    /// What is aggregated and how.
    fn aggregated(&mut self) -> Result<Aggregate<'t>, SyntaxError> {
        let expr = self.expression()?;
        let method = self.aggregate_method()?;
        let mut from = Vec::new();
        while self.spaced_word("from") {
            self.node()?;
            let by = self.list(Self::path_expr)?;
            from.push(AggregateFrom { by, method: self.aggregate_method()? });
        }
        Ok(Aggregate { expr, method, from, alias: None })
    }

    fn aggregate_item(&mut self) -> Result<Aggregate<'t>, SyntaxError> {
        let Aggregate { expr, method, from, .. } = self.aggregated()?;
        let alias = if self.spaced_word("as") { Some(self.name("a name")?) } else { None };
        let counts = matches!(&expr.kind, ExprKind::Path(path) if path.segments.last().is_some_and(is_count));
        let needs_alias = method.is_some() || counts || !from.is_empty() || !matches!(expr.kind, ExprKind::Path(_));
        if alias.is_none() && needs_alias {
            let with = if method.is_some() || counts { "'as' and a name" } else { "'with' and a method" };
            return self.expected(with);
        }
        Ok(Aggregate { expr, method, from, alias })
    }

    /// `with sum`, `with Custom.method`.
    fn aggregate_method(&mut self) -> Result<Option<Name<'t>>, SyntaxError> {
        if !self.spaced_word("with") {
            return Ok(None);
        }
        let position = self.pos;
        match self.qualified_name() {
            Some(text) => Ok(Some(Name { text, position })),
            None => self.expected("an aggregation method"),
        }
    }

    fn groupby(&mut self) -> Result<TransformationKind<'t>, SyntaxError> {
        let by = self.parenthesised(|c| c.list(Self::grouping))?;
        let then = if self.comma() { Some(self.apply()?) } else { None };
        Ok(TransformationKind::GroupBy { by, then })
    }

    fn grouping(&mut self) -> Result<Grouping<'t>, SyntaxError> {
        let start = self.pos;
        if let Some(name) = self.identifier()
            && self.peek() == Some(b'(')
        {
            if name.eq_ignore_ascii_case("rollup") {
                return self.parenthesised(Self::rollup);
            }
            if name.eq_ignore_ascii_case("rolluprecursive") {
                return self.parenthesised(|c| {
                    let hierarchy = c.hierarchy()?;
                    let then = if c.comma() { Some(c.apply()?) } else { None };
                    Ok(Grouping::RollupRecursive { hierarchy, then })
                });
            }
        }
        self.pos = start;
        Ok(Grouping::Property(self.path_expr()?))
    }

    fn rollup(&mut self) -> Result<Grouping<'t>, SyntaxError> {
        let all = self.rest().starts_with("$all");
        if all {
            self.pos += "$all".len();
            self.separator()?;
        }
        Ok(Grouping::Rollup { all, levels: self.list(Self::path_expr)? })
    }

    fn ranked(&mut self, bottom: bool, limit: RankLimit) -> Result<TransformationKind<'t>, SyntaxError> {
        self.parenthesised(|c| {
            let amount = c.expression()?;
            c.separator()?;
            Ok(TransformationKind::Ranked { bottom, limit, amount, measure: c.expression()? })
        })
    }

    fn branches(&mut self) -> Result<Vec<Apply<'t>>, SyntaxError> {
        let mut all = vec![self.apply()?];
        self.separator()?;
        all.append(&mut self.list(Self::apply)?);
        Ok(all)
    }

    fn join_arguments(&mut self, outer: bool) -> Result<TransformationKind<'t>, SyntaxError> {
        let path = self.path_expr()?;
        let alias = self.alias_after_as()?;
        let then = if self.comma() { Some(self.apply()?) } else { None };
        Ok(TransformationKind::Join { outer, path, alias, then })
    }

    fn named_apply(&mut self) -> Result<(Apply<'t>, Name<'t>), SyntaxError> {
        let apply = self.apply()?;
        Ok((apply, self.alias_after_as()?))
    }

    fn add_nested(&mut self) -> Result<TransformationKind<'t>, SyntaxError> {
        let path = self.path_expr()?;
        self.separator()?;
        Ok(TransformationKind::AddNested { path, items: self.list(Self::named_apply)? })
    }

    fn expand_arguments(&mut self) -> Result<TransformationKind<'t>, SyntaxError> {
        let path = self.path_expr()?;
        let mut nested = Vec::new();
        while self.comma() {
            self.enter()?;
            let start = self.pos;
            let step = self.transformation()?;
            if !matches!(step.kind, TransformationKind::Filter(_) | TransformationKind::Expand { .. }) {
                return Err(SyntaxError::new(start, "expected 'filter' or 'expand'"));
            }
            nested.push(step);
            self.leave(1);
        }
        Ok(TransformationKind::Expand { path, nested })
    }

    /// The three arguments that name a hierarchy.
    fn hierarchy(&mut self) -> Result<Hierarchy<'t>, SyntaxError> {
        let nodes = self.path_expr()?;
        self.separator()?;
        let qualifier = self.name("the qualifier of a hierarchy")?;
        self.separator()?;
        Ok(Hierarchy { nodes, qualifier, path: self.path_expr()? })
    }

    fn relatives(&mut self, descendants: bool) -> Result<TransformationKind<'t>, SyntaxError> {
        let hierarchy = self.hierarchy()?;
        self.separator()?;
        let start = self.apply()?;
        let (mut distance, mut keep_start) = (None, false);
        while !keep_start && self.comma() {
            if distance.is_none() && self.peek().is_some_and(|next| next.is_ascii_digit()) {
                let at = self.pos;
                let steps = u32::try_from(self.unsigned()?).ok().filter(|steps| *steps > 0);
                distance = Some(steps.ok_or_else(|| SyntaxError::new(at, "expected a number of levels from 1"))?);
                continue;
            }
            let words = self.identifier().is_some_and(|word| word.eq_ignore_ascii_case("keep"))
                && self.spaces()
                && self.identifier().is_some_and(|word| word.eq_ignore_ascii_case("start"));
            if !words {
                return self.expected("a number or 'keep start'");
            }
            keep_start = true;
        }
        Ok(TransformationKind::Relatives { descendants, hierarchy, start, distance, keep_start })
    }

    fn traverse(&mut self) -> Result<TransformationKind<'t>, SyntaxError> {
        let hierarchy = self.hierarchy()?;
        self.separator()?;
        let at = self.pos;
        let postorder = match self.identifier() {
            Some(word) if word.eq_ignore_ascii_case("preorder") => false,
            Some(word) if word.eq_ignore_ascii_case("postorder") => true,
            _ => {
                self.pos = at;
                return self.expected("'preorder' or 'postorder'");
            }
        };
        let (mut start, mut orderby) = (None, Vec::new());
        if self.comma() {
            if self.at_transformation() {
                start = Some(self.apply()?);
                if self.comma() {
                    orderby = self.order_items()?;
                }
            } else {
                orderby = self.order_items()?;
            }
        }
        Ok(TransformationKind::Traverse { hierarchy, postorder, start, orderby })
    }

    /// Whether a transformation stands here where an expression may stand, too.
    fn at_transformation(&mut self) -> bool {
        const SELECTING: [&str; 9] = [
            "filter",
            "search",
            "topcount",
            "topsum",
            "toppercent",
            "bottomcount",
            "bottomsum",
            "bottompercent",
            "identity",
        ];
        let start = self.pos;
        let name = self.identifier();
        let called = self.peek() == Some(b'(');
        self.pos = start;
        name.is_some_and(|name| {
            SELECTING.iter().any(|known| known.eq_ignore_ascii_case(name))
                && (called || name.eq_ignore_ascii_case("identity"))
        })
    }
}

fn is_count(segment: &Segment<'_>) -> bool {
    matches!(segment.kind, SegmentKind::Count(_))
}
