//! Combines the answer of a compiler process with the way it ended.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use rustix::process::Signal;

use super::error::CompilerFault;
use super::protocol::{CompilerAnswer, ProtocolFault, read_answer};
use crate::config::CompileLimits;

/// The beginning of the message that Rust's runtime writes to stderr before it aborts for lack of memory.
const NO_MEMORY: &str = "memory allocation of ";

/// The results of a compiler process.
pub(super) struct ProcessOutcome {
    pub(super) status: ExitStatus,
    /// Its output on stdout: all of it, or more than allowed.
    pub(super) answer: Vec<u8>,
    /// The end of its stderr, as one line; may be empty.
    pub(super) stderr_tail: String,
}

impl ProcessOutcome {
    /// The code, if the answer is complete and the process exited successfully; an error otherwise. `program` ran with
    /// these `limits`.
    pub(super) fn into_code(
        mut self,
        program: &Path,
        limits: &CompileLimits,
    ) -> Result<Vec<u8>, CompilerFault> {
        let read = read_answer(&self.answer);
        if let Err(ProtocolFault::OtherVersion(version)) = read {
            return Err(CompilerFault::OtherVersion {
                program: program.to_owned(),
                version,
            });
        }
        if !self.status.success() {
            return Err(self.failure(limits));
        }
        match read {
            Ok(CompilerAnswer::Compiled(code)) => {
                let head = self.answer.len() - code.len();
                self.answer.drain(..head);
                Ok(self.answer)
            }
            Ok(CompilerAnswer::Refused(reason)) => Err(CompilerFault::Refused(reason.to_owned())),
            Ok(CompilerAnswer::OutOfMemory) => Err(CompilerFault::OutOfMemory(limits.memory_bytes)),
            Err(malformed) => Err(CompilerFault::Answer(malformed.into())),
        }
    }

    fn failure(self, limits: &CompileLimits) -> CompilerFault {
        let ended_by = |signal: Signal| self.status.signal() == Some(signal.as_raw());
        if ended_by(Signal::XCPU) {
            return CompilerFault::OutOfTime(limits.time);
        }
        if ended_by(Signal::ABORT) && self.stderr_tail.contains(NO_MEMORY) {
            return CompilerFault::OutOfMemory(limits.memory_bytes);
        }
        CompilerFault::Crashed {
            status: self.status,
            stderr_tail: self.stderr_tail,
        }
    }
}
