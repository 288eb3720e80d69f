//! The complex types of what the service adds to Graph's model (ruling R14), bound once: each is made of its values in the order in which
//! the model declares its members, which is checked at start.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use odata::model::{Model, TypeId};
use odata::{Record, Value};

/// A complex type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<const N: usize> {
    ty: TypeId,
}

impl<const N: usize> Shape<N> {
    fn bind(model: &Model, name: &str, members: [&str; N]) -> Result<Self> {
        let name = format!("officeConfig.{name}");
        let ty = model.type_by_name(&name).with_context(|| format!("office.csdl.xml declares no {name}"))?;
        let declared = model.structured(ty).with_context(|| format!("{name} is not structured"))?;
        let found: Vec<&str> = declared.members.iter().map(|member| &*member.name).collect();
        ensure!(found == members, "{name} has the members {found:?}, not {members:?}");
        Ok(Self { ty })
    }

    /// A value of the type.
    pub(crate) fn value(self, members: [Value; N]) -> Value {
        let mut record = Record::new(self.ty, N);
        for (number, value) in (0_u16..).zip(members) {
            record.set(number, value);
        }
        Value::Record(Arc::new(record))
    }
}

/// Those that tell of policies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PolicyTypes {
    pub effective: Shape<9>,
    pub value: Shape<4>,
    pub claim: Shape<5>,
    pub decision: Shape<5>,
    pub ignored: Shape<3>,
    pub explanation: Shape<2>,
    pub difference: Shape<3>,
}

impl PolicyTypes {
    pub(super) fn bind(model: &Model) -> Result<Self> {
        // What a caller gives is read by the same numbers.
        Shape::bind(
            model,
            "hypotheticalChange",
            ["configurationId", "priority", "policyPayload", "userPreferencePayload", "groupIds", "allUsers"],
        )?;
        Ok(Self {
            effective: Shape::bind(
                model,
                "effectiveSetting",
                [
                    "settingId",
                    "parentSettingId",
                    "stream",
                    "enabled",
                    "type",
                    "value",
                    "valueName",
                    "key",
                    "configurationId",
                ],
            )?,
            value: Shape::bind(model, "settingValue", ["settingId", "enabled", "type", "value"])?,
            claim: Shape::bind(
                model,
                "settingClaim",
                ["configurationId", "displayName", "priority", "assignedBy", "settings"],
            )?,
            decision: Shape::bind(
                model,
                "settingDecision",
                ["parentSettingId", "stream", "isSent", "winner", "losers"],
            )?,
            ignored: Shape::bind(model, "ignoredPayload", ["configurationId", "stream", "reason"])?,
            explanation: Shape::bind(model, "policyExplanation", ["decisions", "ignoredPayloads"])?,
            difference: Shape::bind(model, "settingDifference", ["settingId", "before", "after"])?,
        })
    }
}
