//! The allocator of static programs. musl's own has one lock for all threads (docs/benchmarks.md has the numbers).

use mimalloc::MiMalloc;

/// The allocator that suits the system.
pub type HostAllocator = MiMalloc;

/// The allocator that suits the system, for `#[global_allocator]`.
pub const ALLOCATOR: HostAllocator = MiMalloc;

/// Variables for a process whose memory the system limits. By default mimalloc begins with 1 GiB of memory that it may
/// write to, all of which would count.
pub(crate) const LIMITED_PROCESS: &[(&str, &str)] = &[("MIMALLOC_ARENA_EAGER_COMMIT", "0")];
