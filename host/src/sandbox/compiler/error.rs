//! Why the compiler process produced no code.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;

use super::protocol::VERSION;
use crate::config::duration_text;
use crate::report::size_text;

/// Why the compiler process produced no code. All but the first are problems of the setup, or of a component that the
/// compiler can't handle.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompilerFault {
    /// The compiler's reason for refusing the component.
    #[error("{0}")]
    Refused(String),

    #[error("compiling the component takes longer than {}: allow more with --compile-time", duration_text(*.0))]
    OutOfTime(Duration),

    #[error("compiling the component takes more memory than {}: allow more with --compile-memory", size_text(*.0))]
    OutOfMemory(u64),

    #[error(
        "the compiler crashed on the component ({status}){}",
        after_colon(stderr_tail)
    )]
    Crashed {
        status: ExitStatus,
        /// The end of its stderr; may be empty.
        stderr_tail: String,
    },

    #[error("starting the compiler {} failed", program.display())]
    Start {
        program: PathBuf,
        #[source]
        source: io::Error,
    },

    #[error(
        "the compiler {} has version {version}, but this host has version {VERSION}: restart the host",
        program.display()
    )]
    OtherVersion { program: PathBuf, version: String },

    #[error("the compiler's answer is invalid")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),

    #[error("communicating with the compiler failed")]
    Pipe(#[source] io::Error),
}

impl CompilerFault {
    /// Whether compiling the same component may succeed later: the system was short of a resource, or something ended
    /// the compiler from outside, as the kernel does when memory is short.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Start { .. } | Self::Answer(_) | Self::Pipe(_) => true,
            Self::Crashed { status, .. } => {
                let from_outside = [Signal::KILL, Signal::TERM, Signal::INT, Signal::HUP];
                let signal = status.signal();
                from_outside
                    .iter()
                    .any(|known| signal == Some(known.as_raw()))
            }
            Self::Refused(_)
            | Self::OutOfTime(_)
            | Self::OutOfMemory(_)
            | Self::OtherVersion { .. } => false,
        }
    }
}

fn after_colon(stderr_tail: &str) -> String {
    if stderr_tail.is_empty() {
        String::new()
    } else {
        format!(": {stderr_tail}")
    }
}
