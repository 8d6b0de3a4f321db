//! What an API tells of its quota.

use serde::{Deserialize, Serialize};

use super::Response;

/// An API's quota, as the usual headers of a response tell it. Can stand in a state.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// How many requests the API still accepts, if it says so.
    pub remaining: Option<u32>,
    /// How many requests the API accepts in all, if it says so.
    pub limit: Option<u32>,
}

impl Response {
    /// What is left of the API's quota, by the headers `X-RateLimit-Remaining`, `X-RateLimit-Limit` and their variants.
    #[must_use]
    pub fn quota(&self) -> Quota {
        let number = |word: &str| {
            ["x-ratelimit-", "x-rate-limit-", "ratelimit-"]
                .iter()
                .find_map(|prefix| self.header_as(&format!("{prefix}{word}")))
        };
        Quota {
            remaining: number("remaining"),
            limit: number("limit"),
        }
    }
}
