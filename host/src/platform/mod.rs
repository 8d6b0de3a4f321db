//! Everything that differs between operating systems: what Linux alone has, and the way to do without it elsewhere.
//!
//! No other room asks for which system it is compiled; a test checks this. Each function here exists for every system
//! on which the host runs. Where a system can't do what the host needs, there is a substitute (`portable`), and
//! [`unenforced`] says at the start what the substitute can't enforce.

#[cfg(not(unix))]
compile_error!(
    "weld-host needs Linux or macOS; on Windows, build and run it in WSL (docs/deploy/platforms.md)"
);

#[cfg(target_os = "linux")]
mod control_groups;
mod cpu_features;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_env = "musl")]
mod musl;
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod plain_heap;
// Linux has no use for the substitutes, but they are tested there.
#[cfg(any(test, not(target_os = "linux")))]
mod portable;
#[cfg(not(target_env = "musl"))]
mod system_allocator;
mod unix;
mod usage;
#[cfg(any(test, not(target_os = "linux")))]
mod watch;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
use portable as system;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use glibc as heap;
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
use plain_heap as heap;

#[cfg(target_env = "musl")]
use musl as allocator;
#[cfg(not(target_env = "musl"))]
use system_allocator as allocator;

pub(crate) use allocator::LIMITED_PROCESS;
pub use allocator::{ALLOCATOR, HostAllocator};
pub(crate) use cpu_features::{CPU_FEATURES, CpuFeature, CpuLevel};
pub(crate) use heap::{give_heap_back, keep_heap_small};
pub(crate) use system::{
    BROWSER, SEND_FLAGS, abstract_address, accept, be_killed_first, descriptor_path,
    end_with_parent, has_hung_up, heap_bytes, is_fixed_code, is_listening, limit_memory,
    locks_of_files, make_fifo, memory_bytes, memory_maps, most_open_files, process_usage,
    program_of, real_path, sealed_copy, this_program, unenforced, unix_stream_socket,
};
pub(crate) use unix::{is_ignored, set_limit};
