//! Agreement with the OASIS ABNF test cases, which lie beside the repository and may be absent: what the grammar of OData
//! takes and refuses, and where a refused text fails.
//!
//! Each rule of the cases goes to the crate's own parser for it (`rules`), paths also to the binder over a model made of
//! the names that the cases declare (`names`), and a fault is put back into the text as it was written (`places`). Where we
//! differ, `exceptions` says why, case by case.

#![expect(clippy::unwrap_used, reason = "tests")]

mod cases;
mod exceptions;
mod names;
mod places;
mod rules;

use std::collections::BTreeMap;

use cases::{Case, cases};
use exceptions::{EXCEPTIONS, Exception};
use names::Names;
use places::Fault;

#[test]
fn every_abnf_case_is_judged_as_oasis_judges_it_or_listed_with_the_reason() {
    let Some((constraints, cases)) = cases("the ABNF cases") else { return };
    let names = Names::of(&constraints);
    let mut open: BTreeMap<(&str, &str), &Exception> =
        EXCEPTIONS.iter().map(|exception| ((exception.rule, exception.input), exception)).collect();
    assert_eq!(open.len(), EXCEPTIONS.len(), "an exception is listed twice");

    let (mut agreeing, mut excepted, mut wrong) = (0, 0, Vec::new());
    for case in &cases {
        let verdict = rules::judge(&case.rule, &case.input, &names);
        let difference = difference(case, &verdict);
        match (difference, open.remove(&(case.rule.as_str(), case.input.as_str()))) {
            (None, None) => agreeing += 1,
            (Some(difference), Some(exception)) if difference == exception.differs => excepted += 1,
            (None, Some(exception)) => wrong.push(format!("{case}: agrees now; {exception:?} is out of date")),
            (Some(difference), _) => wrong.push(format!("{case}: {difference:?}, {verdict:?}")),
        }
    }
    wrong.extend(open.values().map(|exception| format!("{exception:?} is about no case")));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(agreeing + excepted, cases.len());
}

/// How a verdict differs from that of OASIS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Differs {
    /// We take what they refuse.
    Taken,
    /// We refuse what they take.
    Refused,
    /// Both refuse; we name another byte, or none.
    At(Option<usize>),
}

fn difference(case: &Case, verdict: &Result<(), Fault>) -> Option<Differs> {
    match (case.fail_at, verdict) {
        (None, Ok(())) => None,
        (None, Err(_)) => Some(Differs::Refused),
        (Some(_), Ok(())) => Some(Differs::Taken),
        (Some(wanted), Err(fault)) => (fault.at != Some(wanted)).then_some(Differs::At(fault.at)),
    }
}
