//! The families of headers of one response, by the headers' names and the names within their values.

use http::HeaderMap;

use super::{HeaderFamily, HeaderText};
use crate::config::QuotaHeaders;
use crate::egress::governor::dictionary;
use crate::egress::governor::header_name::QuotaHeaderName;
use crate::egress::governor::header_words::HeaderRole;
use crate::egress::governor::policies::is_structured;
use crate::egress::governor::usage;

/// The most quotas that one response may describe.
const MAX_FAMILIES: usize = 16;

/// The families of a response, by the names of its headers, without the headers that the configuration names.
pub(in crate::egress::governor) fn families<'h>(
    headers: &'h HeaderMap,
    own: &[&QuotaHeaders],
) -> Vec<HeaderFamily<'h>> {
    let mut families = Families(Vec::new());
    for (name, value) in headers {
        let Some(parts) = QuotaHeaderName::of(name.as_str()) else {
            continue;
        };
        let is_own = own.iter().any(|own| own.names(name.as_str()));
        let Some(stated) = HeaderText::of((name, value)).filter(|_| !is_own) else {
            continue;
        };
        // Other modules read these.
        if is_structured(stated.name, stated.text) || usage::is_object(stated.name, stated.text) {
            continue;
        }
        if !families.add_pairs(&parts, stated) {
            families.change(&parts.quota, |family| family.add(&parts, stated));
        }
        if families.0.len() >= MAX_FAMILIES {
            break;
        }
    }
    lend_resets(&mut families.0);
    families
        .0
        .into_iter()
        .flat_map(HeaderFamily::apart)
        .collect()
}

/// The families of one response while its headers are being read.
struct Families<'h>(Vec<HeaderFamily<'h>>);

impl<'h> Families<'h> {
    /// Changes the family of a quota; a new one if there is none.
    fn change(&mut self, quota: &str, change: impl FnOnce(&mut HeaderFamily<'h>)) {
        if let Some(known) = self.0.iter_mut().find(|family| family.quota == quota) {
            return change(known);
        }
        let mut family = HeaderFamily {
            quota: quota.to_owned(),
            ..HeaderFamily::default()
        };
        change(&mut family);
        self.0.push(family);
    }

    /// Splits a value that names its parts. False if it doesn't, or if none of them says what is left.
    fn add_pairs(&mut self, parts: &QuotaHeaderName, stated: HeaderText<'h>) -> bool {
        let Some(pairs) = dictionary::pairs(stated.text) else {
            return false;
        };
        // `second=9, minute=99` in a header for the remainder.
        let role = |pair: &QuotaHeaderName| {
            let by_header = parts.role.filter(|_| pair.window.is_some());
            pair.role.or(by_header)
        };
        let is_of_a_quota = |pair: &QuotaHeaderName| {
            let is_stated = matches!(role(pair), Some(HeaderRole::Remaining | HeaderRole::Used));
            is_stated || (pair.role.is_none() && role(pair).is_some())
        };
        if !pairs.iter().any(|(pair, _)| is_of_a_quota(pair)) {
            return false;
        }
        for (mut pair, text) in pairs {
            let Some(role) = role(&pair) else {
                continue;
            };
            pair.window = pair.window.or(parts.window);
            pair.is_weighted |= parts.is_weighted;
            let quota = [parts.quota.as_str(), &pair.quota];
            let quota = quota.join(if pair.quota.is_empty() { "" } else { "-" });
            self.change(&quota, |family| {
                family.is_of_some_calls |= parts.is_of_some_calls();
                family.add_as(role, &pair, HeaderText { text, ..stated });
            });
        }
        true
    }
}

/// A quota without a reset gets the reset of a family that has a shorter name and says nothing else:
/// `x-rate-limit-requests` gets that of `x-rate-limit`.
fn lend_resets(families: &mut [HeaderFamily<'_>]) {
    for place in 0..families.len() {
        let Some(family) = families.get(place) else {
            return;
        };
        if family.reset.is_some() || family.length.is_some() {
            continue;
        }
        let lender = families.iter().find(|lender| {
            lender.remaining.is_none() && lender.used.is_none() && family.is_below(lender)
        });
        let lent = lender.map(|lender| (lender.reset, lender.window));
        if let Some((reset, window)) = lent
            && let Some(family) = families.get_mut(place)
        {
            family.reset = reset;
            family.window = family.window.or(window);
        }
    }
}
