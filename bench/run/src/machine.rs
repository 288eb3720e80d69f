//! The machine, as far as the figures depend on it: no names, no paths.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;
use serde::Serialize;

use crate::cpu;
use crate::report::median;

/// What the figures were measured on.
#[derive(Clone, Serialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    /// Server and generator have a core each.
    pub(crate) pinned: bool,
    /// Under a hypervisor.
    pub(crate) virtualized: bool,
    pub(crate) memory_bytes: u64,
    pub(crate) kernel: String,
    /// Of the folder with the data.
    pub(crate) file_system: String,
    /// The median of some hundred writes of 4 KiB with `fdatasync` to a preallocated file.
    pub(crate) fdatasync_us: f64,
    /// The load average over a minute before the run: what else was running.
    pub(crate) load_before: String,
    pub(crate) rustc: String,
    pub(crate) commit: String,
}

impl Machine {
    /// In one line.
    pub(crate) fn line(&self) -> String {
        format!(
            "{}, {} cores{}, {} GiB, Linux {}, {}, fdatasync {:.0} µs; {}; commit {}; load average before: {}",
            self.cpu,
            self.cores,
            if self.virtualized { " (virtual)" } else { "" },
            self.memory_bytes >> 30,
            self.kernel,
            self.file_system,
            self.fdatasync_us,
            self.rustc,
            self.commit,
            self.load_before,
        )
    }
}

/// Describes the machine; `scratch` is where the data go.
pub(crate) fn describe(scratch: &Path) -> anyhow::Result<Machine> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        cpuinfo
            .lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split_once(": "))
            .map_or("unknown", |(_, value)| value)
            .to_owned()
    };
    let memory_kib: u64 = fs::read_to_string("/proc/meminfo")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(0);
    Ok(Machine {
        cpu: field("model name"),
        cores: cpu::cores(),
        pinned: cpu::can_pin(),
        virtualized: field("flags").split(' ').any(|flag| flag == "hypervisor"),
        memory_bytes: memory_kib * 1024,
        kernel: read("/proc/sys/kernel/osrelease"),
        file_system: file_system(scratch)?,
        fdatasync_us: fdatasync_us(scratch)?,
        load_before: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
        rustc: output("rustc", &["--version"]),
        commit: output("git", &["describe", "--always", "--dirty"]),
    })
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn output(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .map_or_else(|_| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The type of the mount with the longest path that holds the folder.
fn file_system(folder: &Path) -> anyhow::Result<String> {
    let folder = folder.canonicalize()?;
    let mounts = fs::read_to_string("/proc/mounts").context("reading /proc/mounts")?;
    let mount = mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            Some((fields.next()?, fields.next()?))
        })
        .filter(|(path, _)| folder.starts_with(path))
        .max_by_key(|(path, _)| path.len());
    Ok(mount.map_or("unknown", |(_, kind)| kind).to_owned())
}

fn fdatasync_us(folder: &Path) -> anyhow::Result<f64> {
    const BLOCK: [u8; 4096] = [1; 4096];
    const WRITES: u64 = 300;
    let path = folder.join("fdatasync");
    let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    file.write_all_at(&vec![0; BLOCK.len() * usize::try_from(WRITES)?], 0)?;
    file.sync_all()?;
    let mut times = Vec::new();
    for index in 0..WRITES {
        let started = Instant::now();
        file.write_all_at(&BLOCK, index * BLOCK.len() as u64)?;
        file.sync_data()?;
        times.push(started.elapsed().as_secs_f64() * 1e6);
    }
    fs::remove_file(path)?;
    Ok(median(&times).round())
}

/// Bytes of the files in a folder and below.
pub(crate) fn bytes_below(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).context("reading the data folder")? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { bytes_below(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
