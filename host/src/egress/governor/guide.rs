//! The configuration for the quotas in the responses to one path.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use http::header::{self, HeaderName};

use super::family::QuotaHints;
use super::header_name::SIGNS;
use crate::config::{QuotaHeaders, QuotaRule};

/// Headers of most responses that have nothing to do with quotas, for a quick check.
static USUAL: [HeaderName; 10] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::DATE,
    header::SERVER,
    header::CONNECTION,
    header::CACHE_CONTROL,
    header::VARY,
    header::TRANSFER_ENCODING,
    header::STRICT_TRANSPORT_SECURITY,
    header::X_CONTENT_TYPE_OPTIONS,
];

/// The configuration for the quotas in the responses to one path.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuotaGuide<'c> {
    pub(super) headers: &'c QuotaHeaders,
    pub(super) window: Option<Duration>,
    /// The configured quotas that have their own headers, each with its name.
    pub(super) rules: &'c [(Arc<str>, QuotaRule)],
    /// The configured quota for the path, which also completes the headers of such responses.
    pub(super) own: Option<&'c QuotaRule>,
}

impl QuotaGuide<'_> {
    /// Whether a header of this name may describe a quota or a wait. Most don't, so this check costs next to nothing.
    pub(super) fn may_describe_quota(&self, name: &HeaderName) -> bool {
        // All parts at once: searching for each one alone took longer than everything else that a response without
        // them costs.
        static PARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
            AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::DFA))
                .build(SIGNS.iter().chain(&["retry-after", "cost"]))
                .inspect_err(|error| tracing::error!(%error, "could not prepare the search for the parts of header names"))
                .ok()
        });
        let mut rules = self.rules.iter();
        let is_usual = USUAL.contains(name);
        let name = name.as_str();
        (!is_usual && PARTS.as_ref().is_none_or(|parts| parts.is_match(name)))
            || self.headers.names(name)
            || self.headers.names_beside(name)
            || rules.any(|(_, rule)| rule.headers.names(name) || rule.headers.names_beside(name))
    }

    /// The hints for the quota of all calls, or of this path.
    pub(super) fn hints(&self) -> QuotaHints {
        // If it names headers, the usual ones describe other quotas.
        let own = self.own.filter(|rule| !rule.headers.tells_a_quota());
        QuotaHints {
            window: own.and_then(|rule| rule.window).or(self.window),
            limit: own.and_then(|rule| rule.limit).map(u64::from),
        }
    }
}
