//! What a store tells whoever watches over it, so that it need not know how that is counted.

use std::time::Duration;

/// One transaction of the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction {
    /// Commits in it that changed something.
    pub commits: u64,
    /// Check-ins in it.
    pub checkins: u64,
    /// How many entries wait for the next one.
    pub waiting: usize,
    /// From its first statement to the disk, or to its failure.
    pub took: Duration,
    /// Whether it reached the disk.
    pub is_durable: bool,
}

/// Is told by the writer's thread, which waits meanwhile: it must be quick.
pub trait Observer: Send + Sync {
    /// A transaction has ended.
    fn transaction(&self, done: Transaction);

    /// An entry was turned away, or left undone: too many waited, or it had waited too long.
    fn refused(&self);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nobody;

impl Observer for Nobody {
    fn transaction(&self, _done: Transaction) {}

    fn refused(&self) {}
}
