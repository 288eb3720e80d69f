//! `GET …/explain(platform='windows',groupIds=[…])` — what a user with these groups gets, and why (R14).

use odata::engine::Outcome;
use odata::{Error, Value};
use policy::Stream;

use crate::admin::cx::Cx;
use crate::admin::resource::Estate;
use crate::admin::simulated::{self, Somebody};

/// Each decision with its winner, its losers and the groups that made them apply; and the payloads that take no part.
///
/// # Errors
/// 400 names the parameter, 404.
pub(crate) async fn explain(cx: &Cx<'_>, estate: Estate, parameters: &[Option<Value>]) -> Result<Outcome, Error> {
    let somebody = Somebody::of(parameters)?;
    let drafts = simulated::drafts(cx, estate)?;
    let found = simulated::applying(cx, estate, &drafts, &somebody.groups).await?;
    let resolution = policy::resolve(&found.candidates, somebody.platform);
    let policies = resolution.policies.iter().map(|decided| (Stream::Policy, decided));
    let preferences = resolution.preferences.iter().map(|decided| (Stream::Preference, decided));
    let decisions =
        policies.chain(preferences).map(|(stream, decided)| simulated::decision(cx, estate, stream, decided));
    let ignored = found.ignored.iter().map(|ignored| {
        let why = Value::String(ignored.why.to_string().into());
        let (id, stream) = (simulated::id(ignored.configuration), simulated::stream_name(ignored.stream));
        cx.office.policies.ignored.value([id, stream, why])
    });
    let (decisions, ignored): (Vec<_>, Vec<_>) = (decisions.collect(), ignored.collect());
    Ok(Outcome::Value(cx.office.policies.explanation.value([decisions.into(), ignored.into()])))
}
