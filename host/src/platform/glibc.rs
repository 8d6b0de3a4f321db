//! Returns the heap's free memory to the system.
//!
//! The C library keeps freed memory for later allocations, in pieces and in an arena for each thread, so a server
//! that used a gigabyte for a moment would keep most of it. Compared with mimalloc and jemalloc (docs/benchmarks.md),
//! glibc's allocator with regular trimming used the least memory, both at its peak and afterwards.

/// An allocation of at least this size gets its own mapping, which goes back to the system as soon as it is freed.
const LARGE_BYTES: libc::c_int = 1 << 20;

/// How many arenas share the heap. Each keeps the memory that its threads have freed, and the others can't use it.
const ARENAS: libc::c_int = 2;

/// Keeps the heap small. Must be called before the process starts other threads.
///
/// By default glibc has eight arenas for each processor. It also takes each large block that is freed as a sign that
/// more will follow, and places the next ones, up to 32 MiB, in the heap, where they leave holes.
#[allow(
    unsafe_code,
    reason = "the calls take no pointer, and glibc lets any thread make them at any time"
)]
pub(crate) fn keep_heap_small() {
    // If the system refuses, the heap only uses more memory.
    let _ = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES) };
    let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, ARENAS) };
}

/// Returns the heap's free memory to the system. Takes some milliseconds, and longer after the heap was large.
#[allow(
    unsafe_code,
    reason = "the call takes no pointer, and glibc lets any thread make it at any time"
)]
pub(crate) fn give_heap_back() {
    // Nobody needs to know whether there was anything to return.
    let _ = unsafe { libc::malloc_trim(0) };
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::platform::heap_bytes;

    /// The tests measure the memory of a whole process, and other tests run in this one.
    fn assert_alone(test: &str) {
        let name = format!("platform::glibc::tests::{test}");
        let alone = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &name, "--ignored", "--test-threads", "1"])
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&alone.stdout);
        assert!(output.contains("1 passed"), "{output}");
    }

    #[test]
    fn free_heap_is_returned() {
        assert_alone("large_pieces_leave_no_holes");
        assert_alone("memory_freed_in_small_pieces_is_returned");
    }

    #[test]
    #[ignore = "run in a process of its own"]
    fn large_pieces_leave_no_holes() {
        keep_heap_small();
        let mut held = Vec::new();
        let mut freed = 0;
        // glibc adapts when they are freed for the first time.
        for _ in 0..2 {
            let large: Vec<Vec<u8>> = (0..16)
                .map(|_| {
                    let large = vec![1; 4 << 20];
                    held.push(vec![1_u8; 100_000]);
                    large
                })
                .collect();
            let before = heap_bytes().unwrap();
            drop(large);
            freed = before.saturating_sub(heap_bytes().unwrap());
        }
        drop(held);
        assert!(freed > 40 << 20, "{freed}");
    }

    #[test]
    #[ignore = "run in a process of its own"]
    fn memory_freed_in_small_pieces_is_returned() {
        const PIECES: usize = 1 << 17;
        // The last piece stays allocated, so that the heap can't shrink from its end.
        let pieces: Vec<Vec<u8>> = (0..PIECES).map(|_| vec![1; 1_000]).collect();
        let held = vec![1_u8; 1_000];
        drop(pieces);
        let before = heap_bytes().unwrap();
        give_heap_back();
        let after = heap_bytes().unwrap();
        drop(held);
        assert!(after + (50 << 20) < before, "{before} {after}");
    }
}
