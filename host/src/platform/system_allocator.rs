//! The allocator of the system's C library.

/// The allocator that suits the system.
pub type HostAllocator = std::alloc::System;

/// The allocator that suits the system, for `#[global_allocator]`.
pub const ALLOCATOR: HostAllocator = std::alloc::System;

/// Variables for a process whose memory the system limits.
pub(crate) const LIMITED_PROCESS: &[(&str, &str)] = &[];
