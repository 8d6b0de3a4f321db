//! Warnings about headers that can't be understood, each given once.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::quota_report::{QuotaFault, QuotaFaultKind};
use crate::lock::Mutex;
use crate::report;
use crate::secrets::Secrets;

/// How many warnings are remembered; beyond that, none are given.
const MAX_WARNINGS: usize = 256;

/// How much of a value is shown.
const SHOWN_BYTES: usize = 64;

/// The headers that were warned about, with their origins.
#[derive(Debug)]
pub(super) struct HeaderWarnings {
    given: Mutex<HashSet<u64>>,
    /// An API may return the credential that it received.
    secrets: Secrets,
}

impl HeaderWarnings {
    pub(super) fn new(secrets: Secrets) -> Self {
        Self {
            given: Mutex::default(),
            secrets,
        }
    }

    /// Warns about the headers of a response of this origin, unless that was done before.
    pub(super) fn give(&self, connector: &Arc<str>, origin: &str, faults: &[QuotaFault]) {
        for fault in faults {
            if !self.is_new(origin, fault) {
                continue;
            }
            let until_then = match fault.kind {
                QuotaFaultKind::Wait(_) => "",
                _ => "; until then this quota is ignored",
            };
            tracing::warn!(
                connector = &**connector,
                origin,
                "the API's header `{}: {}` {}{until_then}",
                report::escaped(&fault.header),
                self.secrets.shown_beginning(&fault.value, SHOWN_BYTES),
                fault.kind,
            );
        }
    }

    /// Warns about a value that should be the wait of a rule, unless that was done before.
    pub(super) fn give_wait(
        &self,
        connector: &Arc<str>,
        origin: &str,
        rule: &str,
        fault: &QuotaFault,
    ) {
        if self.is_new(&format!("{origin} {rule}"), fault) {
            tracing::warn!(
                connector = &**connector,
                origin,
                rule,
                "`{}` should say how long to wait, but `{}` is not a valid time; without `wait-unit` it must be in \
                 seconds or a date; calls wait as if it were missing",
                report::escaped(&fault.header),
                self.secrets.shown_beginning(&fault.value, SHOWN_BYTES),
            );
        }
    }

    fn is_new(&self, origin: &str, fault: &QuotaFault) -> bool {
        let mut hasher = DefaultHasher::new();
        (origin, &fault.header).hash(&mut hasher);
        matches!(fault.kind, QuotaFaultKind::Amount | QuotaFaultKind::NoLimit).hash(&mut hasher);
        let mut given = self.given.lock();
        given.len() < MAX_WARNINGS && given.insert(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::governor::moment::TimeFault;

    #[test]
    fn each_header_of_an_origin_causes_one_warning() {
        let warnings = HeaderWarnings::new(Secrets::of("beers"));
        let fault = |header: &str, value| {
            QuotaFault::new(header, value, QuotaFaultKind::Reset(TimeFault::Unreadable))
        };
        assert!(warnings.is_new("https://a.example", &fault("x-ratelimit-reset", "soon")));
        assert!(!warnings.is_new("https://a.example", &fault("x-ratelimit-reset", "later")));
        assert!(warnings.is_new("https://a.example", &fault("ratelimit-reset", "soon")));
        assert!(warnings.is_new("https://b.example", &fault("x-ratelimit-reset", "soon")));
        for number in 0..1000 {
            warnings.is_new("https://c.example", &fault(&number.to_string(), "soon"));
        }
        assert_eq!(warnings.given.lock().len(), MAX_WARNINGS);
    }
}
