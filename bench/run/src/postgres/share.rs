//! A fixed share of a core for a process, so that several servers on one machine are like several machines: a control group of its own. It must
//! never know what runs in it.

use std::fs;
use std::path::{Path, PathBuf};

/// The kernel hands out the share this often, in µs: short, so that answers do not come in bursts.
const PERIOD_US: u32 = 10_000;

/// A control group, gone with this.
pub(super) struct Share {
    folder: PathBuf,
}

impl Share {
    /// One with so many percent of a core; `None` where the kernel has no such groups or we may not make one.
    pub(super) fn new(name: &str, percent: u32) -> Option<Self> {
        let name = format!("officeconfig-bench-{}-{name}", std::process::id());
        let quota = PERIOD_US / 100 * percent;
        let first = Path::new("/sys/fs/cgroup/cpu");
        if first.join("cpu.cfs_quota_us").exists() || first.join("cgroup.procs").exists() {
            let made = Self::made(first.join(name))?;
            fs::write(made.folder.join("cpu.cfs_period_us"), PERIOD_US.to_string()).ok()?;
            fs::write(made.folder.join("cpu.cfs_quota_us"), quota.to_string()).ok()?;
            return Some(made);
        }
        let made = Self::made(Path::new("/sys/fs/cgroup").join(name))?;
        fs::write(made.folder.join("cpu.max"), format!("{quota} {PERIOD_US}")).ok()?;
        Some(made)
    }

    fn made(folder: PathBuf) -> Option<Self> {
        fs::create_dir(&folder).ok()?;
        Some(Self { folder })
    }

    /// Puts a process there with all its threads.
    pub(super) fn take(&self, process: u32) -> std::io::Result<()> {
        fs::write(self.folder.join("cgroup.procs"), process.to_string())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // Where something still runs in it the kernel keeps it.
        let _ = fs::remove_dir(&self.folder);
    }
}
