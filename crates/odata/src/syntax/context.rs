//! The fragment of a context URL (part 1 of the protocol, section 10): what a payload says that it holds. Knows no model.
//!
//! ```
//! use odata::syntax::context::{Context, Form, Suffix};
//!
//! let context = Context::parse("products(name,price)/$entity")?;
//! assert!(matches!(&context.form, Form::Path(path) if path[0].name.text == "products"));
//! assert_eq!(context.suffix, Some(Suffix::Entity));
//! # Ok::<(), odata::syntax::SyntaxError>(())
//! ```

use super::SyntaxError;
use super::ast::{Argument, Name};
use super::cursor::Cursor;
use crate::limits::{PATH_SEGMENTS_MAX, PROJECTION_ITEMS_MAX};

/// What a context URL says, borrowed from its fragment.
///
/// ```
/// use odata::syntax::context::{Context, Form, Suffix};
/// let context = Context::parse("Customers(Address,Orders(ID))/$entity").expect("well-formed");
/// assert!(matches!(&context.form, Form::Path(path) if path[0].name.text == "Customers"));
/// assert_eq!(context.select.as_ref().map(Vec::len), Some(2));
/// assert_eq!(context.suffix, Some(Suffix::Entity));
/// assert_eq!(Context::parse("Customers(Address").map_err(|e| e.position), Err(17));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Context<'t> {
    /// What the payload is.
    pub form: Form<'t>,
    /// Which parts of it are there; `None` for all of them.
    pub select: Option<Vec<Item<'t>>>,
    /// What follows the path.
    pub suffix: Option<Suffix>,
}

/// What a payload is.
///
/// ```
/// use odata::syntax::context::{Context, Form};
///
/// assert_eq!(Context::parse("Collection($ref)")?.form, Form::Reference { collection: true });
/// assert!(matches!(Context::parse("Edm.String")?.form, Form::Type { name, .. } if name.text == "Edm.String"));
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Form<'t> {
    /// `$ref` and `Collection($ref)`.
    Reference {
        /// `Collection(…)`.
        collection: bool,
    },
    /// A type, `Edm.EntityType` and `Edm.ComplexType` among them.
    Type {
        /// As written.
        name: Name<'t>,
        /// `Collection(…)`.
        collection: bool,
    },
    /// A path from an entity set or a singleton.
    Path(Vec<Segment<'t>>),
}

/// A segment of the path.
///
/// ```
/// use odata::syntax::context::{Context, Form};
///
/// let Form::Path(path) = Context::parse("categories('kitchen')/products")?.form else { panic!("a path") };
/// assert!(path[0].key.as_ref().is_some_and(|key| key.len() == 1) && path[1].key.is_none());
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Segment<'t> {
    /// Qualified when it is a type.
    pub name: Name<'t>,
    /// The key after it; its texts are still percent-encoded.
    pub key: Option<Vec<Argument<'t>>>,
}

/// A part of an entity that is there.
///
/// ```
/// use odata::syntax::context::Context;
///
/// let select = Context::parse("categories(id,parent+(id))")?.select.expect("given");
/// let [id, parent] = &select[..] else { panic!("two") };
/// assert_eq!((id.path[0].text, id.recursive), ("id", false));
/// assert!(parent.recursive && parent.select.as_ref().is_some_and(|inside| inside.len() == 1));
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Item<'t> {
    /// Names between slashes: properties, types, operations, `*`, `ns.*`, `@term`.
    pub path: Vec<Name<'t>>,
    /// `+`: expanded to all levels.
    pub recursive: bool,
    /// Which parts of the expanded entity are there.
    pub select: Option<Vec<Item<'t>>>,
}

/// What follows the path.
///
/// ```
/// use odata::syntax::context::{Context, Suffix};
///
/// assert_eq!(Context::parse("products/$delta")?.suffix, Some(Suffix::Delta));
/// assert_eq!(Context::parse("products/$deletedEntity")?.suffix, Some(Suffix::DeletedEntity));
/// # Ok::<(), odata::syntax::SyntaxError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the OData ABNF")]
pub enum Suffix {
    Entity,
    Delta,
    DeletedEntity,
    Link,
    DeletedLink,
}

const SUFFIXES: [(&str, Suffix); 5] = [
    ("$entity", Suffix::Entity),
    ("$delta", Suffix::Delta),
    ("$deletedEntity", Suffix::DeletedEntity),
    ("$link", Suffix::Link),
    ("$deletedLink", Suffix::DeletedLink),
];

impl<'t> Context<'t> {
    /// Parses what stands after `#`.
    ///
    /// ```
    /// use odata::syntax::context::Context;
    ///
    /// assert_eq!(Context::parse("products(id,name)")?.select.map(|items| items.len()), Some(2));
    /// assert_eq!(Context::parse("products(id").map_err(|error| error.position), Err(11));
    /// # Ok::<(), odata::syntax::SyntaxError>(())
    /// ```
    ///
    /// # Errors
    /// What was expected and where; also what is too long, too deep or too large.
    pub fn parse(fragment: &'t str) -> Result<Self, SyntaxError> {
        if fragment.len() > crate::limits::URL_BYTES_MAX {
            return Err(SyntaxError::new(crate::limits::URL_BYTES_MAX, "the context is too long"));
        }
        let mut cursor = Cursor::new(fragment);
        let context = cursor.context()?;
        if cursor.pos == fragment.len() { Ok(context) } else { cursor.expected("'/', '(' or the end") }
    }
}

impl<'t> Cursor<'t> {
    fn context(&mut self) -> Result<Context<'t>, SyntaxError> {
        if self.literally("$ref") {
            return Ok(Context { form: Form::Reference { collection: false }, select: None, suffix: None });
        }
        if self.literally("Collection(") {
            if self.literally("$ref)") {
                return Ok(Context { form: Form::Reference { collection: true }, select: None, suffix: None });
            }
            let name = self.context_type()?;
            self.expect(b')')?;
            let select = self.context_select()?;
            return Ok(Context { form: Form::Type { name, collection: true }, select, suffix: None });
        }
        let name = self.context_name()?;
        if name.text.contains('.') {
            let select = self.context_select()?;
            return Ok(Context { form: Form::Type { name, collection: false }, select, suffix: None });
        }
        self.context_path(name)
    }

    fn literally(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        self.pos += if found { word.len() } else { 0 };
        found
    }

    fn context_type(&mut self) -> Result<Name<'t>, SyntaxError> {
        let name = self.context_name()?;
        if name.text.contains('.') { Ok(name) } else { self.expected("'.' and a type") }
    }

    fn context_name(&mut self) -> Result<Name<'t>, SyntaxError> {
        let position = self.pos;
        match self.qualified_name() {
            Some(text) => Ok(Name { text, position }),
            None => self.expected("a name"),
        }
    }

    fn context_path(&mut self, first: Name<'t>) -> Result<Context<'t>, SyntaxError> {
        let mut segments = vec![Segment { name: first, key: None }];
        let (mut select, mut suffix) = (None, None);
        loop {
            if self.peek() == Some(b'(') && select.is_none() {
                let mut attempt = self.clone();
                match attempt.context_select() {
                    Ok(items) => {
                        select = items;
                        *self = attempt;
                    }
                    Err(error) => {
                        let key = self
                            .arguments()
                            .map_err(|other| if other.position > error.position { other } else { error })?;
                        if let Some(last) = segments.last_mut() {
                            last.key = Some(key);
                        }
                    }
                }
            }
            if self.peek() != Some(b'/') {
                break;
            }
            self.pos += 1;
            let known = SUFFIXES.iter().find(|(name, _)| self.rest() == *name);
            if let Some((name, found)) = known {
                self.pos += name.len();
                suffix = Some(*found);
                break;
            }
            if select.is_some() {
                return self.expected("'$entity' or '$delta'");
            }
            if segments.len() == PATH_SEGMENTS_MAX {
                return self.error(format!("the path has more than {PATH_SEGMENTS_MAX} segments"));
            }
            segments.push(Segment { name: self.context_name()?, key: None });
        }
        Ok(Context { form: Form::Path(segments), select, suffix })
    }

    /// `(item,item,…)`, when one stands here.
    fn context_select(&mut self) -> Result<Option<Vec<Item<'t>>>, SyntaxError> {
        if !self.eat(b'(') {
            return Ok(None);
        }
        self.enter()?;
        let mut items = Vec::new();
        if !self.eat(b')') {
            loop {
                if items.len() == PROJECTION_ITEMS_MAX {
                    return self.error(format!("more than {PROJECTION_ITEMS_MAX} items"));
                }
                items.push(self.context_item()?);
                if !self.eat(b',') {
                    break;
                }
            }
            self.expect(b')')?;
        }
        self.leave(1);
        Ok(Some(items))
    }

    fn context_item(&mut self) -> Result<Item<'t>, SyntaxError> {
        self.node()?;
        let path = self.item_path()?;
        if let Some(dollar) = path.iter().find(|name| name.text.starts_with('$')) {
            return Err(SyntaxError::new(dollar.position, "expected a property name"));
        }
        let recursive = self.eat(b'+');
        Ok(Item { path, recursive, select: self.context_select()? })
    }
}
