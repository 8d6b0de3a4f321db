//! What a compiler process answered and how it ended, taken together.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use rustix::process::Signal;

use super::error::CompilerFault;
use super::protocol::{CompilerAnswer, ProtocolFault, read_answer};
use crate::config::CompileLimits;

/// What Rust's runtime says, to stderr alone, before it ends a process that the system gave no memory.
const NO_MEMORY: &str = "memory allocation of ";

/// All that a compiler process left behind.
pub(super) struct ProcessOutcome {
    pub(super) status: ExitStatus,
    /// What it wrote to stdout: all of it, or more than it may.
    pub(super) answer: Vec<u8>,
    /// The end of its stderr, on one line; may be empty.
    pub(super) said: String,
}

impl ProcessOutcome {
    /// The code, if the answer is whole and the process that gave it ended well. Nothing else is code. `program` had
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
        if ended_by(Signal::ABORT) && self.said.contains(NO_MEMORY) {
            return CompilerFault::OutOfMemory(limits.memory_bytes);
        }
        CompilerFault::Crashed {
            status: self.status,
            said: self.said,
        }
    }
}
