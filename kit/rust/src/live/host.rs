//! The host's functions for a connector that runs natively.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use super::line::{FetchAnswer, FetchLine, Line, SleepAnswer};
use super::pipes::Pipes;
use crate::http::{Incoming, Outgoing};
use crate::imports::Imports;
use crate::milliseconds::milliseconds;
use crate::{HttpError, Level, OutOfTime, Time};

/// The host at the other end of the pipes.
pub(super) struct LiveHost {
    pub(super) pipes: Pipes,
    /// The variables of the current call.
    pub(super) environment: RefCell<Vec<(String, String)>>,
}

impl LiveHost {
    pub(super) fn new(pipes: Pipes) -> Self {
        Self {
            pipes,
            environment: RefCell::default(),
        }
    }
}

impl Imports for Rc<LiveHost> {
    fn fetch(&self, request: &Outgoing) -> Result<Incoming, HttpError> {
        let line = Line::HttpFetch(FetchLine::of(request));
        let answer: FetchAnswer = self
            .pipes
            .ask(&line)
            .map_err(|error| HttpError::Failed(format!("the host doesn't answer: {error}")))?;
        answer.into_result()
    }

    fn sleep(&self, duration: Duration) -> Result<(), OutOfTime> {
        match self.pipes.ask(&Line::Sleep(milliseconds(duration))) {
            Ok(SleepAnswer::Ok(())) => Ok(()),
            Ok(SleepAnswer::Error(error)) => Err(OutOfTime { left: error.left() }),
            // The host has ended, and the page with it.
            Err(_) => Err(OutOfTime {
                left: Duration::ZERO,
            }),
        }
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.environment.borrow().clone()
    }

    fn log(&self, level: Level, message: &str) {
        // If the host has ended, nobody reads the log.
        let _ = self.pipes.send(&Line::log(level, message));
    }

    fn now(&self) -> Time {
        SystemTime::now().into()
    }
}
