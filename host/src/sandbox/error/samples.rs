//! One error of each kind, for the tests that hold their texts.

use std::io;
use std::time::Duration;

use super::{CallError, CrashTrace};
use crate::account::MemoryError;
use crate::guest_error::GuestError;
use crate::samples::samples;
use crate::sandbox::code::CodeFault;
use crate::scope::CredentialFailure;
use crate::waits::{Postponement, Wait, WaitReason};

impl CallError {
    pub(crate) fn samples() -> Vec<Self> {
        let limit = Duration::from_secs(60);
        let wait = || Wait {
            reason: WaitReason::Pause,
            until: None,
        };
        let guest = GuestError::samples().into_iter().map(Self::Guest);
        let others = samples!(CallError:
            CallError::Guest(_) => CallError::Guest(GuestError::RateLimited(Some(limit))),
            CallError::Crashed { .. } => CallError::Crashed {
                cause: "wasm `unreachable` instruction executed".to_owned(),
                trace: CrashTrace::none(),
            },
            CallError::Exited { .. } => CallError::Exited {
                status: 3,
                place: Some("panicked at src/lib.rs:16:70".to_owned()),
                trace: CrashTrace::none(),
            },
            CallError::OutOfMemory { .. } => CallError::OutOfMemory {
                limit: MemoryError::Connector(64 << 20),
                trace: CrashTrace::none(),
            },
            CallError::CpuTime { .. } => CallError::CpuTime { limit },
            CallError::PageTimeout { .. } => CallError::PageTimeout {
                limit,
                waits_for: Some(wait()),
            },
            CallError::AnswerTimeout { .. } => CallError::AnswerTimeout { limit },
            CallError::InvocationTimeout { .. } => CallError::InvocationTimeout { limit },
            CallError::Postponed(_) => CallError::Postponed(Postponement {
                wait: wait(),
                length: limit,
                repeated_calls: 0,
            }),
            CallError::PageTooLarge { .. } => CallError::PageTooLarge {
                bytes: (64 << 20) + 1,
                limit_bytes: 64 << 20,
            },
            CallError::StateTooLarge { .. } => CallError::StateTooLarge {
                bytes: (1 << 20) + 1,
                limit_bytes: 1 << 20,
            },
            CallError::SchemaTooLarge { .. } => CallError::SchemaTooLarge {
                bytes: (4 << 20) + 1,
                limit_bytes: 4 << 20,
            },
            CallError::Unreadable { .. } => CallError::Unreadable { source: "string pointer/length out of bounds".into() },
            CallError::Sandbox { .. } => CallError::Sandbox { source: "the system's reason".into() },
            CallError::Credentials { .. } => CallError::Credentials {
                failure: CredentialFailure {
                    cause: "the cause of the credential".to_owned(),
                    is_temporary: false,
                },
                failed: Box::new(CallError::Guest(GuestError::RateLimited(None))),
            },
            CallError::Explained { .. } => CallError::Guest(GuestError::Failed("MemoryError".to_owned())).explained(
                Some("the request timed out after waiting 10s for the head of the response (`network.first-byte-timeout` is 10s)".to_owned()),
                Some(MemoryError::Connector(64 << 20)),
            ),
            CallError::Code(_) => CallError::Code(CodeFault::Read(io::Error::other("the system's reason"))),
        );
        guest.chain(others).collect()
    }
}
