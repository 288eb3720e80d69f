//! The office model, bound once: `office.csdl.xml` read, and the types and members that handlers name by number.
//! Handlers never look a name up; a name that the model lacks stops the service at start, not in a request.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use odata::Model;
use odata::model::{StructuredType, TypeId};

use super::office_policies::PolicyTypes;

/// The one definition of the admin plane's model (invariant 1).
const OFFICE_CSDL: &str = include_str!("../office.csdl.xml");

/// A structured type and how many members it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TypeMembers {
    /// Its id.
    pub id: TypeId,
    /// Number of members, for an empty record.
    pub count: usize,
}

/// Members of `officeConfiguration`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConfigurationMembers {
    pub ty: TypeMembers,
    pub id: u16,
    pub created: u16,
    pub modified: u16,
    pub statuses: u16,
    pub summary: u16,
    pub clients: u16,
}

/// Members of `officeClientConfiguration`; its derived types have the same numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientMembers {
    pub base: TypeId,
    pub windows: TypeMembers,
    pub security: TypeMembers,
    pub id: u16,
    pub created: u16,
    pub modified: u16,
    pub user_preference_payload: u16,
    pub policy_payload: u16,
    pub description: u16,
    pub display_name: u16,
    pub priority: u16,
    pub summary: u16,
    pub statuses: u16,
    pub assignments: u16,
}

/// Members of `officeClientConfigurationAssignment`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AssignmentMembers {
    pub ty: TypeMembers,
    pub id: u16,
    pub created: u16,
    pub modified: u16,
    pub target: u16,
}

/// The target types.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TargetMembers {
    pub base: TypeMembers,
    pub group: TypeMembers,
    pub group_id: u16,
    pub all_users: TypeMembers,
}

/// Members of `officeClientCheckinStatus`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatusMembers {
    pub ty: TypeMembers,
    pub user_principal_name: u16,
    pub device_name: u16,
    pub device_platform: u16,
    pub device_platform_version: u16,
    pub was_successful: u16,
    pub user_id: u16,
    pub checkin: u16,
    pub error_message: u16,
    pub applied_policies: u16,
}

/// Members of `officeUserCheckinSummary`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SummaryMembers {
    pub ty: TypeMembers,
    pub succeeded: u16,
    pub failed: u16,
}

/// The bound model.
#[derive(Debug, Clone)]
pub(crate) struct OfficeModel {
    pub model: Arc<Model>,
    pub configuration: ConfigurationMembers,
    pub client: ClientMembers,
    pub assignment: AssignmentMembers,
    pub target: TargetMembers,
    pub status: StatusMembers,
    pub summary: SummaryMembers,
    pub policies: PolicyTypes,
}

impl OfficeModel {
    /// Reads and binds `office.csdl.xml`.
    ///
    /// # Errors
    /// Names the type or member that the document lacks.
    pub(crate) fn load() -> Result<Self> {
        let model = Arc::new(odata::csdl::read(OFFICE_CSDL).context("office.csdl.xml")?);
        let graph = |name: &str| Named::find(&model, &format!("microsoft.graph.{name}"));
        let configuration = graph("officeConfiguration")?;
        let client = graph("officeClientConfiguration")?;
        let assignment = graph("officeClientConfigurationAssignment")?;
        let group = graph("officeConfigurationGroupAssignmentTarget")?;
        let status = graph("officeClientCheckinStatus")?;
        let summary = graph("officeUserCheckinSummary")?;
        Ok(Self {
            configuration: ConfigurationMembers {
                ty: configuration.members(),
                id: configuration.member("id")?,
                created: configuration.member("createdDateTime")?,
                modified: configuration.member("lastModifiedDateTime")?,
                statuses: configuration.member("tenantCheckinStatuses")?,
                summary: configuration.member("tenantUserCheckinSummary")?,
                clients: configuration.member("clientConfigurations")?,
            },
            client: ClientMembers {
                base: client.id,
                windows: graph("windowsOfficeClientConfiguration")?.members(),
                security: graph("windowsOfficeClientSecurityConfiguration")?.members(),
                id: client.member("id")?,
                created: client.member("createdDateTime")?,
                modified: client.member("lastModifiedDateTime")?,
                user_preference_payload: client.member("userPreferencePayload")?,
                policy_payload: client.member("policyPayload")?,
                description: client.member("description")?,
                display_name: client.member("displayName")?,
                priority: client.member("priority")?,
                summary: client.member("userCheckinSummary")?,
                statuses: client.member("checkinStatuses")?,
                assignments: client.member("assignments")?,
            },
            assignment: AssignmentMembers {
                ty: assignment.members(),
                id: assignment.member("id")?,
                created: assignment.member("createdDateTime")?,
                modified: assignment.member("lastModifiedDateTime")?,
                target: assignment.member("target")?,
            },
            target: TargetMembers {
                base: graph("officeConfigurationAssignmentTarget")?.members(),
                group: group.members(),
                group_id: group.member("groupId")?,
                all_users: Named::find(&model, "officeConfig.allUsersAssignmentTarget")?.members(),
            },
            status: StatusMembers {
                ty: status.members(),
                user_principal_name: status.member("userPrincipalName")?,
                device_name: status.member("deviceName")?,
                device_platform: status.member("devicePlatform")?,
                device_platform_version: status.member("devicePlatformVersion")?,
                was_successful: status.member("wasSuccessful")?,
                user_id: status.member("userId")?,
                checkin: status.member("checkinDateTime")?,
                error_message: status.member("errorMessage")?,
                applied_policies: status.member("appliedPolicies")?,
            },
            summary: SummaryMembers {
                ty: summary.members(),
                succeeded: summary.member("succeededUserCount")?,
                failed: summary.member("failedUserCount")?,
            },
            policies: PolicyTypes::bind(&model)?,
            model: Arc::clone(&model),
        })
    }

    /// What abstract types are taken as under `lenient_types` (R10): a configuration is a Windows one, a target stays.
    pub(crate) fn lenient_types(&self) -> HashMap<TypeId, TypeId> {
        HashMap::from([(self.client.base, self.client.windows.id), (self.target.base.id, self.target.base.id)])
    }
}

struct Named<'m> {
    id: TypeId,
    ty: &'m StructuredType,
}

impl<'m> Named<'m> {
    fn find(model: &'m Model, name: &str) -> Result<Self> {
        let id = model.type_by_name(name).with_context(|| format!("office.csdl.xml declares no {name}"))?;
        let ty = model.structured(id).with_context(|| format!("{name} is not structured"))?;
        Ok(Self { id, ty })
    }

    fn members(&self) -> TypeMembers {
        TypeMembers { id: self.id, count: self.ty.members.len() }
    }

    fn member(&self, name: &str) -> Result<u16> {
        let (number, _) = self.ty.member(name).with_context(|| format!("{} has no {name}", self.ty.name))?;
        Ok(number)
    }
}
