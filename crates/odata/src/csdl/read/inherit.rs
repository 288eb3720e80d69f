//! Inheritance and what needs whole types: members base first, keys, partners and constraints of navigation properties.

use std::sync::Arc;

use super::Reader;
use super::targets::declared;
use super::xml::Element;
use crate::csdl::{CsdlError, CsdlFault};
use crate::limits::{CSDL_DEPTH_MAX, CSDL_MEMBERS_MAX};
use crate::model::{EdmType, KeyRef, Member, MemberKind, NamedType, StructuredType, TypeId, is_identifier};

impl<'a> Reader<'a> {
    /// Flattens every structured type, bases before what derives from them, and resolves the keys.
    pub(super) fn inherit(&mut self) -> Result<(), CsdlError> {
        let mut done = vec![false; self.model.types.len()];
        let mut order = Vec::new();
        for (id, element) in (0..).map(TypeId).zip(self.types.clone()) {
            let mut chain = Vec::new();
            let mut next = Some(id);
            while let Some(id) = next.filter(|id| !done[id.0 as usize]) {
                let Some(ty) = self.model.structured(id) else { break };
                if chain.contains(&id) {
                    return Err(element.fault(CsdlFault::Cycle { name: ty.name.to_string() }));
                }
                chain.push(id);
                next = ty.base;
            }
            for id in chain.into_iter().rev() {
                done[id.0 as usize] = true;
                self.flatten(id)?;
                order.push(id);
            }
        }
        for (id, member, _, element) in &self.inherited {
            if self.model.structured(*id).is_none_or(|ty| ty.member(member).is_none()) {
                return Err(element.unknown("annotation target", member));
            }
        }
        order.into_iter().try_for_each(|id| self.resolve_key(id))
    }

    fn flatten(&mut self, id: TypeId) -> Result<(), CsdlError> {
        let element = self.types[id.0 as usize];
        let Some(own) = self.model.structured(id) else { return Ok(()) };
        let mut ty = StructuredType { members: Vec::new(), ..own.clone() };
        let own_members = own.members.clone();
        if let Some(base_id) = ty.base {
            let Some(base) = self.model.structured(base_id).filter(|base| base.is_entity == ty.is_entity) else {
                return Err(element.misused("type", &ty.name, "derives from a type of another kind"));
            };
            if base.ancestors.len() >= CSDL_DEPTH_MAX {
                return Err(
                    element.fault(CsdlFault::TooMany { what: "types deriving from each other", max: CSDL_DEPTH_MAX })
                );
            }
            if base.is_open && element.attribute("OpenType") == Some("false") {
                return Err(element.misused("type", &ty.name, "is not open, but derives from an open type"));
            }
            ty.ancestors = std::iter::once(base_id).chain(base.ancestors.iter().copied()).collect();
            ty.is_open |= base.is_open;
            ty.has_stream |= base.has_stream;
            ty.members.clone_from(&base.members);
            ty.by_name.clone_from(&base.by_name);
        }
        for (_, name, annotations, _) in self.inherited.iter().filter(|(of, ..)| *of == id) {
            if let Some(number) = ty.by_name.get(name) {
                let member = &mut ty.members[usize::from(*number)];
                member.annotations.extend(annotations.iter().cloned());
                member.interpret(&self.model);
            }
        }
        let too_many = || element.fault(CsdlFault::TooMany { what: "members", max: CSDL_MEMBERS_MAX });
        if ty.members.len() + own_members.len() > CSDL_MEMBERS_MAX {
            return Err(too_many());
        }
        ty.own_from = u16::try_from(ty.members.len()).map_err(|_| too_many())?;
        for (number, member) in (ty.own_from..).zip(own_members) {
            if ty.by_name.insert(Arc::clone(&member.name), number).is_some() {
                let at = element.children().find(|child| child.attribute("Name") == Some(&member.name));
                return Err(at.unwrap_or(element).duplicate("member", &member.name));
            }
            ty.members.push(member);
        }
        self.model.types[id.0 as usize] = NamedType::Structured(ty);
        Ok(())
    }

    /// Resolves the key of a type whose base's key is resolved.
    fn resolve_key(&mut self, id: TypeId) -> Result<(), CsdlError> {
        let element = self.types[id.0 as usize];
        let Some(ty) = self.model.structured(id) else { return Ok(()) };
        let mut key = ty.base.map(|base| self.model.key_of(base).to_vec()).unwrap_or_default();
        for (index, declaration) in element.children().filter(|child| child.name() == "Key").enumerate() {
            if index > 0 || !key.is_empty() {
                return Err(declaration.duplicate("key", &ty.name));
            }
            for part in declaration.children() {
                if part.name() != "PropertyRef" {
                    return Err(part.unexpected());
                }
                part.only(&["Name", "Alias"])?;
                let part_key = self.key_part(ty, part)?;
                if key.iter().any(|known| known.name == part_key.name) {
                    return Err(part.duplicate("key property", &part_key.name));
                }
                key.push(part_key);
            }
            if key.is_empty() {
                return Err(declaration.missing("PropertyRef"));
            }
        }
        if let NamedType::Structured(ty) = &mut self.model.types[id.0 as usize] {
            ty.key = key;
        }
        Ok(())
    }

    fn key_part(&self, ty: &StructuredType, part: Element<'a>) -> Result<KeyRef, CsdlError> {
        let path_text = part.required("Name")?;
        let (mut path, mut here, mut last): (Vec<u16>, Option<&StructuredType>, Option<&Member>) =
            (Vec::new(), Some(ty), None);
        for step in path_text.split('/') {
            let (number, member) =
                here.and_then(|ty| ty.member(step)).ok_or_else(|| part.unknown("key property", path_text))?;
            if member.ty.collection || member.ty.nullable {
                let why = "must be a single value that is not nullable";
                return Err(part.misused("key property", path_text, why));
            }
            path.push(number);
            here = declared(member.ty.base).and_then(|id| self.model.structured(id));
            last = Some(member);
        }
        let fits = last.is_some_and(|member| match self.model.primitive_of(&member.ty) {
            Some((primitive, _)) => primitive.may_be_key(),
            None => declared(member.ty.base).is_some_and(|id| matches!(self.model.named(id), NamedType::Enum(_))),
        });
        if !fits {
            return Err(part.misused("key property", path_text, "has a type that no key can have"));
        }
        let name = match part.attribute("Alias") {
            Some(alias) if !is_identifier(alias) => return Err(part.bad_text("Alias", alias, "an identifier")),
            Some(alias) => alias,
            None if path.len() > 1 => {
                return Err(part.misused("key property", path_text, "is a path and needs an Alias"));
            }
            None => path_text,
        };
        Ok(KeyRef { name: name.into(), path, path_text: path_text.into() })
    }

    /// Partners and referential constraints name what is there.
    pub(super) fn check_navigation(&self) -> Result<(), CsdlError> {
        for (id, element) in (0..).map(TypeId).zip(&self.types) {
            let Some(ty) = self.model.structured(id) else { continue };
            let elements = element.children().filter(|child| matches!(child.name(), "Property" | "NavigationProperty"));
            for (member, element) in ty.own_members().iter().zip(elements) {
                let MemberKind::Navigation(navigation) = &member.kind else { continue };
                let EdmType::Named(target) = member.ty.base else { continue };
                if let Some(partner) = &navigation.partner
                    && !self.member_at(target, partner).is_some_and(Member::is_navigation)
                {
                    return Err(element.unknown("partner", partner));
                }
                for (property, referenced) in &navigation.constraints {
                    if self.member_at(id, property).is_none() {
                        return Err(element.unknown("property", property));
                    }
                    if self.member_at(target, referenced).is_none() {
                        return Err(element.unknown("referenced property", referenced));
                    }
                }
            }
        }
        Ok(())
    }
}
