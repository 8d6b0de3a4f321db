//! The errors in which a call of a guest can end.

#[cfg(test)]
mod samples;

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::code::CodeFault;
use super::crash_place::{CrashDetail, crash_cause, unplaced_cause};
use super::crash_trace::CrashTrace;
use super::linker::ExportTypeFault;
use super::trap_words::trap_words;
use crate::account::{CallAccount, Charge, MemoryError, give_back};
use crate::bindings::source;
use crate::config::duration_text;
use crate::guest_error::{GuestError, with_advice};
use crate::report::{self, size_beyond, size_text};
use crate::scope::{CpuTimeError, CredentialFailure, Deadline, DeadlineReason};
use crate::secrets::Secrets;
use crate::waits::{Postponement, Wait};

/// How much of it is read: more than is kept, since secrets in it may be longer than their replacements.
pub(super) const READ_MESSAGE_BYTES: usize = 4 * GuestError::MAX_MESSAGE_BYTES;

impl GuestError {
    /// The error that `connector` returned for `table`, or for its schema if `table` is `None`. `secrets` are replaced.
    /// `paid` is the charge for its text. `is_temporary` says whether the call's last failed request may succeed later.
    pub(super) fn new(
        error: source::Error,
        paid: Charge,
        (config_file, environment): (&str, &[(String, String)]),
        table: Option<&str>,
        secrets: &Secrets,
        is_temporary: Option<bool>,
    ) -> Self {
        let short = |message: String| {
            let short = secrets.shown_beginning(&message, Self::MAX_MESSAGE_BYTES);
            give_back(message, paid);
            short
        };
        match error {
            source::Error::UnknownTable => Self::unknown_table(table),
            source::Error::Misconfigured(message) => {
                let variables = environment.iter().map(|(name, _)| name.as_str());
                Self::misconfigured(config_file, short(message), variables)
            }
            source::Error::InvalidState(message) => Self::InvalidState(short(message)),
            source::Error::Unauthorized(message) => Self::Unauthorized(short(message)),
            source::Error::RateLimited(wait) => Self::rate_limited(wait),
            source::Error::Upstream(message) => Self::Upstream {
                message: short(message),
                is_temporary,
            },
            source::Error::Other(message) => Self::Failed(with_advice(short(message))),
        }
    }
}

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The guest's own, typed error.
    #[error(transparent)]
    Guest(#[from] GuestError),

    /// The guest trapped (a panic, an uncaught exception, endless recursion), or passed an import a value that can't be
    /// read. `cause` is the place that the guest wrote to stderr, or else the kind of the trap; for the author, also its last
    /// words. `trace` is for the log: the
    /// wasm backtrace, and the end of the guest's stderr.
    #[error("the connector crashed: {cause}")]
    Crashed { cause: String, trace: CrashTrace },

    /// The guest called `exit`.
    #[error(
        "the connector called exit with status {status} during a call{}",
        place.as_ref().map(|place| format!(": {place}")).unwrap_or_default()
    )]
    Exited {
        status: i32,
        /// The place that the guest wrote to stderr.
        place: Option<String>,
        trace: CrashTrace,
    },

    #[error("{limit}")]
    OutOfMemory {
        limit: MemoryError,
        trace: CrashTrace,
    },

    #[error(
        "the connector used more processor time than the {} that `limits.cpu-time` allows",
        duration_text(*limit)
    )]
    CpuTime { limit: Duration },

    #[error(
        "the call took longer than the {} that `limits.page-timeout` allows{}",
        duration_text(*limit),
        waits_for.as_ref().map(|wait| format!("; it was waiting: {wait}")).unwrap_or_default()
    )]
    PageTimeout {
        limit: Duration,
        /// `None` if the guest was computing.
        waits_for: Option<Wait>,
    },

    /// A call can't outlive its request, so its page has only that time.
    #[error(
        "the page took longer than the {} that `limits.answer-within` allows, and --no-background ends a call \
         with its request: return smaller pages, so that each has its state sooner",
        duration_text(*limit)
    )]
    AnswerTimeout { limit: Duration },

    /// The same where a platform gives each request its time.
    #[error(
        "the page took longer than the {} that this invocation of the function had; return smaller pages, so that each has \
         its state sooner, or raise the function's time-out",
        duration_text(*limit)
    )]
    InvocationTimeout { limit: Duration },

    /// The call was ended for a long wait; its page begins again afterward.
    #[error("the page begins again after a wait: {}", .0.wait)]
    Postponed(Postponement),

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
        "the schema has {}, more than the {} that `limits.schema-size` allows",
        size_beyond(*bytes as u64, *limit_bytes),
        size_text(*limit_bytes)
    )]
    SchemaTooLarge { bytes: usize, limit_bytes: u64 },

    /// A result with an invalid string or an out-of-bounds pointer, or more data than the host accepts at once.
    #[error(
        "the connector returned a value that can't be read: it is invalid, or far larger than \
         `limits.page-size` and `limits.state-size` allow"
    )]
    Unreadable {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The store could not be created: the pool is smaller than the number of admitted calls, or the system has no
    /// memory.
    #[error("no sandbox could be created for the call")]
    Sandbox {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The connector failed after a request whose credential could not be obtained, which explains more than its own
    /// error.
    #[error("{}", failure.cause)]
    Credentials {
        /// Why the credential could not be obtained.
        failure: CredentialFailure,
        /// The connector's own error.
        failed: Box<CallError>,
    },

    /// The connector failed after the host had refused it something without a text that it could report.
    #[error("{failed}; {hint}")]
    Explained {
        /// The connector's own error.
        failed: Box<CallError>,
        /// What the host refused, and why.
        hint: String,
    },

    /// The connector's code had been unmapped since it was unused, and could not be mapped again.
    #[error(transparent)]
    Code(#[from] CodeFault),
}

/// Facts about a call in addition to the error that it ended with.
pub(super) struct Circumstances {
    /// Whether there was an instance, so that the export was called.
    pub(super) instantiated: bool,
    /// The limit that refused the guest's last request for memory.
    pub(super) memory_refused: Option<MemoryError>,
    pub(super) cpu_limit: Duration,
    /// The end of the guest's stderr.
    pub(super) stderr_tail: String,
    /// How much of it may be in the error.
    pub(super) crash_detail: CrashDetail,
    /// The account that is charged for the trace.
    pub(super) account: Arc<CallAccount>,
}

impl Circumstances {
    fn trace(&self, error: &wasmtime::Error) -> CrashTrace {
        CrashTrace::new(error, &self.stderr_tail, &self.account)
    }
}

impl CallError {
    /// Classifies an error of wasmtime by type and by recorded facts, never by its text.
    pub(super) fn classify(error: wasmtime::Error, circumstances: &Circumstances) -> Self {
        if error.is::<CpuTimeError>() {
            return Self::CpuTime {
                limit: circumstances.cpu_limit,
            };
        }
        // Any of these may follow from a refused allocation. If the host refused to keep something, that is the cause.
        let refused = error.downcast_ref::<MemoryError>().copied();
        if let Some(limit) = refused.or(circumstances.memory_refused) {
            return Self::OutOfMemory {
                limit,
                trace: circumstances.trace(&error),
            };
        }
        if let Some(exit) = error.downcast_ref::<I32Exit>() {
            return Self::Exited {
                status: exit.0,
                place: crash_cause(&circumstances.stderr_tail, circumstances.crash_detail),
                trace: circumstances.trace(&error),
            };
        }
        // A backtrace shows that wasm was running: an error that is not a trap then comes from an import's arguments.
        if error.is::<Trap>() || error.is::<WasmBacktrace>() {
            let trap = || {
                error
                    .downcast_ref::<Trap>()
                    .map_or_else(|| error.root_cause().to_string(), |trap| trap_words(*trap))
            };
            // Languages end a program by an instruction that says nothing, `unreachable`, after they have said where.
            let (tail, detail) = (&circumstances.stderr_tail, circumstances.crash_detail);
            let cause = crash_cause(tail, detail)
                .unwrap_or_else(|| unplaced_cause(&trap(), error.downcast_ref(), tail, detail));
            return Self::Crashed {
                cause: report::shortened(&cause, GuestError::MAX_MESSAGE_BYTES),
                trace: circumstances.trace(&error),
            };
        }
        let is_callable = circumstances.instantiated && !error.is::<ExportTypeFault>();
        let source = error.into_boxed_dyn_error();
        if is_callable {
            Self::Unreadable { source }
        } else {
            Self::Sandbox { source }
        }
    }

    /// This error, or `Credentials` if the host could not obtain a credential for the call and that may be the cause.
    pub(super) fn or_credential_failure(self, failure: Option<CredentialFailure>) -> Self {
        match (self, failure) {
            // The guest asks to wait, and will be called again.
            (error @ Self::Guest(GuestError::RateLimited(_)), _) => error,
            (
                failed @ (Self::Guest(_) | Self::Crashed { .. } | Self::Exited { .. }),
                Some(failure),
            ) => Self::Credentials {
                failure,
                failed: Box::new(failed),
            },
            (error, _) => error,
        }
    }

    /// This error, with what the host refused to the connector if that may be the cause: `request` is the failure of
    /// its last request, `memory` the limit that refused an allocation.
    pub(super) fn explained(self, request: Option<String>, memory: Option<MemoryError>) -> Self {
        let (may_be_the_request, may_be_memory) = match &self {
            Self::Guest(error) => match error {
                GuestError::Upstream { .. } | GuestError::Failed(_) => (true, true),
                GuestError::Misconfigured { .. } | GuestError::Unauthorized(_) => (true, false),
                // The guest knows that the state is wrong, or asks to wait.
                GuestError::UnknownTable { .. }
                | GuestError::InvalidState(_)
                | GuestError::RateLimited(_) => (false, false),
            },
            Self::Crashed { .. } | Self::Exited { .. } => (true, true),
            _ => (false, false),
        };
        let request = request.filter(|_| may_be_the_request);
        let memory = memory.filter(|_| may_be_memory);
        let memory = memory.map(|limit| format!("an allocation was refused: {limit}"));
        let hints: Vec<String> = memory.into_iter().chain(request).collect();
        if hints.is_empty() {
            return self;
        }
        Self::Explained {
            failed: Box::new(self),
            hint: hints.join("; "),
        }
    }

    /// There is no memory for a value that the guest handed over.
    pub(super) fn out_of_memory(limit: MemoryError) -> Self {
        Self::OutOfMemory {
            limit,
            trace: CrashTrace::none(),
        }
    }

    /// The call exceeded its deadline while waiting for `waits_for`, or while computing if that is `None`.
    pub(super) fn timeout(deadline: Deadline, waits_for: Option<Wait>) -> Self {
        let limit = deadline.limit;
        match deadline.reason {
            DeadlineReason::AnswerWithin => Self::AnswerTimeout { limit },
            DeadlineReason::Invocation => Self::InvocationTimeout { limit },
            DeadlineReason::PageTimeout | DeadlineReason::Total | DeadlineReason::Request => {
                Self::PageTimeout { limit, waits_for }
            }
        }
    }

    /// Details for the log: the backtrace of a crash.
    pub(crate) fn trace(&self) -> Option<&str> {
        match self {
            Self::Crashed { trace, .. }
            | Self::Exited { trace, .. }
            | Self::OutOfMemory { trace, .. } => trace.text(),
            Self::Guest(_)
            | Self::CpuTime { .. }
            | Self::PageTimeout { .. }
            | Self::AnswerTimeout { .. }
            | Self::InvocationTimeout { .. }
            | Self::Postponed(_)
            | Self::PageTooLarge { .. }
            | Self::StateTooLarge { .. }
            | Self::SchemaTooLarge { .. }
            | Self::Unreadable { .. }
            | Self::Sandbox { .. }
            | Self::Code(_) => None,
            Self::Credentials { failed, .. } | Self::Explained { failed, .. } => failed.trace(),
        }
    }
}
