//! Reads files that come from outside, in such a way that no file can stop the host.
//!
//! [`FileSystem`] reads one file: only a regular one, up to a size, within a time. A file system that hangs doesn't
//! even return an error, so [`FileThreads`] reads on threads that can be abandoned.

mod fault;
mod files;
mod limit;
mod path;
mod threads;

pub use fault::{FileFault, NoAnswer};
pub use files::{FileSystem, PathCheck, SystemFiles, TimedFiles, read_in_time};
pub use limit::{FILE_TIME, ReadLimit};
pub use path::folder_of;
pub use threads::{FileThreads, NotedFiles};
