//! The time limits of a request, each with its value and the place where it was set.

use std::time::Duration;

use crate::config::duration_text;
use crate::scope::TimeBound;

/// Which time limit expired, and who set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Timeout {
    #[error("{}", .0.named("connect"))]
    Connect(TimeLimit),
    #[error("{}", .0.named("first-byte"))]
    FirstByte(TimeLimit),
    #[error("{}", .0.named("idle"))]
    Idle(TimeLimit),
    #[error("{0}")]
    Deadline(TimeBound),
}

/// A time limit, and who set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeLimit {
    pub(super) time: Duration,
    pub(super) owner: TimeoutOwner,
}

/// Who set a timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeoutOwner {
    /// The connector's configuration, in its section `[network]`.
    Config,
    /// The guest, for this request.
    Request,
}

impl TimeLimit {
    /// The request's own limit if it is shorter than the configured one.
    pub(super) fn of(own: Option<Duration>, configured: Duration) -> Self {
        match own {
            Some(time) if time < configured => Self::of_the_request(time),
            _ => Self::configured(configured),
        }
    }

    /// A limit of the section `[network]`.
    pub(super) fn configured(time: Duration) -> Self {
        Self {
            time,
            owner: TimeoutOwner::Config,
        }
    }

    /// The limit that the guest set for this request.
    pub(super) fn of_the_request(time: Duration) -> Self {
        Self {
            time,
            owner: TimeoutOwner::Request,
        }
    }

    /// Its name and value in a message: `network.first-byte-timeout` is 10s.
    fn named(self, part: &str) -> String {
        let time = duration_text(self.time);
        match self.owner {
            TimeoutOwner::Config => format!("`network.{part}-timeout` is {time}"),
            TimeoutOwner::Request => {
                format!("the connector's {part} timeout for this request is {time}")
            }
        }
    }
}
