//! The meaning of a header's name for a quota: the quota, and the role of the header.
//!
//! `x-ratelimit-remaining-minute` is what remains of the quota `x-ratelimit-minute`, which lasts for a minute.

use std::time::Duration;

use super::header_words::{
    HeaderRole, is_of_a_time, is_of_calls, is_of_no_quota, is_of_other_things, is_weight, role,
    window_of, words,
};

/// How many tokens of a name are read.
const MAX_TOKENS: usize = 12;

/// The longest name of a quota that is kept.
pub(super) const MAX_NAME_BYTES: usize = 64;

/// The parts of a header's name, or of a name within a header's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuotaHeaderName {
    /// The name without its role: headers for which this is equal describe one quota.
    pub(super) quota: String,
    /// `None` if no word says it: then the header contains the limit, or several values.
    pub(super) role: Option<HeaderRole>,
    /// How long the quota lasts, if the name says so.
    pub(super) window: Option<Duration>,
    /// Whether it counts something other than calls.
    pub(super) is_weighted: bool,
}

impl QuotaHeaderName {
    /// Reads a name in lower case; `None` if it is not a quota header.
    pub(super) fn of(name: &str) -> Option<Self> {
        if !is_candidate(name) || name.len() > MAX_NAME_BYTES {
            return None;
        }
        let tokens = tokens(name);
        let states_remainder = tokens
            .iter()
            .any(|token| matches!(role(token), Some(HeaderRole::Remaining)));
        let is_other = |token: &&str| {
            // What remains of a resource, as in Azure's headers, is a quota as well.
            let is_of_none = is_of_no_quota(token) && !(states_remainder && *token == "resource");
            is_of_none || is_of_other_things(token)
        };
        if tokens.iter().any(is_other) || !is_of_calls(&tokens) {
            return None;
        }
        Some(Self::of_tokens(&tokens))
    }

    /// Reads a name within a header's value, such as `remaining` or `per-app-api-usage`, in lower case.
    pub(super) fn of_key(name: &str) -> Self {
        Self::of_tokens(&tokens(name))
    }

    fn of_tokens(tokens: &[&str]) -> Self {
        let is_rate_limit = |place: usize| {
            let before = place.checked_sub(1).and_then(|place| tokens.get(place));
            before == Some(&"rate")
        };
        let found = tokens.iter().enumerate().rev().find_map(|(place, token)| {
            let is_family = *token == "limit" && is_rate_limit(place);
            let role = role(token).filter(|_| !is_family)?;
            Some((place, role))
        });
        let (place, mut role) =
            found.map_or((usize::MAX, None), |(place, role)| (place, Some(role)));
        let mut quota = String::new();
        let mut window = None;
        for (number, token) in tokens.iter().enumerate() {
            if number == place {
                continue;
            }
            if is_of_a_time(token) && role.is_some() {
                role = role.map(|role| role.in_unit(token));
                continue;
            }
            if matches!(role, Some(HeaderRole::Reset(_) | HeaderRole::Window(_)))
                && number > place
                && matches!(*token, "seconds" | "secs")
            {
                continue;
            }
            if role == Some(HeaderRole::Refill) && *token == "rate" {
                continue;
            }
            window = window.or_else(|| window_of(token));
            if !quota.is_empty() {
                quota.push('-');
            }
            quota.push_str(token);
        }
        let is_role = |number: usize, token: &str| number == place && token == "usage";
        let mut weights = tokens.iter().enumerate();
        Self {
            is_weighted: weights.any(|(number, token)| is_weight(token) && !is_role(number, token)),
            quota,
            role,
            window,
        }
    }

    /// The meaning of a single number in the header's value.
    pub(super) fn role_of_a_number(&self) -> HeaderRole {
        self.role.unwrap_or(HeaderRole::Limit)
    }

    /// Whether the name continues after `limit` with words for neither a role nor a duration, as in
    /// `zendesk-ratelimit-tickets-index`.
    pub(super) fn is_of_some_calls(&self) -> bool {
        let rest = self.quota.split_once("limit-").map(|(_, rest)| rest);
        self.role.is_none() && self.window.is_none() && rest.is_some()
    }
}

fn tokens(name: &str) -> Vec<&str> {
    name.split(['-', '_'])
        .flat_map(words)
        .filter(|token| !token.is_empty())
        .take(MAX_TOKENS)
        .collect()
}

/// The name of a quota header contains one of these.
pub(super) const SIGNS: [&str; 6] = [
    "limit",
    "quota",
    "usage",
    "throttl",
    "weight",
    "order-count",
];

/// Whether a name may be that of a quota header.
fn is_candidate(name: &str) -> bool {
    !name.starts_with("access-control") && SIGNS.iter().any(|sign| name.contains(sign))
}

#[cfg(test)]
mod tests;
