//! Why a call of a native connector has no result.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use weld_protocol::{ErrorKind, PageError, SchemaError};

use super::message::RaiseLine;
use crate::account::MemoryError;
use crate::config::duration_text;
use crate::guest_error::GuestError;
use crate::report::{size_beyond, size_text};
use crate::scope::CredentialFailure;
use crate::secrets::Secrets;
use crate::waits::Wait;

/// What went wrong with a worker's process.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkerFault {
    /// The program is not installed.
    #[error("{program} is missing; to get it: {get}")]
    Missing { program: String, get: &'static str },

    /// The program can't be run.
    #[error("`{command}` can't be run")]
    NotRun {
        command: String,
        #[source]
        source: io::Error,
    },

    /// The pipes, or the process, can't be used.
    #[error("the connector's process can't be reached")]
    Pipe(#[source] io::Error),

    /// It ended before it read its first call.
    #[error(
        "the connector's process ended before it was ready ({status}); its own output says why"
    )]
    NotReady { status: ExitStatus },

    /// It ended during a call.
    #[error("the connector's process ended during the call ({status}); its own output may say why")]
    Ended { status: ExitStatus },

    /// It sent a line that is too long.
    #[error(
        "the connector's process sent a line of more than {}, which is more than a page may have (`limits.page-size`)",
        size_text(*limit_bytes)
    )]
    LineTooLong { limit_bytes: u64 },

    /// It sent a line that is not a message.
    #[error(
        "the connector's process sent a line that is not a message of the kit: `{line}`; only the kit may write to \
         WELD_NATIVE/to-host"
    )]
    NoMessage {
        line: String,
        #[source]
        source: serde_json::Error,
    },

    /// It returned something other than tables or a page.
    #[error("the connector's process returned an invalid {expected}")]
    Value {
        expected: &'static str,
        #[source]
        source: serde_json::Error,
    },
}

/// Why a call has no result. The texts are those of a served component, where there is one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NativeFault {
    #[error(transparent)]
    Worker(#[from] WorkerFault),

    /// The connector's own error.
    #[error(transparent)]
    Guest(#[from] GuestError),

    #[error("the API asks for a longer wait than `limits.max-wait` allows")]
    WaitTooLong { retry_after: Duration },

    /// The connector failed after a request whose credential could not be obtained, which explains more.
    #[error("{}", .0.cause)]
    Credentials(CredentialFailure),

    /// The connector failed after the host had refused it something without a text that it could report.
    #[error("{failed}; {hint}")]
    Explained {
        failed: Box<NativeFault>,
        hint: String,
    },

    #[error(
        "the call took longer than the {} that `limits.page-timeout` allows{}",
        duration_text(*limit),
        waits_for.as_ref().map(|wait| format!("; it was waiting: {wait}")).unwrap_or_default()
    )]
    Timeout {
        limit: Duration,
        /// `None` if the connector was computing.
        waits_for: Option<Wait>,
    },

    #[error(
        "the page has {}, more than the {} that `limits.page-size` allows",
        size_beyond(*bytes as u64, *limit_bytes),
        size_text(*limit_bytes)
    )]
    PageTooLarge { bytes: usize, limit_bytes: u64 },

    #[error(
        "the state has {}, more than the {} that `limits.state-size` allows",
        size_beyond(*bytes as u64, *limit_bytes),
        size_text(*limit_bytes)
    )]
    StateTooLarge { bytes: usize, limit_bytes: u64 },

    #[error(
        "the connector put a secret into its state, where Weld would store and show it; leave it out, or set \
         `secret-in-state = \"allow\"` in the connector's [limits]"
    )]
    SecretInState,

    /// The marks that replace secrets are longer than the secrets.
    #[error(
        "with its secrets replaced, the answer is larger than the {} of `limits.page-size`", size_text(*limit_bytes)
    )]
    ReplacedTooLarge { limit_bytes: u64 },

    #[error("the connector returned an invalid page")]
    InvalidPage(#[from] PageError),

    #[error("the connector returned an invalid schema")]
    InvalidSchema(#[from] SchemaError),

    #[error(transparent)]
    OutOfMemory(#[from] MemoryError),

    /// The task that made the page is gone, which is a fault of this program.
    #[error("the host failed while making the page")]
    Crashed(#[source] tokio::task::JoinError),
}

impl NativeFault {
    /// The error that a worker raised for `table`, or for its schema if that is `None`, without secrets. `is_temporary`
    /// says whether the call's last failed request may succeed later.
    pub(super) fn raised(
        error: RaiseLine,
        (config_file, environment): (&str, &[String]),
        table: Option<&str>,
        secrets: &Secrets,
        is_temporary: Option<bool>,
    ) -> Self {
        let short =
            |message: String| secrets.shown_beginning(&message, GuestError::MAX_MESSAGE_BYTES);
        Self::Guest(match error {
            RaiseLine::UnknownTable => GuestError::unknown_table(table),
            RaiseLine::Misconfigured(message) => {
                let variables = environment.iter().map(String::as_str);
                GuestError::misconfigured(config_file, short(message), variables)
            }
            RaiseLine::InvalidState(message) => GuestError::InvalidState(short(message)),
            RaiseLine::Unauthorized(message) => GuestError::Unauthorized(short(message)),
            RaiseLine::RateLimited(wait) => GuestError::rate_limited(wait),
            RaiseLine::Upstream(message) => GuestError::Upstream {
                message: short(message),
                is_temporary,
            },
            RaiseLine::Other(message) => GuestError::Failed(short(message)),
        })
    }

    /// Whether it is the connector's own error, after which its worker can be called again.
    pub(super) fn is_raised(&self) -> bool {
        matches!(self, Self::Guest(_))
    }

    /// This fault, or `Credentials` if the host could not obtain a credential for the call, which may be the cause.
    pub(super) fn or_credential_failure(self, failure: Option<CredentialFailure>) -> Self {
        match (self, failure) {
            (fault @ Self::Guest(GuestError::RateLimited(_)), _) => fault,
            (fault, Some(failure)) if fault.is_raised() => Self::Credentials(failure),
            (fault, _) => fault,
        }
    }

    /// This fault, with the failure of the call's last request if that may be the cause and has no text in the
    /// contract.
    pub(super) fn explained(self, request: Option<String>) -> Self {
        let may_be_the_request = matches!(
            &self,
            Self::Guest(
                GuestError::Upstream { .. }
                    | GuestError::Failed(_)
                    | GuestError::Misconfigured { .. }
                    | GuestError::Unauthorized(_)
            )
        );
        match request.filter(|_| may_be_the_request) {
            None => self,
            Some(hint) => Self::Explained {
                failed: Box::new(self),
                hint,
            },
        }
    }

    /// Whether the same call may succeed later although nobody has changed anything. Only this connector's calls use
    /// memory here, so that is a limit that the next call would reach, too.
    pub(super) fn is_temporary(&self) -> bool {
        match self {
            Self::Guest(error) => error.is_temporary(),
            Self::Credentials(failure) => failure.is_temporary,
            Self::Explained { failed, .. } => failed.is_temporary(),
            Self::Timeout { .. } | Self::OutOfMemory(_) => false,
            Self::Worker(_)
            | Self::WaitTooLong { .. }
            | Self::PageTooLarge { .. }
            | Self::StateTooLarge { .. }
            | Self::SecretInState
            | Self::ReplacedTooLarge { .. }
            | Self::InvalidPage(_)
            | Self::InvalidSchema(_)
            | Self::Crashed(_) => self.kind().is_temporary(),
        }
    }

    /// The kind in the answer, the same as that of a component's failure.
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Worker(WorkerFault::LineTooLong { .. })
            | Self::PageTooLarge { .. }
            | Self::ReplacedTooLarge { .. } => ErrorKind::PageTooLarge,
            Self::Worker(WorkerFault::Value { .. }) | Self::InvalidPage(_) => {
                ErrorKind::InvalidPage
            }
            Self::Worker(_) => ErrorKind::ConnectorCrashed,
            Self::Guest(error) => error.kind(),
            Self::WaitTooLong { .. } => ErrorKind::RateLimited,
            Self::Credentials(_) => ErrorKind::CredentialsFailed,
            Self::Explained { failed, .. } => failed.kind(),
            Self::Timeout { .. } => ErrorKind::DeadlineExceeded,
            Self::StateTooLarge { .. } => ErrorKind::StateTooLarge,
            Self::SecretInState => ErrorKind::SecretInPage,
            Self::InvalidSchema(SchemaError::TooLarge { .. }) => ErrorKind::SchemaTooLarge,
            Self::InvalidSchema(_) => ErrorKind::InvalidSchema,
            Self::OutOfMemory(_) => ErrorKind::OutOfMemory,
            Self::Crashed(_) => ErrorKind::Internal,
        }
    }

    /// How long the client should wait, if that is known.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::WaitTooLong { retry_after } => Some(*retry_after),
            Self::Guest(GuestError::RateLimited(wait)) => *wait,
            _ => None,
        }
    }
}
