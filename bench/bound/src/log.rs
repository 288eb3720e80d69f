//! A preallocated log with one writer thread: whoever waits when it looks shares one `fdatasync`. It must never know what a record holds.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Written with zeros at start, so that a sync writes data and no file system metadata, and used again from the start when it is full, as a
/// database recycles the segments of its log.
const LOG_BYTES: u64 = 64 << 20;

/// Records that may wait: far more than the connections of any round, so that only a broken disk gets here.
const MAX_WAITING: usize = 65_536;

/// The log; a clone is another handle to it.
#[derive(Clone)]
pub(crate) struct Log {
    queue: Arc<Queue>,
}

struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    filled: Condvar,
}

struct Waiting {
    id: Uuid,
    record: Bytes,
    done: oneshot::Sender<bool>,
}

impl Log {
    /// Makes the file and starts the writer thread, which lives as long as the process.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
        let zeros = vec![0; 1 << 20];
        for megabyte in 0..LOG_BYTES >> 20 {
            file.write_all_at(&zeros, megabyte << 20)?;
        }
        file.sync_all()?;
        let queue = Arc::new(Queue { waiting: Mutex::default(), filled: Condvar::new() });
        let shared = Arc::clone(&queue);
        std::thread::Builder::new().name("log".into()).spawn(move || shared.write(&file))?;
        Ok(Self { queue })
    }

    /// Waits until the record is on the disk; false when it could not be written or the queue is full.
    pub(crate) async fn append(&self, id: Uuid, record: Bytes) -> bool {
        let (done, waits) = oneshot::channel();
        let was_empty = {
            let mut waiting = self.queue.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() >= MAX_WAITING {
                return false;
            }
            waiting.push(Waiting { id, record, done });
            waiting.len() == 1
        };
        if was_empty {
            self.queue.filled.notify_one();
        }
        waits.await.unwrap_or(false)
    }
}

impl Queue {
    fn write(&self, file: &File) {
        let mut offset = 0;
        let mut batch = Vec::new();
        let mut bytes = Vec::new();
        loop {
            self.take(&mut batch);
            bytes.clear();
            for entry in &batch {
                put_record(&mut bytes, entry);
            }
            let length = bytes.len() as u64;
            if offset + length > LOG_BYTES {
                offset = 0;
            }
            let durable = file.write_all_at(&bytes, offset).and_then(|()| file.sync_data()).is_ok();
            offset += length;
            for entry in batch.drain(..) {
                // A client that hung up no longer waits.
                let _ = entry.done.send(durable);
            }
        }
    }

    fn take(&self, batch: &mut Vec<Waiting>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.is_empty() {
            waiting = self.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut *waiting, batch);
    }
}

/// Length, checksum, id, record: what a recovery needs to find the last whole one.
fn put_record(bytes: &mut Vec<u8>, entry: &Waiting) {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(entry.id.as_bytes());
    checksum.update(&entry.record);
    bytes.extend_from_slice(&(entry.record.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&checksum.finalize().to_le_bytes());
    bytes.extend_from_slice(entry.id.as_bytes());
    bytes.extend_from_slice(&entry.record);
}
