//! How the process ends.

use std::process::{ExitCode, Termination};

use super::error::CliError;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: done.
    Done,
    /// 1: something that the user can fix.
    Mistake,
    /// 2: a fault of the host or the machine.
    Fault,
}

impl Termination for ExitStatus {
    fn report(self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::Mistake => ExitCode::from(1),
            Self::Fault => ExitCode::from(2),
        }
    }
}

impl CliError {
    /// Whether the user can fix it.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Config(_)
            | Self::HostFileFlags { .. }
            | Self::Arguments(_)
            | Self::ConfigCheckFailed { .. }
            | Self::KeyFile(_)
            | Self::KeyNotText
            | Self::AdminKeyNotText
            | Self::Otlp(_)
            | Self::Traces(_)
            | Self::Admin(_)
            | Self::NoAdminAddress
            | Self::AdminClient(_)
            | Self::AdminAnswer { .. }
            | Self::TokenKeyNotText
            | Self::Certificate(_)
            | Self::TokenKey(_)
            | Self::TokenKeyFile(_)
            | Self::Rotation { .. }
            | Self::NoTokens
            | Self::Auth(_)
            | Self::NoConnector(_)
            | Self::CheckOfUrl(_)
            | Self::NotLoaded { .. }
            | Self::OtherFormat { .. }
            | Self::TwoOutputs
            | Self::Map(_)
            | Self::MapOfUrl
            | Self::NoDestination(_)
            | Self::NoStates
            | Self::NoState { .. }
            | Self::State(_)
            | Self::UnknownTable(_)
            | Self::SyncNotBegun
            | Self::SyncStopped(_)
            | Self::Build(_)
            | Self::Stopped
            | Self::RotationStopped
            | Self::CheckFailed { .. }
            | Self::CompileFolder { .. }
            | Self::NothingToCompile(_)
            | Self::CompileFailed { .. }
            | Self::Unreadable { .. }
            | Self::Stdout(_)
            | Self::ManPages { .. }
            | Self::Port(_)
            | Self::Proxy { .. }
            | Self::Listen { .. }
            | Self::Sockets(_)
            | Self::Lambda(_)
            | Self::Package(_)
            | Self::OwnProgram(_)
            | Self::New(_)
            | Self::Adapt(_)
            | Self::Plugins(_) => ExitStatus::Mistake,
            Self::Destination(error) => of_fault(error.is_fault()),
            Self::Native(error) => of_fault(error.is_fault()),
            Self::Sync(error) => of_fault(error.is_fault()),
            Self::SyncFailed(failure) => of_fault(failure.cause.is_fault()),
            Self::Engine(error) => of_fault(error.is_fault()),
            Self::Compiler(_)
            | Self::PassedAddress(_)
            | Self::Runtime(_)
            | Self::Output(_)
            | Self::Metrics(_)
            | Self::Signals(_)
            | Self::CheckSetUp(_)
            | Self::Randomness(_) => ExitStatus::Fault,
            #[cfg(feature = "demo")]
            Self::DemoStopped => ExitStatus::Mistake,
            #[cfg(feature = "demo")]
            Self::DemoSetUp(_) | Self::DemoConnector(_) => ExitStatus::Fault,
        }
    }
}

fn of_fault(is_fault: bool) -> ExitStatus {
    if is_fault {
        ExitStatus::Fault
    } else {
        ExitStatus::Mistake
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::{Continuation, DestinationError, SyncError, SyncFailure};

    #[test]
    fn a_sync_that_ends_early_is_a_mistake_unless_this_program_failed() {
        let not_prepared = || DestinationError::NotPrepared {
            table: "rows".to_owned(),
        };
        let destination = |error| SyncError::Destination(Box::new(error));
        let failed = |cause| SyncFailure {
            component: None,
            table: Some("rows".to_owned()),
            page: None,
            resumed: false,
            rows: 0,
            unreached: Vec::new(),
            continuation: Continuation::SameCommand,
            cause: Box::new(cause),
        };
        for (error, status) in [
            (SyncError::NoTables.into(), ExitStatus::Mistake),
            (DestinationError::ClosedPipe.into(), ExitStatus::Mistake),
            (
                failed(destination(DestinationError::ClosedPipe)).into(),
                ExitStatus::Mistake,
            ),
            (
                CliError::SyncStopped(Continuation::SameCommand),
                ExitStatus::Mistake,
            ),
            (SyncError::Writer("gone".into()).into(), ExitStatus::Fault),
            (
                SyncError::Tls("no ciphers".into()).into(),
                ExitStatus::Fault,
            ),
            (not_prepared().into(), ExitStatus::Fault),
            (
                failed(destination(not_prepared())).into(),
                ExitStatus::Fault,
            ),
        ] {
            assert_eq!(CliError::exit_status(&error), status, "{error:?}");
        }
    }
}
