//! Compiled files: the code of a component that `weld-host compile` has compiled ahead, in one file `NAME.cwasm`.
//!
//! ```text
//! file   = code  record  digest  length: u32  "weldcod1"
//! record = JSON, of `length` bytes: what the code was compiled from, and for which host and machine
//! digest = SHA-256 of code and record
//! ```
//!
//! The code is an object file, which is mapped as it is, so what belongs to it comes last. To load code is to run it,
//! outside of every sandbox. So a file counts only if nobody but this user or root can have written it, as in the cache,
//! and only if it was made for exactly this component, this version of the host, and a machine like this one.

mod contents;
mod fault;
mod file;
mod kept;
mod record;

pub(crate) use fault::CompiledFault;
pub(crate) use file::CompiledFile;
pub(crate) use kept::KeptFile;
pub(super) use record::CompiledRecord;
