//! The bounds of what waits for the collector.

use std::time::Duration;

use super::error::OtlpError;
use super::variables::{self, OtlpVariables};

/// The most spans that may wait: some 100 MB.
const MOST_WAITING: usize = 65_536;

/// The longest time in the variables: a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The bounds of what waits for the collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchBounds {
    /// How many spans may wait. Further ones are dropped.
    pub queue: usize,
    /// How many spans are sent at once; at most `queue`.
    pub spans: usize,
    /// How long a span waits for others at most.
    pub delay: Duration,
    /// How long a batch is retried at most.
    pub patience: Duration,
    /// How long one request may take.
    pub timeout: Duration,
}

impl Default for BatchBounds {
    /// As in the specification of OpenTelemetry.
    fn default() -> Self {
        Self {
            queue: 2_048,
            spans: 512,
            delay: Duration::from_secs(5),
            patience: Duration::from_secs(30),
            timeout: Duration::from_secs(10),
        }
    }
}

impl BatchBounds {
    pub(super) fn read(variables: &OtlpVariables<'_>) -> Result<Self, OtlpError> {
        let default = Self::default();
        let queue = count(variables, variables::QUEUE)?.unwrap_or(default.queue);
        let spans = count(variables, variables::BATCH)?.unwrap_or(default.spans);
        let timeout = match time(variables, variables::TRACES_TIMEOUT)? {
            Some(timeout) => Some(timeout),
            None => time(variables, variables::TIMEOUT)?,
        };
        Ok(Self {
            queue,
            spans: spans.min(queue),
            delay: time(variables, variables::DELAY)?.unwrap_or(default.delay),
            patience: time(variables, variables::PATIENCE)?.unwrap_or(default.patience),
            timeout: timeout.unwrap_or(default.timeout),
        })
    }
}

fn count(
    variables: &OtlpVariables<'_>,
    variable: &'static str,
) -> Result<Option<usize>, OtlpError> {
    let Some(text) = variables.text(variable)? else {
        return Ok(None);
    };
    match text.parse() {
        Ok(count @ 1..=MOST_WAITING) => Ok(Some(count)),
        _ => {
            let expected = format!("write a number of spans from 1 to {MOST_WAITING}");
            Err(variables::wrong(variable, &text, expected))
        }
    }
}

/// A time in milliseconds.
fn time(
    variables: &OtlpVariables<'_>,
    variable: &'static str,
) -> Result<Option<Duration>, OtlpError> {
    let Some(text) = variables.text(variable)? else {
        return Ok(None);
    };
    let time = text.parse().map(Duration::from_millis);
    match time {
        Ok(time) if time >= Duration::from_millis(1) && time <= LONGEST => Ok(Some(time)),
        _ => Err(variables::wrong(
            variable,
            &text,
            format!(
                "write a number of milliseconds from 1 to {}",
                LONGEST.as_millis()
            ),
        )),
    }
}
