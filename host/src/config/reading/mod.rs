//! FileSystem whose contents come from outside, read so that none of them can stop the host.
//!
//! [`FileSystem`] reads one file: regular ones alone, up to a size, within a time. A file system that hangs does not answer
//! even that, so [`FileThreads`] reads on threads that can be given up.

mod fault;
mod files;
mod limit;
mod threads;

pub use fault::{FileFault, NoAnswer};
pub use files::{FileSystem, SystemFiles, read_in_time};
pub use limit::{FILE_TIME, ReadLimit};
pub use threads::{FileThreads, NotedFiles};
