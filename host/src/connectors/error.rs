//! Why a connector failed to load, and why a call could not begin or did not succeed.

#[cfg(test)]
mod samples;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{ConfigError, FileFault, NameError, NoAnswer, PolicyPlace, duration_text};
use crate::report::size_text;
use crate::sandbox::{CallError, CompileError};

/// The plugins folder can't be used at all.
#[derive(Debug, thiserror::Error)]
#[error("could not read the plugins folder {}; create it, or name another one with --plugins", folder.display())]
pub struct FolderError {
    /// The folder.
    pub(super) folder: PathBuf,
    /// The error of the system.
    #[source]
    pub(super) source: io::Error,
}

/// Why a component in the plugins folder failed to load. The other connectors keep serving.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct LoadError(#[from] pub(super) LoadFault);

impl LoadError {
    /// Whether the configuration is the cause, not the component.
    pub(super) fn is_of_the_configuration(&self) -> bool {
        matches!(self.0, LoadFault::Config(_))
    }

    /// Whether the operator's policy doesn't permit the connector.
    pub(super) fn is_of_the_policy(&self) -> bool {
        self.0.is_of_the_policy()
    }

    /// Whether a file did not respond.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self.0, LoadFault::NoAnswer(_))
    }

    /// Whether the same files may load at another time.
    pub(super) fn may_pass(&self) -> bool {
        self.0.may_pass()
    }
}

/// The cause of a [`LoadError`].
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadFault {
    #[error(transparent)]
    Name(#[from] NameError),

    #[error("could not read the file")]
    Read(#[source] FileFault),

    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),

    #[error(transparent)]
    Config(#[from] ConfigError),

    #[error(transparent)]
    Compile(#[from] CompileError),

    #[error("the certificates in its [network] section can't be used")]
    Certificates(#[source] rustls::Error),

    #[error(
        "the component imports `wasi:http/outgoing-handler`, which the operator's policy, {place}, does not permit: send \
         requests with the kit's `http-fetch`, or ask the operator to permit it"
    )]
    WasiHttp { place: PolicyPlace },

    #[error("could not create an instance")]
    Trial(#[source] Box<CallError>),

    #[error("its start took longer than {}", duration_text(*limit))]
    TrialTimeout { limit: Duration },

    /// It failed before, for a permanent reason.
    #[error(transparent)]
    Remembered(Arc<LoadError>),

    #[error("the host failed while loading it; its log has the details")]
    Interrupted,
}

impl LoadFault {
    /// Whether the operator's policy is a cause.
    pub(super) fn is_of_the_policy(&self) -> bool {
        match self {
            Self::WasiHttp { .. } => true,
            Self::Config(error) => error.is_beyond_policy(),
            _ => false,
        }
    }

    /// Whether the same files may load at another time, because the system failed and not the component.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::Interrupted => true,
            Self::Read(fault) => matches!(
                fault,
                FileFault::Io(_) | FileFault::TooSlow | FileFault::NoAnswer(_)
            ),
            Self::Compile(error) => error.may_pass(),
            Self::Trial(error) => matches!(
                **error,
                CallError::OutOfMemory { .. } | CallError::Credentials { .. } | CallError::Code(_)
            ),
            Self::Config(_)
            | Self::Name(_)
            | Self::Certificates(_)
            | Self::WasiHttp { .. }
            | Self::TrialTimeout { .. }
            | Self::Remembered(_) => false,
        }
    }
}

/// Why there is no room for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    /// All of the host's slots are in use.
    #[error("the host is full: all sandboxes are in use ({slots})")]
    Slots { slots: u32 },

    /// The memory of all calls together is nearly used up.
    #[error(
        "the host is full: calls have nearly used up the {} of --total-memory", size_text(*limit_bytes)
    )]
    Memory { limit_bytes: u64 },

    /// The connector's own slots are in use.
    #[error(
        "the connector is full: it already has {concurrency} running calls, the maximum (`limits.concurrency`)"
    )]
    Connector { concurrency: u32 },
}

/// Why a request got no result from a connector.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectorError {
    /// There is no connector with this name, or none behind the plain routes.
    #[error("there is no connector `{name}`")]
    Unknown { name: String },

    #[error(
        "several connectors are loaded: put the name of one before the path, or start with --default NAME"
    )]
    Ambiguous,

    #[error("no connector is loaded")]
    None,

    /// The component exists but failed to load. The reason is for its author and the operator: it names files.
    #[error("the connector failed to load; the host's log has the reason")]
    Unavailable {
        reason: Arc<str>,
        /// Whether the same files may load at another time.
        may_pass: bool,
    },

    /// The component is still being compiled, since the cache did not have its code at startup.
    #[error("the connector is still being compiled; try again soon")]
    Loading,

    /// The host no longer accepts calls.
    #[error("the host is shutting down")]
    ShuttingDown,

    /// No slot became free.
    #[error("{full}")]
    Busy { full: Full, retry_after: Duration },

    #[error(transparent)]
    Call(#[from] CallError),
}
