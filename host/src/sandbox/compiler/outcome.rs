//! Combines the answer of a compiler process with the way it ended.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use rustix::process::Signal;

use super::error::CompilerFault;
use super::protocol::{CompilerAnswer, ProtocolFault, read_answer, text_head};
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

/// What a compiler made of a component.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CompilerOutput {
    pub(super) code: Vec<u8>,
    /// The functions to be kept for the project's next build, in place of those that the compiler was given. Empty if
    /// those are still good.
    pub(super) functions: Vec<u8>,
}

impl ProcessOutcome {
    /// The code, if the answer is complete and the process exited successfully; an error otherwise. `program` ran with
    /// these `limits`.
    pub(super) fn into_output(
        mut self,
        program: &Path,
        limits: &CompileLimits,
    ) -> Result<CompilerOutput, CompilerFault> {
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
            Ok(CompilerAnswer::Compiled { code, functions }) => {
                // The parts of the answer, without copying the code.
                let functions_begin = self.answer.len() - functions.len();
                let code_end = functions_begin - text_head(functions).len();
                let code_begin = code_end - code.len();
                let functions = self.answer.split_off(functions_begin);
                self.answer.truncate(code_end);
                self.answer.drain(..code_begin);
                Ok(CompilerOutput {
                    code: self.answer,
                    functions,
                })
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
