//! Built-in functions: which arguments they take and what they give.

use super::constant;
use super::scope::Binder;
use super::types::{Class, Rank, class_of, type_text};
use crate::error::Error;
use crate::expr::{Expr, ExprType, Function, Node, Pattern};
use crate::model::{EdmType, Primitive};
use crate::syntax::ast::{self, Span};
use crate::value::Value;

/// What an argument may be.
#[derive(Clone, Copy)]
enum Takes {
    Text,
    /// A text, or a collection of what may be.
    Sequence,
    Collection,
    Integer,
    Number,
    Instant,
    DateLike,
    TimeLike,
    Duration,
}

impl Takes {
    fn accepts(self, class: Class) -> bool {
        use Primitive::{Date, DateTimeOffset, Duration, String, TimeOfDay};
        matches!(
            (self, class),
            (_, Class::Open)
                | (Self::Text | Self::Sequence, Class::Plain(String))
                | (Self::Integer, Class::Number(Rank::Integer))
                | (Self::Number, Class::Number(_))
                | (Self::Instant, Class::Plain(DateTimeOffset))
                | (Self::DateLike, Class::Plain(Date | DateTimeOffset))
                | (Self::TimeLike, Class::Plain(TimeOfDay | DateTimeOffset))
                | (Self::Duration, Class::Plain(Duration))
        )
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Text => "Edm.String",
            Self::Sequence => "Edm.String or a collection",
            Self::Collection => "a collection",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Instant => "Edm.DateTimeOffset",
            Self::DateLike => "Edm.Date or Edm.DateTimeOffset",
            Self::TimeLike => "Edm.TimeOfDay or Edm.DateTimeOffset",
            Self::Duration => "Edm.Duration",
        }
    }
}

/// Arguments (the last one optional when `optional`) and result; `None` as result is the type of the argument.
struct Signature {
    takes: &'static [Takes],
    optional: bool,
    gives: Option<Primitive>,
}

fn signature(function: Function) -> Option<Signature> {
    use Takes::{Collection, DateLike, Duration, Instant, Integer, Number, Sequence, Text, TimeLike};
    let (takes, gives): (&'static [Takes], Primitive) = match function {
        Function::Concat => (&[Sequence, Sequence], Primitive::String),
        Function::Contains | Function::StartsWith | Function::EndsWith => (&[Sequence, Sequence], Primitive::Boolean),
        Function::MatchesPattern => (&[Text, Text], Primitive::Boolean),
        Function::IndexOf => (&[Sequence, Sequence], Primitive::Int32),
        Function::Length => (&[Sequence], Primitive::Int32),
        Function::Substring => (&[Sequence, Integer, Integer], Primitive::String),
        Function::ToLower | Function::ToUpper | Function::Trim => (&[Text], Primitive::String),
        Function::Date => (&[Instant], Primitive::Date),
        Function::Time => (&[Instant], Primitive::TimeOfDay),
        Function::Year | Function::Month | Function::Day => (&[DateLike], Primitive::Int32),
        Function::Hour | Function::Minute | Function::Second => (&[TimeLike], Primitive::Int32),
        Function::FractionalSeconds => (&[TimeLike], Primitive::Decimal),
        Function::TotalOffsetMinutes => (&[Instant], Primitive::Int32),
        Function::TotalSeconds => (&[Duration], Primitive::Decimal),
        Function::Now | Function::MaxDateTime | Function::MinDateTime => (&[], Primitive::DateTimeOffset),
        Function::HasSubset | Function::HasSubsequence => (&[Collection, Collection], Primitive::Boolean),
        Function::Ceiling | Function::Floor | Function::Round => {
            return Some(Signature { takes: &[Number], optional: false, gives: None });
        }
        Function::GeoDistance | Function::GeoIntersects | Function::GeoLength | Function::Case => return None,
    };
    Some(Signature { takes, optional: function == Function::Substring, gives: Some(gives) })
}

impl Binder<'_> {
    /// Binds the call of a built-in function.
    pub(super) fn call(&mut self, function: Function, arguments: &[ast::Expr<'_>], span: Span) -> Result<Expr, Error> {
        let name = function.name();
        let Some(signature) = signature(function) else { return self.geo_call(function, arguments, span) };
        let most = signature.takes.len();
        let least = most - usize::from(signature.optional);
        if arguments.len() < least || arguments.len() > most {
            let wanted = if least == most { most.to_string() } else { format!("{least} or {most}") };
            let given = arguments.len();
            return Err(self.error(span, format!("The function '{name}' takes {wanted} arguments, not {given}.")));
        }
        let mut bound = Vec::with_capacity(arguments.len());
        for (argument, takes) in arguments.iter().zip(signature.takes) {
            bound.push(self.argument(name, argument, *takes)?);
        }
        let of_collections = matches!(function, Function::HasSubset | Function::HasSubsequence);
        if of_collections || bound.iter().any(|argument| argument.ty.collection) {
            return self.collection_call(function, bound, arguments);
        }
        if function == Function::Substring
            && let Some(Node::Literal(Value::Int(length @ ..0))) = bound.get(2).map(|length| &length.node)
        {
            return Err(self.error(arguments[2].span, format!("A substring cannot be {length} characters long.")));
        }
        if function == Function::MatchesPattern {
            return self.matches(bound, arguments);
        }
        let ty =
            signature.gives.map_or_else(|| bound.first().map_or(ExprType::NULL, |first| first.ty), ExprType::primitive);
        Ok(Expr { node: Node::Call(function, bound), ty })
    }

    fn argument(&mut self, name: &str, tree: &ast::Expr<'_>, takes: Takes) -> Result<Expr, Error> {
        let mut bound = self.expr(tree)?;
        if bound.ty.collection && matches!(takes, Takes::Sequence | Takes::Collection) {
            return Ok(bound);
        }
        // A quoted text stands for a date or a duration where only those fit.
        let wanted = match takes {
            Takes::Instant | Takes::DateLike => Some(Primitive::DateTimeOffset),
            Takes::TimeLike => Some(Primitive::TimeOfDay),
            Takes::Duration => Some(Primitive::Duration),
            _ => None,
        };
        let is_text = class_of(self.model, bound.ty) == Class::Plain(Primitive::String);
        if let (Some(wanted), true) = (wanted, is_text) {
            let adapted = constant::adapt(self.model, bound, EdmType::Primitive(wanted));
            bound = adapted.map_err(|message| self.error(tree.span, message))?;
        }
        if !bound.ty.collection && takes.accepts(class_of(self.model, bound.ty)) {
            return Ok(bound);
        }
        let found = type_text(self.model, bound.ty);
        let expected = takes.expected();
        Err(self.error(tree.span, format!("The function '{name}' expects {expected} here, not '{found}'.")))
    }

    fn matches(&self, arguments: Vec<Expr>, trees: &[ast::Expr<'_>]) -> Result<Expr, Error> {
        let span = trees.get(1).map_or(Span::default(), |tree| tree.span);
        let mut arguments = arguments.into_iter();
        let (Some(text), Some(pattern)) = (arguments.next(), arguments.next()) else {
            return Err(self.error(span, "The function 'matchesPattern' takes 2 arguments."));
        };
        let ty = ExprType::primitive(Primitive::Boolean);
        let node = match pattern.node {
            Node::Literal(Value::String(pattern)) => {
                let pattern = Pattern::new(&pattern)
                    .map_err(|reason| self.error(span, format!("The pattern is not valid: {reason}")))?;
                Node::Matches(Box::new(text), pattern)
            }
            Node::Literal(Value::Null) => Node::Literal(Value::Null),
            node => Node::Call(Function::MatchesPattern, vec![text, Expr { node, ty: pattern.ty }]),
        };
        Ok(Expr { node, ty })
    }
}
