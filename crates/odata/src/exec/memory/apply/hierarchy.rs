//! `ancestors`, `descendants`, `traverse`: nodes by identifier, and who is above and below whom. Cycles end.

use std::collections::{HashMap, HashSet};

use super::Run;
use super::key::key_of;
use crate::error::Error;
use crate::exec::memory::eval::Frame;
use crate::exec::memory::evaluate;
use crate::expr::Expr;
use crate::model::EdmType;
use crate::plan::{Hierarchy, OrderBy, Transformation};
use crate::value::Value;

/// Identifiers in comparable form.
type Id = Vec<u8>;

/// The nodes in the order they were given, and their relations.
struct Nodes {
    ids: Vec<Id>,
    above: HashMap<Id, Vec<Id>>,
    below: HashMap<Id, Vec<Id>>,
}

impl Run<'_> {
    pub(super) fn relatives(
        &self,
        descendants: bool,
        hierarchy: &Hierarchy,
        start: &[Transformation],
        (distance, keep_start): (Option<u32>, bool),
        rows: Vec<Value>,
    ) -> Result<Vec<Value>, Error> {
        let nodes = self.related_nodes(hierarchy, self.nodes(hierarchy)?)?;
        let from = self.steps(start, rows.clone())?;
        let from = from.iter().map(|row| self.id(&hierarchy.key, row)).collect::<Result<HashSet<_>, _>>()?;
        let next = if descendants { &nodes.below } else { &nodes.above };
        let mut reached: HashSet<&Id> = HashSet::new();
        let mut frontier: Vec<&Id> = from.iter().collect();
        let mut steps = distance;
        while !frontier.is_empty() && steps != Some(0) {
            steps = steps.map(|steps| steps - 1);
            let found = frontier.iter().filter_map(|id| next.get(*id)).flatten();
            frontier = found.filter(|id| reached.insert(id)).collect();
        }
        let mut kept = Vec::new();
        for row in rows {
            let id = self.id(&hierarchy.key, &row)?;
            if reached.contains(&id) || (keep_start && from.contains(&id)) {
                kept.push(row);
            }
        }
        Ok(kept)
    }

    pub(super) fn traverse(
        &self,
        hierarchy: &Hierarchy,
        postorder: bool,
        start: Option<&[Transformation]>,
        order: &[OrderBy],
        rows: Vec<Value>,
    ) -> Result<Vec<Value>, Error> {
        let sorted = self.sorted(order, self.nodes(hierarchy)?)?;
        let roots = match start {
            Some(steps) => {
                let ty = if let Some(EdmType::Named(id)) = hierarchy.nodes.ty.base { Some(id) } else { self.ty };
                let nodes = Run { ty, ..*self }.steps(steps, sorted.clone())?;
                Some(nodes.iter().map(|node| self.id(&hierarchy.id, node)).collect::<Result<Vec<_>, _>>()?)
            }
            None => None,
        };
        let nodes = self.related_nodes(hierarchy, sorted)?;
        let roots = roots.unwrap_or_else(|| {
            nodes.ids.iter().filter(|id| nodes.above.get(*id).is_none_or(Vec::is_empty)).cloned().collect()
        });
        let mut of_node: HashMap<Id, Vec<Value>> = HashMap::new();
        for row in rows {
            of_node.entry(self.id(&hierarchy.key, &row)?).or_default().push(row);
        }
        let mut walked = Vec::new();
        for id in nodes.walk(&roots, postorder) {
            walked.append(&mut of_node.remove(id).unwrap_or_default());
        }
        Ok(walked)
    }

    fn id(&self, path: &Expr, row: &Value) -> Result<Id, Error> {
        Ok(key_of(std::iter::once(&evaluate(path, row, self.context)?)))
    }

    fn nodes(&self, hierarchy: &Hierarchy) -> Result<Vec<Value>, Error> {
        let nodes = self.context.value(&hierarchy.nodes, &Frame::row(&Value::Null))?;
        let nodes = nodes.as_collection().unwrap_or_default().to_vec();
        self.spend(nodes.len())?;
        Ok(nodes)
    }

    fn related_nodes(&self, hierarchy: &Hierarchy, values: Vec<Value>) -> Result<Nodes, Error> {
        let mut nodes = Nodes { ids: Vec::new(), above: HashMap::new(), below: HashMap::new() };
        for value in values {
            let id = self.id(&hierarchy.id, &value)?;
            let parents = match evaluate(&hierarchy.parent, &value, self.context)? {
                Value::Collection(parents) => parents.to_vec(),
                Value::Null => Vec::new(),
                parent => vec![parent],
            };
            for parent in parents {
                let parent = self.id(&hierarchy.id, &parent)?;
                nodes.below.entry(parent.clone()).or_default().push(id.clone());
                nodes.above.entry(id.clone()).or_default().push(parent);
            }
            nodes.ids.push(id);
        }
        Ok(nodes)
    }
}

impl Nodes {
    /// Each node below the roots once, a parent before or behind its children. Without recursion: a chain may be long.
    fn walk<'n>(&'n self, roots: &'n [Id], postorder: bool) -> Vec<&'n Id> {
        let mut out = Vec::new();
        let mut seen = HashSet::new();
        let mut stack: Vec<(&Id, bool)> = roots.iter().rev().map(|id| (id, false)).collect();
        while let Some((id, is_done)) = stack.pop() {
            if is_done {
                out.push(id);
                continue;
            }
            if !seen.insert(id) {
                continue;
            }
            if postorder {
                stack.push((id, true));
            } else {
                out.push(id);
            }
            stack.extend(self.below.get(id).into_iter().flatten().rev().map(|child| (child, false)));
        }
        out
    }
}
