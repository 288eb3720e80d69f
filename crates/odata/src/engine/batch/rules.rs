//! What the requests of a batch say of each other: ids are unique, and everything named stands before. Executes nothing.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Dependency, Group, Item, refer};
use crate::error::{Error, shown};

/// Checks the names and resolves them to numbers.
///
/// # Errors
/// 400: an id given twice or to a group too, a dependency that is unknown or does not stand before.
pub(super) fn resolve(items: &mut [Item], groups: &[Group]) -> Result<(), Error> {
    let ids = ids(items)?;
    let names = groups.iter().enumerate().filter(|(_, group)| !group.name.is_empty());
    let names: HashMap<&str, usize> = names.map(|(number, group)| (&*group.name, number)).collect();
    for group in groups {
        if let Some(item) = ids.get(&group.name.to_lowercase()) {
            let message = format!("The atomicityGroup '{}' has the id of a request.", shown(&group.name));
            return Err(Error::bad_request(message).at(format!("{}/id", items[*item].place)));
        }
    }
    let group_of: Vec<Option<usize>> = items.iter().map(|item| item.group).collect();
    for (index, item) in items.iter_mut().enumerate() {
        let context = Context { ids: &ids, names: &names, groups, group_of: &group_of, index };
        context.resolve(item)?;
    }
    Ok(())
}

/// The items by their ids, which are compared without case.
fn ids(items: &[Item]) -> Result<HashMap<String, usize>, Error> {
    let mut ids = HashMap::with_capacity(items.len());
    for (index, item) in items.iter().enumerate().filter(|(_, item)| !item.id.is_empty()) {
        if ids.insert(item.id.to_lowercase(), index).is_some() {
            let message = format!("Request Id {} has to be unique in a batch.", shown(&item.id));
            return Err(Error::bad_request(message).at(format!("{}/id", item.place)));
        }
    }
    Ok(ids)
}

struct Context<'c> {
    ids: &'c HashMap<String, usize>,
    names: &'c HashMap<&'c str, usize>,
    groups: &'c [Group],
    group_of: &'c [Option<usize>],
    /// The item's own number.
    index: usize,
}

impl Context<'_> {
    fn resolve(&self, item: &mut Item) -> Result<(), Error> {
        for (place, name) in std::mem::take(&mut item.depends_on) {
            let dependency = match (self.ids.get(&name.to_lowercase()), self.names.get(&*name)) {
                (Some(other), _) => self.on_item(*other),
                (None, Some(group)) if self.groups[*group].items.end <= self.index => Some(Dependency::Group(*group)),
                (None, _) => None,
            };
            item.after.push(dependency.ok_or_else(|| refused(&item.id, &name).at(place))?);
        }
        if let Some(condition) = &mut item.condition {
            for mention in &mut condition.mentions {
                let other = self.ids.get(&mention.id.to_lowercase()).copied().filter(|other| *other < self.index);
                mention.item = other.ok_or_else(|| refused(&item.id, &mention.id).at(format!("{}/if", item.place)))?;
            }
        }
        let references = std::mem::take(&mut item.references);
        for mut reference in references {
            // A name that no request has is not one of ours: the engine judges it where it stands.
            let Some(other) = self.ids.get(&reference.id.to_lowercase()) else { continue };
            let dependency = self.on_item(*other).ok_or_else(|| {
                let place = match reference.place {
                    refer::Place::Url(_) | refer::Place::Query(..) => "url",
                    refer::Place::Body(..) => "body",
                    refer::Place::Header(_) => "headers",
                };
                refused(&item.id, &reference.id).at(format!("{}/{place}", item.place))
            })?;
            item.after.push(dependency);
            reference.item = *other;
            item.references.push(reference);
        }
        Ok(())
    }

    /// The dependency on an item before this one: on its group, where it is in another.
    fn on_item(&self, other: usize) -> Option<Dependency> {
        match self.group_of[other] {
            _ if other >= self.index => None,
            Some(group) if self.group_of[self.index] != Some(group) => {
                (self.groups[group].items.end <= self.index).then_some(Dependency::Group(group))
            }
            _ => Some(Dependency::Item(other)),
        }
    }
}

fn refused(id: &Arc<str>, name: &str) -> Error {
    let (id, name) = (shown(id), shown(name));
    Error::bad_request(format!("Invalid dependency for request Id {id}: no request before it has the id '{name}'."))
}
