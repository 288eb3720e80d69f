//! The values of system options, at the top of a request and nested in `$expand`, `$select` and `$count`.

use super::SyntaxError;
use super::ast::{ExpandItem, Name, Options, OrderItem, SelectItem};
use super::cursor::Cursor;
use super::query::SystemOption;
use crate::limits::{EXPAND_DEPTH_MAX, ORDERBY_ITEMS_MAX, PROJECTION_ITEMS_MAX};

/// Parses the value of one option into its place.
pub(super) fn value<'t>(
    cursor: &mut Cursor<'t>,
    option: SystemOption,
    into: &mut Options<'t>,
) -> Result<(), SyntaxError> {
    use SystemOption as Option_;
    if matches!(
        option,
        Option_::Filter | Option_::OrderBy | Option_::Select | Option_::Expand | Option_::Compute | Option_::Apply
    ) {
        cursor.spaces();
    }
    match option {
        SystemOption::Filter => into.filter = Some(expression_to_end(cursor)?),
        SystemOption::OrderBy => into.orderby = cursor.order_items()?,
        SystemOption::Select => into.select = Some(cursor.select_items()?),
        SystemOption::Expand => into.expand = cursor.expand_items()?,
        SystemOption::Compute => into.compute = cursor.compute_items()?,
        SystemOption::Search => {
            into.search = Some(cursor.search()?);
            cursor.spaces();
        }
        SystemOption::Top => into.top = Some(cursor.unsigned()?),
        SystemOption::Skip => into.skip = Some(cursor.unsigned()?),
        SystemOption::Count => into.count = Some(cursor.boolean()?),
        SystemOption::Index => into.index = Some(cursor.signed()?),
        SystemOption::Levels => into.levels = Some(cursor.levels()?),
        // Opaque here: who offers them reads them from the query itself.
        SystemOption::Apply => into.apply = Some(cursor.apply()?),
        SystemOption::DeltaToken
        | SystemOption::Format
        | SystemOption::Id
        | SystemOption::SchemaVersion
        | SystemOption::SkipToken => cursor.pos = cursor.text.len(),
    }
    Ok(())
}

fn expression_to_end<'t>(cursor: &mut Cursor<'t>) -> Result<super::ast::Expr<'t>, SyntaxError> {
    let expr = cursor.expression()?;
    cursor.spaces();
    Ok(expr)
}

/// What options in parentheses belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// An item of `$expand` or `$select`.
    Item,
    /// `/$ref`.
    Reference,
    /// `/$count`.
    Count,
}

impl Place {
    fn takes(self, option: SystemOption) -> bool {
        use SystemOption as Option_;
        let narrows = matches!(option, Option_::Filter | Option_::Search);
        match self {
            Self::Item => true,
            Self::Reference => {
                narrows || matches!(option, Option_::OrderBy | Option_::Skip | Option_::Top | Option_::Count)
            }
            Self::Count => narrows,
        }
    }
}

/// `(option;option;…)`.
pub(super) fn nested<'t>(cursor: &mut Cursor<'t>, place: Place) -> Result<Options<'t>, SyntaxError> {
    cursor.expect(b'(')?;
    cursor.option_depth += 1;
    if cursor.option_depth > EXPAND_DEPTH_MAX {
        return cursor.error(format!("options are nested deeper than {EXPAND_DEPTH_MAX} levels"));
    }
    let mut all = Options::default();
    loop {
        cursor.spaces();
        let start = cursor.pos;
        if cursor.peek() == Some(b'@') {
            let name = cursor.at_name()?;
            cursor.expect(b'=')?;
            let value = cursor.expression()?;
            if all.aliases.iter().any(|(known, _)| *known == name) {
                return Err(SyntaxError::new(start, format!("the alias '{name}' is given more than once")));
            }
            all.aliases.push((name, value));
        } else {
            let option = cursor.option_name()?;
            if !place.takes(option) {
                return Err(SyntaxError::new(start, format!("'{}' does not fit here", option.name())));
            }
            if all.given.contains(&option) {
                return Err(SyntaxError::new(start, format!("'{}' is given more than once", option.name())));
            }
            if matches!(cursor.peek(), None | Some(b';' | b')')) {
                return cursor.expected("a value");
            }
            all.given.push(option);
            value(cursor, option, &mut all)?;
        }
        cursor.spaces();
        if !cursor.eat(b';') {
            break;
        }
    }
    cursor.expect(b')')?;
    cursor.option_depth -= 1;
    Ok(all)
}

impl<'t> Cursor<'t> {
    /// `$name=` of an option that can be nested.
    fn option_name(&mut self) -> Result<SystemOption, SyntaxError> {
        let start = self.pos;
        self.eat(b'$');
        let name = self.identifier();
        let option = name.and_then(SystemOption::by_name).filter(|option| {
            !matches!(
                option,
                SystemOption::DeltaToken
                    | SystemOption::Format
                    | SystemOption::Id
                    | SystemOption::Index
                    | SystemOption::SchemaVersion
                    | SystemOption::SkipToken
            )
        });
        let Some(option) = option else {
            self.pos = start;
            return self.expected("an option such as $select or $filter");
        };
        self.expect(b'=')?;
        Ok(option)
    }

    pub(super) fn order_items(&mut self) -> Result<Vec<OrderItem<'t>>, SyntaxError> {
        let mut items = Vec::new();
        loop {
            if items.len() == ORDERBY_ITEMS_MAX {
                return self.error(format!("more than {ORDERBY_ITEMS_MAX} items"));
            }
            let expr = self.expression()?;
            let mut descending = false;
            if self.spaces() {
                let start = self.pos;
                match self.identifier() {
                    Some(word) if word.eq_ignore_ascii_case("asc") => {}
                    Some(word) if word.eq_ignore_ascii_case("desc") => descending = true,
                    Some(_) => {
                        self.pos = start;
                        return self.expected("'asc', 'desc' or an operator");
                    }
                    None => {}
                }
            }
            items.push(OrderItem { expr, descending });
            if !self.comma() {
                self.spaces();
                return Ok(items);
            }
        }
    }

    pub(super) fn compute_items(&mut self) -> Result<Vec<(super::ast::Expr<'t>, &'t str)>, SyntaxError> {
        let mut items = Vec::new();
        loop {
            let expr = self.expression()?;
            if !self.spaces() || !self.identifier().is_some_and(|word| word.eq_ignore_ascii_case("as")) {
                return self.expected("'as' and a name");
            }
            self.spaces();
            let Some(name) = self.identifier() else { return self.expected("a name") };
            items.push((expr, name));
            if items.len() > PROJECTION_ITEMS_MAX {
                return self.error(format!("more than {PROJECTION_ITEMS_MAX} items"));
            }
            if !self.comma() {
                return Ok(items);
            }
        }
    }

    /// A name in `$select` or `$expand`.
    fn item_name(&mut self) -> Result<Name<'t>, SyntaxError> {
        let position = self.pos;
        let text = match self.peek() {
            Some(b'*') => {
                self.pos += 1;
                "*"
            }
            Some(b'@') => self.at_name()?,
            Some(b'$') => {
                self.pos += 1;
                if self.identifier().is_none() {
                    return self.expected("a name after '$'");
                }
                &self.text[position..self.pos]
            }
            _ => {
                if self.qualified_name().is_none() {
                    return self.expected("a property name");
                }
                if self.rest().starts_with(".*") {
                    self.pos += 2;
                }
                &self.text[position..self.pos]
            }
        };
        Ok(Name { text, position })
    }

    pub(super) fn item_path(&mut self) -> Result<Vec<Name<'t>>, SyntaxError> {
        let mut path = vec![self.item_name()?];
        while self.eat(b'/') {
            self.node()?;
            path.push(self.item_name()?);
        }
        Ok(path)
    }

    fn select_items(&mut self) -> Result<Vec<SelectItem<'t>>, SyntaxError> {
        let mut items = Vec::new();
        loop {
            let path = self.item_path()?;
            if let Some(dollar) = path.iter().find(|name| name.text.starts_with('$')) {
                return Err(SyntaxError::new(dollar.position, format!("'{}' cannot be selected", dollar.text)));
            }
            let mut item = SelectItem { path, parameters: None, options: None };
            if self.peek() == Some(b'(') {
                match self.parameter_names() {
                    Some(names) => item.parameters = Some(names),
                    None => item.options = Some(Box::new(nested(self, Place::Item)?)),
                }
            }
            items.push(item);
            if items.len() > PROJECTION_ITEMS_MAX {
                return self.error(format!("more than {PROJECTION_ITEMS_MAX} items"));
            }
            if !self.comma() {
                self.spaces();
                return Ok(items);
            }
        }
    }

    /// `(Name,Name)` after an operation; leaves the place when options stand there.
    fn parameter_names(&mut self) -> Option<Vec<&'t str>> {
        let start = self.pos;
        let mut names = Vec::new();
        self.pos += 1;
        while let Some(name) = self.identifier() {
            names.push(name);
            if self.comma() {
                continue;
            }
            if self.eat(b')') {
                return Some(names);
            }
            break;
        }
        self.pos = start;
        None
    }

    fn expand_items(&mut self) -> Result<Vec<ExpandItem<'t>>, SyntaxError> {
        let mut items = Vec::new();
        loop {
            let mut path = self.item_path()?;
            let last = path.last().map_or("", |name| name.text);
            let (reference, count_only) = (path.len() > 1 && last == "$ref", path.len() > 1 && last == "$count");
            if reference || count_only {
                path.pop();
            }
            let alone = path.len() == 1;
            if let Some(dollar) =
                path.iter().find(|name| name.text.starts_with('$') && !(alone && name.text == "$value"))
            {
                return Err(SyntaxError::new(dollar.position, format!("'{}' cannot be expanded", dollar.text)));
            }
            let place = match (reference, count_only) {
                (true, _) => Place::Reference,
                (_, true) => Place::Count,
                _ => Place::Item,
            };
            let options = if self.peek() == Some(b'(') { Some(Box::new(nested(self, place)?)) } else { None };
            items.push(ExpandItem { path, reference, count_only, options });
            if items.len() > PROJECTION_ITEMS_MAX {
                return self.error(format!("more than {PROJECTION_ITEMS_MAX} items"));
            }
            if !self.comma() {
                self.spaces();
                return Ok(items);
            }
        }
    }

    fn digits(&mut self) -> Result<&'t str, SyntaxError> {
        let length = self.bytes().iter().take_while(|b| b.is_ascii_digit()).count();
        let digits = &self.rest()[..length];
        if digits.is_empty() {
            return self.expected("a non-negative whole number");
        }
        self.pos += length;
        Ok(digits)
    }

    pub(super) fn unsigned(&mut self) -> Result<u64, SyntaxError> {
        let start = self.pos;
        let digits = self.digits()?;
        let limit = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
        digits
            .parse()
            .ok()
            .filter(|number| *number <= limit)
            .ok_or_else(|| SyntaxError::new(start, "too large a number"))
    }

    fn signed(&mut self) -> Result<i64, SyntaxError> {
        let start = self.pos;
        let negative = self.eat(b'-');
        if !negative {
            self.eat(b'+');
        }
        let number: i64 = self.digits()?.parse().map_err(|_| SyntaxError::new(start, "too large a number"))?;
        Ok(if negative { -number } else { number })
    }

    fn boolean(&mut self) -> Result<bool, SyntaxError> {
        let start = self.pos;
        match self.identifier() {
            Some(word) if word.eq_ignore_ascii_case("true") => Ok(true),
            Some(word) if word.eq_ignore_ascii_case("false") => Ok(false),
            _ => {
                self.pos = start;
                self.expected("'true' or 'false'")
            }
        }
    }

    fn levels(&mut self) -> Result<Option<u32>, SyntaxError> {
        let start = self.pos;
        if self.identifier().is_some_and(|word| word.eq_ignore_ascii_case("max")) {
            return Ok(None);
        }
        self.pos = start;
        let digits = self.digits()?;
        if digits.starts_with('0') {
            return Err(SyntaxError::new(start, "expected a number of levels from 1, or 'max'"));
        }
        digits.parse().map(Some).map_err(|_| SyntaxError::new(start, "too large a number"))
    }
}
