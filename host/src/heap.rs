//! The heap's free memory, given back to the system.
//!
//! The C library keeps what is freed for the next allocation, in pieces and in an arena for each thread, and a server
//! that held a gigabyte for a moment would keep most of it for good. Measured beside mimalloc and jemalloc
//! (docs/benchmarks.md): with its memory trimmed, glibc's allocator came to the least, at its peak and afterwards.

/// Gives back what the heap has free. Takes some milliseconds, for a heap that was large more.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(
    unsafe_code,
    reason = "the call takes no pointer, and glibc lets any thread make it at any time"
)]
pub(crate) fn give_back() {
    // Whether there was anything to give back is of no use to anybody.
    let _ = unsafe { libc::malloc_trim(0) };
}

/// Other allocators give back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back() {}

/// The process's resident memory that belongs to no file, in bytes; `None` where the system doesn't say.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn what_was_freed_in_small_pieces_goes_back() {
        const PIECES: usize = 1 << 17;
        // The last piece is held, so that the heap can't become shorter.
        let pieces: Vec<Vec<u8>> = (0..PIECES).map(|_| vec![1; 1_000]).collect();
        let held = vec![1_u8; 1_000];
        drop(pieces);
        let before = resident_bytes().unwrap();
        give_back();
        let after = resident_bytes().unwrap();
        drop(held);
        assert!(after + (50 << 20) < before, "{before} {after}");
    }
}
