//! The heap's free memory, given back to the system.
//!
//! The C library keeps what is freed for the next allocation, in pieces and in an arena for each thread, and a server
//! that held a gigabyte for a moment would keep most of it for good. Measured beside mimalloc and jemalloc
//! (docs/benchmarks.md): with its memory trimmed, glibc's allocator came to the least, at its peak and afterwards.

/// What takes so many bytes has memory of its own, which goes back to the system at once.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BYTES: libc::c_int = 1 << 20;

/// How many arenas share the heap. Each keeps what its threads have freed, out of reach of the others.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: libc::c_int = 2;

/// Keeps the heap small, if called before there are threads.
///
/// By itself glibc has eight arenas for each processor. And it takes each large piece that is freed for a sign that there
/// will be more, and lets the next ones, up to 32 MiB, leave holes in the heap.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(
    unsafe_code,
    reason = "the calls take no pointer, and glibc lets any thread make them at any time"
)]
pub(crate) fn keep_small() {
    // Where they are refused, the heap only takes more.
    let _ = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES) };
    let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, ARENAS) };
}

/// Other allocators know better.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_small() {}

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
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod tests {
    use std::process::Command;

    use super::*;

    /// What is measured is the memory of a process, and in this one other tests run.
    fn assert_alone(test: &str) {
        let name = format!("heap::tests::{test}");
        let alone = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &name, "--ignored", "--test-threads", "1"])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&alone.stdout);
        assert!(told.contains("1 passed"), "{told}");
    }

    #[test]
    fn heap_is_given_back() {
        assert_alone("large_pieces_leave_no_holes");
        assert_alone("what_was_freed_in_small_pieces_goes_back");
    }

    #[test]
    #[ignore = "run in a process of its own"]
    fn large_pieces_leave_no_holes() {
        keep_small();
        let mut held = Vec::new();
        let mut freed = 0;
        // Freed for the first time, they are what glibc learns from.
        for _ in 0..2 {
            let large: Vec<Vec<u8>> = (0..16)
                .map(|_| {
                    let large = vec![1; 4 << 20];
                    held.push(vec![1_u8; 100_000]);
                    large
                })
                .collect();
            let before = resident_bytes().unwrap();
            drop(large);
            freed = before.saturating_sub(resident_bytes().unwrap());
        }
        drop(held);
        assert!(freed > 40 << 20, "{freed}");
    }

    #[test]
    #[ignore = "run in a process of its own"]
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
