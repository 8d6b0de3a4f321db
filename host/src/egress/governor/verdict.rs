//! The meaning of a response, by its status and its statements about quotas.

use std::time::Duration;

use super::observed::QuotaReadings;

/// The meaning of a response for its request, and for the calls after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::egress) enum ResponseVerdict {
    /// An answer, good or bad, that another try would not change.
    Answer,
    /// The API accepts no calls for now, and has not carried this one out; with the time to wait, if it is stated.
    RateLimit(Option<Duration>),
    /// A failure that may pass.
    Failure,
    /// The API refuses the credential.
    Credential,
}

/// Refusals that no wait changes, whatever time they state: of the credential, the resource or the method. The
/// connector gets them at once.
const LASTING: [u16; 7] = [401, 404, 405, 407, 410, 451, 501];

/// The statuses with which APIs refuse calls beyond a quota. Any other status with a remainder of 0 is the answer to
/// the quota's last call.
const OF_QUOTAS: [u16; 8] = [402, 403, 420, 429, 430, 503, 509, 529];

impl ResponseVerdict {
    /// The meaning of a response with this status and these readings of quotas.
    pub(in crate::egress) fn of(status: u16, readings: &QuotaReadings) -> Self {
        if status < 400 {
            return Self::Answer;
        }
        let stated = readings.retry_after.filter(|wait| !wait.is_zero());
        match status {
            401 => Self::Credential,
            _ if stated.is_some() && !LASTING.contains(&status) => Self::RateLimit(stated),
            420 | 429 => Self::RateLimit(None),
            _ if OF_QUOTAS.contains(&status) && readings.is_spent() => Self::RateLimit(None),
            502..=504 | 529 => Self::Failure,
            _ => Self::Answer,
        }
    }

    /// Whether a response with this meaning counts against the API. `None` if it says nothing: an API that accepts no
    /// calls for now is reachable, and asks for a wait, for a quota or for its own maintenance.
    pub(super) fn counts_against_the_api(self, status: u16) -> Option<bool> {
        match self {
            Self::Failure => Some(true),
            Self::RateLimit(_) if status >= 500 => None,
            Self::Answer | Self::RateLimit(_) | Self::Credential => Some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::governor::quota_report::{QuotaForm, QuotaReport};

    const MINUTE: Duration = Duration::from_secs(60);

    fn readings(retry_after: Option<Duration>, remaining: Option<u64>) -> QuotaReadings {
        let quotas = remaining.into_iter().map(|remaining| QuotaReport {
            name: "x-ratelimit".into(),
            limit: None,
            remaining,
            reset: Some(MINUTE),
            window: None,
            form: QuotaForm::Window,
            is_weighted: false,
            is_of_some_calls: false,
        });
        QuotaReadings {
            quotas: quotas.collect(),
            retry_after,
            ..QuotaReadings::default()
        }
    }

    #[test]
    fn status_with_a_wait_is_a_wait() {
        let stated = readings(Some(MINUTE), Some(4000));
        for status in [
            400, 402, 403, 408, 409, 413, 420, 423, 425, 429, 430, 500, 502, 503, 509, 529, 599,
        ] {
            let verdict = ResponseVerdict::of(status, &stated);
            assert_eq!(
                verdict,
                ResponseVerdict::RateLimit(Some(MINUTE)),
                "{status}"
            );
        }
        for status in [200, 202, 301, 404, 405, 407, 410, 451, 501] {
            assert_eq!(
                ResponseVerdict::of(status, &stated),
                ResponseVerdict::Answer,
                "{status}"
            );
        }
        assert_eq!(
            ResponseVerdict::of(401, &stated),
            ResponseVerdict::Credential
        );
    }

    #[test]
    fn refusal_with_a_spent_quota_is_a_rate_limit() {
        let spent = readings(None, Some(0));
        for status in [402, 403, 420, 429, 430, 503, 509, 529] {
            let verdict = ResponseVerdict::of(status, &spent);
            assert_eq!(verdict, ResponseVerdict::RateLimit(None), "{status}");
        }
        for status in [200, 400, 404, 409, 422, 500] {
            assert_eq!(
                ResponseVerdict::of(status, &spent),
                ResponseVerdict::Answer,
                "{status}"
            );
        }
    }

    #[test]
    fn only_a_failure_counts_against_the_api() {
        for (status, verdict, against) in [
            (200, ResponseVerdict::Answer, Some(false)),
            (401, ResponseVerdict::Credential, Some(false)),
            (403, ResponseVerdict::RateLimit(None), Some(false)),
            (429, ResponseVerdict::RateLimit(Some(MINUTE)), Some(false)),
            (503, ResponseVerdict::RateLimit(Some(MINUTE)), None),
            (503, ResponseVerdict::Failure, Some(true)),
            (200, ResponseVerdict::Failure, Some(true)),
        ] {
            let found = verdict.counts_against_the_api(status);
            assert_eq!(found, against, "{status} {verdict:?}");
        }
    }

    #[test]
    fn other_refusals_stay_as_they_are() {
        let zero = readings(Some(Duration::ZERO), Some(1));
        for (status, expected) in [
            (400, ResponseVerdict::Answer),
            (401, ResponseVerdict::Credential),
            (403, ResponseVerdict::Answer),
            (420, ResponseVerdict::RateLimit(None)),
            (429, ResponseVerdict::RateLimit(None)),
            (430, ResponseVerdict::Answer),
            (500, ResponseVerdict::Answer),
            (502, ResponseVerdict::Failure),
            (503, ResponseVerdict::Failure),
            (504, ResponseVerdict::Failure),
            (509, ResponseVerdict::Answer),
            (529, ResponseVerdict::Failure),
        ] {
            for readings in [&zero, &QuotaReadings::default()] {
                assert_eq!(ResponseVerdict::of(status, readings), expected, "{status}");
            }
        }
    }
}
