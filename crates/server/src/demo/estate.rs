//! The demo's organisation: its groups, and the client configurations with their order and assignments.

use std::sync::Arc;

use store::{AssignmentId, ClientConfigurationId, ClientKind, NewAssignment, NewClient, NewPayload, Target};

use super::random::Dice;
use super::settings::{
    ADD_INS, ASSISTANTS, COMFORT, FEEDBACK, FORMATS, HARDENING, MACROS, OPEN_FORMATS, OUTLOOK_CACHE, OUTLOOK_SECURITY,
    PRIVACY, PROTECTED_VIEW, SHARED_DEVICES, Setting, document,
};

/// A group of people.
#[derive(Debug)]
pub(super) struct Group {
    /// As a directory would show it.
    pub(super) name: &'static str,
    /// Its object id.
    pub(super) id: &'static str,
    /// How many in a thousand people are in it.
    pub(super) share: usize,
}

const fn group(name: &'static str, id: &'static str, share: usize) -> Group {
    Group { name, id, share }
}

pub(super) const GROUPS: [Group; 12] = [
    group("Finance", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d01", 90),
    group("Human Resources", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d02", 40),
    group("Engineering", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d03", 260),
    group("Sales EMEA", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d04", 180),
    group("Sales Americas", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d05", 120),
    group("Legal", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d06", 25),
    group("Executives", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d07", 8),
    group("Manufacturing Floor", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d08", 170),
    group("Contractors", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d09", 110),
    group("Service Desk", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d0a", 30),
    group("Privileged Administrators", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d0b", 6),
    group("Office Preview Ring", "3b1f5c52-7a0e-4c43-9d5b-1f8e2a6c0d0c", 50),
];

const FINANCE: usize = 0;
const HR: usize = 1;
const ENGINEERING: usize = 2;
const SALES_EMEA: usize = 3;
const SALES_AMERICAS: usize = 4;
const LEGAL: usize = 5;
const EXECUTIVES: usize = 6;
const FLOOR: usize = 7;
const CONTRACTORS: usize = 8;
const SERVICE_DESK: usize = 9;
const ADMINISTRATORS: usize = 10;
const PREVIEW: usize = 11;

/// Whom a client configuration is for.
#[derive(Debug, Clone, Copy)]
enum For {
    Everybody,
    Groups(&'static [usize]),
    /// Written, and assigned to nobody yet.
    Nobody,
}

struct Plan {
    name: &'static str,
    about: &'static str,
    kind: ClientKind,
    target: For,
    policy: &'static [&'static [Setting]],
    disabled: &'static [&'static str],
    preference: &'static [&'static [Setting]],
}

const fn plan(name: &'static str, about: &'static str, target: For, policy: &'static [&'static [Setting]]) -> Plan {
    Plan { name, about, kind: ClientKind::Windows, target, policy, disabled: &[], preference: &[] }
}

const fn security(name: &'static str, about: &'static str, target: For, policy: &'static [&'static [Setting]]) -> Plan {
    Plan { kind: ClientKind::WindowsSecurity, ..plan(name, about, target, policy) }
}

/// In order of priority: the first wins.
const PLANS: [Plan; 30] = [
    security(
        "Incident: block all active content",
        "Switched on while an incident runs. Nobody is in it today.",
        For::Nobody,
        &[MACROS, HARDENING, PROTECTED_VIEW],
    ),
    security(
        "Privileged administrators",
        "Workstations from which the estate is administered.",
        For::Groups(&[ADMINISTRATORS]),
        &[MACROS, HARDENING, PROTECTED_VIEW, ADD_INS, OUTLOOK_SECURITY],
    ),
    security(
        "Executives: hardened",
        "Targeted by phishing more than others.",
        For::Groups(&[EXECUTIVES]),
        &[MACROS, PROTECTED_VIEW, OUTLOOK_SECURITY],
    ),
    security(
        "Finance: macros signed only",
        "The closing workbooks are signed by the macro team.",
        For::Groups(&[FINANCE]),
        &[MACROS, HARDENING],
    ),
    security(
        "Legal: no data leaves",
        "Client confidentiality: nothing is analysed outside.",
        For::Groups(&[LEGAL]),
        &[PRIVACY, FEEDBACK, ASSISTANTS],
    ),
    security(
        "Contractors: locked down",
        "Unmanaged habits on managed devices.",
        For::Groups(&[CONTRACTORS]),
        &[MACROS, HARDENING, ADD_INS, PRIVACY],
    ),
    Plan {
        disabled: &["office16;L_AutomationSecurity", "office16;L_DisableAllActiveX"],
        ..plan(
            "Engineering: automation allowed",
            "Build tools drive Excel; ActiveX is needed by the test benches.",
            For::Groups(&[ENGINEERING]),
            &[MACROS, HARDENING],
        )
    },
    security(
        "Human Resources: confidential mail",
        "Personnel files travel by mail only when encrypted.",
        For::Groups(&[HR]),
        &[OUTLOOK_SECURITY, PRIVACY],
    ),
    plan(
        "Manufacturing: shared stations",
        "Stations on the floor have many users a day.",
        For::Groups(&[FLOOR]),
        &[SHARED_DEVICES, FEEDBACK],
    ),
    plan(
        "Service desk: remote help",
        "Needs every add-in to reproduce what users see.",
        For::Groups(&[SERVICE_DESK]),
        &[SHARED_DEVICES],
    ),
    Plan {
        preference: &[COMFORT],
        ..plan(
            "Preview ring: new defaults",
            "What everybody gets next month.",
            For::Groups(&[PREVIEW]),
            &[ASSISTANTS, OUTLOOK_CACHE],
        )
    },
    plan(
        "Sales EMEA: open formats",
        "Public-sector customers ask for ODF.",
        For::Groups(&[SALES_EMEA]),
        &[OPEN_FORMATS],
    ),
    plan("Sales Americas: Office formats", "", For::Groups(&[SALES_AMERICAS]), &[FORMATS]),
    plan(
        "Sales: large mailboxes",
        "Twelve months of cache on laptops.",
        For::Groups(&[SALES_EMEA, SALES_AMERICAS]),
        &[OUTLOOK_CACHE],
    ),
    Plan { preference: &[COMFORT], ..plan("Executives: comfort", "", For::Groups(&[EXECUTIVES]), &[OUTLOOK_CACHE]) },
    plan("Finance: Office formats only", "Auditors read XLSX.", For::Groups(&[FINANCE]), &[FORMATS]),
    plan("Legal: Office formats only", "", For::Groups(&[LEGAL]), &[FORMATS]),
    Plan {
        preference: &[COMFORT, FORMATS],
        ..plan("Engineering: comfort", "Dark theme, short autosave.", For::Groups(&[ENGINEERING]), &[])
    },
    plan("Contractors: no feedback", "", For::Groups(&[CONTRACTORS]), &[FEEDBACK]),
    plan("Manufacturing: no assistants", "The works council has not agreed yet.", For::Groups(&[FLOOR]), &[ASSISTANTS]),
    plan("Human Resources: no assistants", "", For::Groups(&[HR]), &[ASSISTANTS]),
    security("Add-ins: signed only", "For groups that handle money.", For::Groups(&[FINANCE, EXECUTIVES]), &[ADD_INS]),
    Plan {
        disabled: &["office16;L_SendFeedback"],
        ..plan("Preview ring: feedback welcome", "", For::Groups(&[PREVIEW]), &[FEEDBACK])
    },
    plan("Service desk: comfort", "", For::Groups(&[SERVICE_DESK]), &[COMFORT]),
    plan("Merger: Fabrikam formats", "Until the archives are converted. Not assigned yet.", For::Nobody, &[FORMATS]),
    plan("Everybody: mail security", "", For::Everybody, &[OUTLOOK_SECURITY]),
    security("Everybody: Protected View", "Baseline, section 4.2.", For::Everybody, &[PROTECTED_VIEW]),
    security("Everybody: macro baseline", "Baseline, section 4.1.", For::Everybody, &[MACROS]),
    plan(
        "Everybody: privacy baseline",
        "Data protection impact assessment of March.",
        For::Everybody,
        &[PRIVACY, FEEDBACK],
    ),
    Plan {
        preference: &[COMFORT],
        ..plan("Everybody: defaults", "What people may change again.", For::Everybody, &[])
    },
];

/// A client configuration of the demo with what the check-ins need to know of it.
#[derive(Debug, Clone)]
pub(super) struct Estate {
    pub(super) clients: Vec<NewClient>,
}

impl Estate {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let clients = PLANS.iter().zip(0..).map(|(plan, place)| client(plan, place, dice)).collect();
        Self { clients }
    }

    /// The configurations that apply to somebody in these groups, the winner first.
    pub(super) fn applied(&self, groups: &[usize]) -> Vec<Arc<str>> {
        self.clients
            .iter()
            .zip(&PLANS)
            .filter(|(_, plan)| match plan.target {
                For::Everybody => true,
                For::Groups(of) => of.iter().any(|group| groups.contains(group)),
                For::Nobody => false,
            })
            .map(|(client, _)| client.id.to_string().into())
            .collect()
    }
}

fn client(plan: &Plan, place: i32, dice: &mut Dice) -> NewClient {
    let json = |bytes| NewPayload::new("application/json", bytes);
    let targets: Vec<Target> = match plan.target {
        For::Everybody => vec![Target::AllUsers],
        For::Groups(groups) => {
            groups.iter().map(|&group| Target::Group { group_id: GROUPS[group].id.into() }).collect()
        }
        For::Nobody => Vec::new(),
    };
    NewClient {
        id: ClientConfigurationId(dice.uuid()),
        kind: plan.kind,
        display_name: Some(plan.name.into()),
        description: (!plan.about.is_empty()).then(|| plan.about.into()),
        // Gaps of ten: room to put something between.
        priority: Some(place * 10),
        policy_payload: (!plan.policy.is_empty()).then(|| json(document(plan.policy, plan.disabled))),
        user_preference_payload: (!plan.preference.is_empty()).then(|| json(document(plan.preference, &[]))),
        assignments: targets
            .into_iter()
            .map(|target| NewAssignment { id: AssignmentId(dice.uuid()), target: Some(target) })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_a_configuration_and_everybody_the_baseline() {
        let estate = Estate::new(&mut Dice::new(1));
        let baseline = estate.applied(&[]).len();
        assert_eq!(baseline, 5);
        for (index, group) in GROUPS.iter().enumerate() {
            assert!(estate.applied(&[index]).len() > baseline, "{}", group.name);
        }
    }

    #[test]
    fn priorities_are_distinct_and_every_configuration_says_something() {
        let estate = Estate::new(&mut Dice::new(1));
        let mut priorities: Vec<_> = estate.clients.iter().filter_map(|client| client.priority).collect();
        priorities.dedup();
        assert_eq!(priorities.len(), 30);
        assert!(estate.clients.iter().all(|c| c.policy_payload.is_some() || c.user_preference_payload.is_some()));
    }
}
