//! Whether a call is retried, and when.

use std::time::Duration;

use crate::egress::error::EgressError;
use crate::egress::failure::FailureKind;
use crate::egress::phase::{CallPhase, PhaseTime};
use crate::egress::timeout::Timeout;

/// The greatest pause before the first retry; doubled for each one after it.
const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(30);

/// Whether a call without a response counts against the API; `None` if it says nothing about it.
pub(super) fn counts_against(error: &EgressError) -> Option<bool> {
    match error {
        EgressError::Timeout {
            limit: Timeout::FirstByte(_),
            ..
        } => Some(true),
        EgressError::Timeout {
            limit: Timeout::Idle(_),
            ..
        } => None,
        EgressError::Proxy { source, .. } if !source.is_of_the_api() => None,
        // The lookup may be that of the proxy's name, and the connection is the one to the proxy.
        EgressError::Timeout {
            limit: Timeout::Connect(_),
            waited:
                PhaseTime {
                    phase: CallPhase::LookUp | CallPhase::Tcp,
                    proxy: Some(_),
                    ..
                },
        } => None,
        error => (FailureKind::of(error) == Some(FailureKind::Passing)).then_some(true),
    }
}

/// The pause before the try after `tries`: a random time up to a maximum that doubles, so that calls which failed
/// together aren't retried together. `draw` is from 0 to `u32::MAX`.
pub(super) fn pause(tries: u32, draw: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    let most = FIRST.saturating_mul(doubled).min(MOST);
    most.mul_f64(f64::from(draw) / f64::from(u32::MAX))
}

/// A random number.
pub(super) fn draw() -> u32 {
    // Without a source of randomness, the longest pause is the safest.
    getrandom::u32().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;
    use crate::egress::proxy_fault::ProxyFault;
    use crate::egress::timeout::TimeLimit;
    use crate::scope::{DeadlineReason, TimeBound};

    #[test]
    fn pauses_double_up_to_the_maximum() {
        let cases = [
            (1, 500),
            (2, 1000),
            (3, 2000),
            (6, 16_000),
            (7, 30_000),
            (u32::MAX, 30_000),
        ];
        for (tries, milliseconds) in cases {
            assert_eq!(pause(tries, 0), Duration::ZERO, "{tries}");
            assert_eq!(
                pause(tries, u32::MAX),
                Duration::from_millis(milliseconds),
                "{tries}"
            );
        }
        assert!(pause(2, u32::MAX / 2) < Duration::from_millis(501));
    }

    #[test]
    fn only_time_taken_by_the_api_counts_against_it() {
        let limit = Duration::from_secs(1);
        let deadline = |reason| Timeout::Deadline(TimeBound { limit, reason });
        for (timeout, against) in [
            (Timeout::Connect(TimeLimit::configured(limit)), Some(true)),
            (
                Timeout::FirstByte(TimeLimit::of_the_request(limit)),
                Some(true),
            ),
            (Timeout::Idle(TimeLimit::configured(limit)), None),
            (deadline(DeadlineReason::Total), None),
            (deadline(DeadlineReason::Request), None),
            (deadline(DeadlineReason::PageTimeout), None),
            (deadline(DeadlineReason::AnswerWithin), None),
        ] {
            let error = timeout.after(PhaseTime {
                phase: CallPhase::Head,
                spent: Duration::ZERO,
                proxy: None,
            });
            assert_eq!(counts_against(&error), against, "{timeout}");
        }
    }

    #[test]
    fn proxy_that_is_broken_itself_does_not_count_against_the_api() {
        let refused = |status| ProxyFault::Refused {
            status,
            answer: status.to_string(),
            advice: "ask".to_owned(),
        };
        let broken = || io::Error::from(io::ErrorKind::ConnectionReset);
        for (fault, against) in [
            (ProxyFault::Resolve(broken()), None),
            (ProxyFault::Connect(broken()), None),
            (ProxyFault::Closed(broken()), None),
            (
                ProxyFault::Authentication {
                    status: 407,
                    was_sent: true,
                },
                None,
            ),
            (ProxyFault::Page, None),
            (ProxyFault::TooLong, None),
            (refused(403), None),
            (refused(429), None),
            (refused(502), Some(true)),
            (ProxyFault::ApiName(broken()), Some(true)),
        ] {
            let error = EgressError::Proxy {
                origin: "https://api.example.com".to_owned(),
                proxy: "http://proxy:3128".into(),
                source: Arc::new(fault),
            };
            assert_eq!(counts_against(&error), against, "{error:?}");
        }
        let limit = Timeout::Connect(TimeLimit::configured(Duration::from_secs(1)));
        for (phase, proxy, against) in [
            (CallPhase::Tcp, Some("http://proxy:3128"), None),
            (CallPhase::LookUp, Some("http://proxy:3128"), None),
            (CallPhase::Tunnel, Some("http://proxy:3128"), Some(true)),
            (CallPhase::Tcp, None, Some(true)),
        ] {
            let error = limit.after(PhaseTime {
                phase,
                spent: Duration::ZERO,
                proxy: proxy.map(Into::into),
            });
            assert_eq!(counts_against(&error), against, "{error}");
        }
    }
}
