//! What a compiler process answered and how it ended, taken together.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::Signal;

use super::error::CompilerError;
use super::process::CompilerProcess;
use super::protocol::{Answer, Malformed, read_answer};

/// What Rust's runtime says, to stderr alone, before it ends a process that the system gave no memory.
const NO_MEMORY: &str = "memory allocation of ";

/// All that a compiler process left behind.
pub(super) struct Outcome {
    pub(super) status: ExitStatus,
    /// What it wrote to stdout: all of it, or more than it may.
    pub(super) answer: Vec<u8>,
    /// The end of its stderr, on one line; may be empty.
    pub(super) said: String,
}

impl Outcome {
    /// The code, where the answer is whole and the process that gave it ended well. Nothing else is code.
    pub(super) fn into_code(mut self, process: &CompilerProcess) -> Result<Vec<u8>, CompilerError> {
        let read = read_answer(&self.answer);
        if let Err(Malformed::OtherVersion(version)) = read {
            return Err(CompilerError::OtherVersion {
                program: process.program.clone(),
                version,
            });
        }
        if !self.status.success() {
            return Err(self.failure(process));
        }
        match read {
            Ok(Answer::Compiled(code)) => {
                let head = self.answer.len() - code.len();
                self.answer.drain(..head);
                Ok(self.answer)
            }
            Ok(Answer::Refused(reason)) => Err(CompilerError::Refused(reason.to_owned())),
            Ok(Answer::OutOfMemory) => Err(process.out_of_memory()),
            Err(malformed) => Err(CompilerError::Answer(malformed.into())),
        }
    }

    fn failure(self, process: &CompilerProcess) -> CompilerError {
        let ended_by = |signal: Signal| self.status.signal() == Some(signal.as_raw());
        if ended_by(Signal::XCPU) {
            return process.out_of_time();
        }
        if ended_by(Signal::ABORT) && self.said.contains(NO_MEMORY) {
            return process.out_of_memory();
        }
        CompilerError::Crashed {
            status: self.status,
            said: self.said,
        }
    }
}
