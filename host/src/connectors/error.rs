//! Why a connector did not load, and why a call of one could not begin or end well.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{ConfigError, FileFault, NameError, NoAnswer};
use crate::sandbox::{CallError, CompileError};

/// The plugins folder can't be used at all.
#[derive(Debug, thiserror::Error)]
#[error("the plugins folder {} can't be read; make it, or name another with --plugins", folder.display())]
pub struct FolderError {
    /// The folder.
    pub(super) folder: PathBuf,
    /// What the system said.
    #[source]
    pub(super) source: io::Error,
}

/// Why one file of the plugins folder did not become a connector. The others serve.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct LoadError(#[from] pub(super) LoadFault);

impl LoadError {
    /// Whether the configuration is to blame, not the component.
    pub(super) fn is_of_the_configuration(&self) -> bool {
        matches!(self.0, LoadFault::Config(_))
    }

    /// Whether a file did not answer.
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

    #[error("the file can't be read")]
    Read(#[source] FileFault),

    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),

    #[error(transparent)]
    Config(#[from] ConfigError),

    #[error(transparent)]
    Compile(#[from] CompileError),

    #[error("the certificates of its [network] section can't be used")]
    Certificates(#[source] rustls::Error),

    #[error("an instance could not be made")]
    Trial(#[source] Box<CallError>),

    #[error("its start took longer than {limit:?}")]
    TrialTimeout { limit: Duration },

    /// It failed earlier, for a reason that stays.
    #[error(transparent)]
    Remembered(Arc<LoadError>),

    #[error("loading broke down in the host")]
    Interrupted,
}

impl LoadFault {
    /// Whether the same files may load at another time: what failed was the system, not the component.
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
            | Self::TrialTimeout { .. }
            | Self::Remembered(_) => false,
        }
    }
}

/// Why there is no room for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    /// The host's slots are taken.
    #[error("the host is full: all of its {slots} sandboxes are in use")]
    Slots { slots: u32 },

    /// The memory of all calls together is nearly used up.
    #[error(
        "the host is full: its connectors have nearly used up the {limit_bytes} bytes of --total-memory"
    )]
    Memory { limit_bytes: u64 },

    /// The connector's own share is taken.
    #[error(
        "the connector is full: it has as many calls under way as it may, {concurrency} (`limits.concurrency`)"
    )]
    Connector { concurrency: u32 },
}

/// Why a request got no result from a connector.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectorError {
    /// No connector of that name; or none stands behind the plain routes.
    #[error("there is no connector `{name}`")]
    Unknown { name: String },

    #[error(
        "several connectors are loaded: put the name of one before the path, or start with --default NAME"
    )]
    Ambiguous,

    #[error("no connector is loaded")]
    None,

    /// The file is there, but did not load. The reason is the operator's to read, in the log and at start-up.
    #[error("the connector did not load; the host's log says why")]
    Unavailable,

    /// Its file is still being compiled, after a start without its code in the cache.
    #[error("the connector is still being compiled")]
    Loading,

    /// The host takes no more calls.
    #[error("the host is shutting down")]
    ShuttingDown,

    /// No slot came free.
    #[error("{full}")]
    Busy { full: Full, retry_after: Duration },

    #[error(transparent)]
    Call(#[from] CallError),
}
