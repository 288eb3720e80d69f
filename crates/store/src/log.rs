//! The text of a commit in the change log: written by the rules, read to follow what changed. It must never know where the log is
//! kept, or what is left of the things that it names.
//!
//! Tokens apart by a space: an operation (`+` made, `~` changed, `-` removed), a kind (`o` officeConfiguration, `c` client
//! configuration, `a` assignment, `s` check-in rows, `p`/`u` payloads) and a `seq`. A removal adds `=` the id and, where the
//! thing was in another, `@` the `seq` of that, because nothing else tells them any more. Assignments that were made or
//! changed go by the `seq` of their client configuration (`~a`): their stamps tell which.

use std::fmt::Write as _;

use uuid::Uuid;

use crate::domain::PayloadKind;
use crate::ids::{AssignmentId, ClientConfigurationId, ConfigurationId};

/// The text of one commit.
#[derive(Debug, Default)]
pub(crate) struct Log(String);

impl Log {
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    fn token(&mut self, token: &str, seq: u64) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(token);
        let _ = write!(self.0, "{seq}");
    }

    fn removed(&mut self, token: &str, seq: u64, id: Uuid, owner: u64) {
        self.token(token, seq);
        let _ = write!(self.0, "={}@{owner}", id.as_simple());
    }

    pub(crate) fn created_configuration(&mut self, seq: u64) {
        self.token("+o", seq);
    }

    pub(crate) fn changed_configuration(&mut self, seq: u64) {
        self.token("~o", seq);
    }

    pub(crate) fn removed_configuration(&mut self, seq: u64, id: ConfigurationId) {
        self.token("-o", seq);
        let _ = write!(self.0, "={}", id.0.as_simple());
    }

    pub(crate) fn replaced_rows(&mut self, seq: u64) {
        self.token("~s", seq);
    }

    pub(crate) fn recorded_rows(&mut self, seq: u64) {
        self.token("+s", seq);
    }

    pub(crate) fn created_client(&mut self, seq: u64) {
        self.token("+c", seq);
    }

    pub(crate) fn changed_client(&mut self, seq: u64) {
        self.token("~c", seq);
    }

    pub(crate) fn removed_client(&mut self, seq: u64, id: ClientConfigurationId, configuration: u64) {
        self.removed("-c", seq, id.0, configuration);
    }

    pub(crate) fn changed_assignments(&mut self, client: u64) {
        self.token("~a", client);
    }

    pub(crate) fn removed_assignment(&mut self, seq: u64, id: AssignmentId, client: u64) {
        self.removed("-a", seq, id.0, client);
    }

    pub(crate) fn changed_payload(&mut self, client: u64, which: PayloadKind) {
        let token = match which {
            PayloadKind::Policy => "~p",
            PayloadKind::UserPreference => "~u",
        };
        self.token(token, client);
    }
}

/// A kind of entity in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Configuration,
    Client,
    Assignment,
}

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logged {
    /// The entity with this `seq` was made or changed; of assignments, some of the client configuration with this `seq`.
    Put { kind: Kind, seq: u64 },
    /// An entity went. `owner` is the `seq` of what it was in; 0 for a configuration.
    Removed { kind: Kind, seq: u64, id: Uuid, owner: u64 },
    /// Something that is no entity changed: check-in rows, or a payload, whose client configuration is named too.
    Other,
}

impl Logged {
    /// Reads a text; `None` stands for a token that this program does not understand.
    pub(crate) fn read(text: &str) -> impl Iterator<Item = Option<Self>> {
        text.split(' ').filter(|token| !token.is_empty()).map(Self::token)
    }

    fn token(token: &str) -> Option<Self> {
        let (what, rest) = token.split_at_checked(2)?;
        let kind = match what.get(1..)? {
            "o" => Kind::Configuration,
            "c" => Kind::Client,
            "a" => Kind::Assignment,
            "s" | "p" | "u" => return Some(Self::Other),
            _ => return None,
        };
        match what.get(..1)? {
            "+" | "~" => Some(Self::Put { kind, seq: rest.parse().ok()? }),
            "-" => {
                let (seq, rest) = rest.split_once('=')?;
                let (id, owner) = match kind {
                    Kind::Configuration => (rest, "0"),
                    Kind::Client | Kind::Assignment => rest.split_once('@')?,
                };
                let (seq, owner) = (seq.parse().ok()?, owner.parse().ok()?);
                Some(Self::Removed { kind, seq, id: Uuid::try_parse(id).ok()?, owner })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let id = Uuid::from_u128(77);
        let mut log = Log::default();
        log.created_configuration(1);
        log.changed_configuration(2);
        log.removed_configuration(3, ConfigurationId(id));
        log.created_client(4);
        log.changed_payload(5, PayloadKind::Policy);
        log.removed_client(6, ClientConfigurationId(id), 1);
        log.changed_assignments(7);
        log.removed_assignment(8, AssignmentId(id), 7);
        log.recorded_rows(1);
        let read: Vec<Logged> = Logged::read(log.text()).map(|token| token.expect("understood")).collect();
        let put = |kind, seq| Logged::Put { kind, seq };
        assert_eq!(
            read,
            [
                put(Kind::Configuration, 1),
                put(Kind::Configuration, 2),
                Logged::Removed { kind: Kind::Configuration, seq: 3, id, owner: 0 },
                put(Kind::Client, 4),
                Logged::Other,
                Logged::Removed { kind: Kind::Client, seq: 6, id, owner: 1 },
                put(Kind::Assignment, 7),
                Logged::Removed { kind: Kind::Assignment, seq: 8, id, owner: 7 },
                Logged::Other,
            ]
        );
    }

    #[test]
    fn a_token_of_another_program_is_not_guessed_at() {
        for text in ["-c5=0000000000000000000000000000004d", "+x1", "o1", "+o", "-o3", "é", "!o1"] {
            assert_eq!(Logged::read(text).collect::<Vec<_>>(), [None], "{text}");
        }
        assert_eq!(Logged::read("").count(), 0);
    }
}
