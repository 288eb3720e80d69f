//! What filter and order of configurations ask of their check-ins (R4, R5): answered by the data plane for each row, exactly, and
//! within a bound on rows, time and queries at once. Knows no URL and no expression.

use odata::exec::apart::{Question, take_apart};
use odata::plan::{CollectionQuery, Filter};
use odata::{Error, ErrorKind, Record, Value};
use store::{ClientConfigurationId, OfficeConfiguration, StatusQuery};
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::cx::Cx;
use super::error::unavailable;
use super::represent;
use crate::limits;

/// The members that show check-ins, of the type that is queried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckinMembers {
    /// The rows.
    pub statuses: u16,
    /// Their summary.
    pub summary: u16,
    /// How many members the type has: answers stand behind them.
    pub count: usize,
}

/// A query with what it asks of check-ins taken out of it.
pub(crate) struct Asked<'c> {
    /// What is left: it looks for the answers in the records that [`Asked::answer`] has completed.
    pub query: CollectionQuery,
    members: CheckinMembers,
    questions: Vec<Question>,
    summary: bool,
    turn: Option<Turn<'c>>,
}

/// A query that is being answered by the data plane.
struct Turn<'c> {
    deadline: Instant,
    _permit: SemaphorePermit<'c>,
}

impl<'c> Asked<'c> {
    /// Reads a query over `rows` rows.
    ///
    /// # Errors
    /// "Not offered" for too many rows, or for what check-ins cannot be asked; 503 while too many such queries run.
    pub(crate) fn of(
        cx: &Cx<'c>,
        query: &CollectionQuery,
        members: CheckinMembers,
        rows: usize,
    ) -> Result<Self, Error> {
        let first = u16::try_from(members.count).unwrap_or(u16::MAX);
        let (query, questions) = take_apart(query, members.statuses, first, cx.now)?;
        let summary = query.mentions(members.summary);
        if questions.is_empty() && !summary {
            return Ok(Self { query, members, questions, summary, turn: None });
        }
        if rows > limits::COMPUTED_QUERY_ROWS_MAX {
            let most = limits::COMPUTED_QUERY_ROWS_MAX;
            let message = format!("Check-ins can be asked for at most {most} configurations in one query, not {rows}.");
            return Err(Error::new(ErrorKind::NotImplemented, message));
        }
        let permit = cx.computed_queries.try_acquire().map_err(|_| unavailable(1))?;
        let turn = Turn { deadline: Instant::now() + limits::COMPUTED_QUERY_DEADLINE, _permit: permit };
        Ok(Self { query, members, questions, summary, turn: Some(turn) })
    }

    /// Whether check-ins are asked at all.
    pub(crate) fn is_pending(&self) -> bool {
        self.turn.is_some()
    }

    /// Completes the record of a configuration, or of one of its client configurations, with what is asked.
    ///
    /// # Errors
    /// As the store's; 503 past the deadline.
    pub(crate) async fn answer(
        &self,
        cx: &Cx<'_>,
        row: &OfficeConfiguration,
        client: Option<ClientConfigurationId>,
        record: &mut Record,
    ) -> Result<(), Error> {
        let Some(turn) = &self.turn else { return Ok(()) };
        timeout_at(turn.deadline, self.ask(cx, row, client, record)).await.map_err(|_| unavailable(1))?
    }

    async fn ask(
        &self,
        cx: &Cx<'_>,
        row: &OfficeConfiguration,
        client: Option<ClientConfigurationId>,
        record: &mut Record,
    ) -> Result<(), Error> {
        if self.summary {
            let summary = cx.summary(row, client).await?;
            record.set(self.members.summary, represent::summary(cx.office, summary));
        }
        let mut members = std::mem::take(&mut record.members).into_vec();
        members.resize(self.members.count, None);
        for question in &self.questions {
            members.push(Some(answer(cx, row, client, question).await?));
        }
        record.members = members.into_boxed_slice();
        Ok(())
    }
}

async fn answer(
    cx: &Cx<'_>,
    row: &OfficeConfiguration,
    client: Option<ClientConfigurationId>,
    question: &Question,
) -> Result<Value, Error> {
    let number = |count| Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
    Ok(match question {
        Question::Any(filter) => Value::Boolean(any(cx, row, client, filter.as_ref()).await?),
        Question::Count(filter) => number(count(cx, row, client, filter.as_ref()).await?),
        Question::All(filter) => {
            Value::Boolean(count(cx, row, client, Some(filter)).await? == count(cx, row, client, None).await?)
        }
    })
}

async fn any(
    cx: &Cx<'_>,
    row: &OfficeConfiguration,
    client: Option<ClientConfigurationId>,
    filter: Option<&Filter>,
) -> Result<bool, Error> {
    let query = StatusQuery { applied_policy: client, filter: filter.cloned(), ..StatusQuery::all(row.id, 1) };
    Ok(!cx.statuses(query).await?.rows.is_empty())
}

async fn count(
    cx: &Cx<'_>,
    row: &OfficeConfiguration,
    client: Option<ClientConfigurationId>,
    filter: Option<&Filter>,
) -> Result<u64, Error> {
    let query =
        StatusQuery { applied_policy: client, filter: filter.cloned(), count: true, ..StatusQuery::all(row.id, 0) };
    Ok(cx.statuses(query).await?.count.unwrap_or_default())
}
