//! A disk whose syncs take longer: a few lines of C, compiled when they are needed and preloaded into the service, which is not changed. It must
//! never be used for a figure that is compared with another server's.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiled library.
pub(super) struct SlowDisk {
    library: PathBuf,
}

impl SlowDisk {
    /// Compiles it; `None`, with a line that says why, where that is not possible.
    pub(super) fn compile(bench: &Path) -> Option<Self> {
        let source = bench.join("run/slow_sync.c");
        let library = bench.join("target/slow_sync.so");
        let output = Command::new("cc").args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(&source).output();
        let why = match output {
            Ok(output) if output.status.success() => return Some(Self { library }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        eprintln!("overload: skipped, the slow disk cannot be compiled with `cc`: {why}");
        None
    }

    /// Puts it under a service that is about to start.
    pub(super) fn put_under(&self, service: &mut Command, delay_ms: u32) {
        service.env("LD_PRELOAD", &self.library).env("SLOW_SYNC_MS", delay_ms.to_string());
    }
}
