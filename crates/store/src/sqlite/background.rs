//! Threads that work for many at once, and let those who put work before them go first. It must never know what a thread does.

/// Has this thread not take a processor away from another one at the moment it wakes: `SCHED_BATCH`. A writer that wakes for the first of many
/// who come would else write it alone, and each transaction costs as much for one as for a hundred; where a processor is free it runs at once.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no safe way to choose a thread's scheduling policy is in the tree")]
pub(super) fn yield_to_others() {
    // SAFETY: 0 is the calling thread, and the parameter is read during the call only.
    let refused = unsafe {
        let parameter = libc::sched_param { sched_priority: 0 };
        libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const parameter)
    };
    if refused != 0 {
        // Slower under load, and nothing else.
        tracing::debug!(error = %std::io::Error::last_os_error(), "the scheduling policy of a thread stays as it is");
    }
}

/// Elsewhere threads are scheduled as they are.
#[cfg(not(target_os = "linux"))]
pub(super) fn yield_to_others() {}
