//! Why the compiler process gave no code.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;

use super::protocol::VERSION;
use crate::config::{duration_text, size_text};

/// Why the compiler process gave no code. All but the first are faults of the set-up, or of a component that the
/// compiler can't cope with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompilerFault {
    /// What the compiler says of the component.
    #[error("{0}")]
    Refused(String),

    #[error("compiling it takes longer than {}; --compile-time allows more", duration_text(*.0))]
    OutOfTime(Duration),

    #[error("compiling it takes more memory than {}; --compile-memory allows more", size_text(*.0))]
    OutOfMemory(u64),

    #[error("the compiler broke down on it ({status}){}", after_colon(said))]
    Crashed {
        status: ExitStatus,
        /// The end of its stderr; may be empty.
        said: String,
    },

    #[error("the compiler {} can't be started", program.display())]
    Start {
        program: PathBuf,
        #[source]
        source: io::Error,
    },

    #[error(
        "the compiler {} is of version {version}, and this host of version {VERSION}; restart the host",
        program.display()
    )]
    OtherVersion { program: PathBuf, version: String },

    #[error("the compiler's answer can't be used")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),

    #[error("the compiler could not be talked to")]
    Pipe(#[source] io::Error),
}

impl CompilerFault {
    /// Whether the same component may be compiled at another time: the system was short of something, or somebody
    /// ended the compiler, as the kernel does if memory is short.
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

fn after_colon(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!(": {said}")
    }
}
