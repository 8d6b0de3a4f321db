//! An API's quota, as its responses report it.

use serde::{Deserialize, Serialize};

use super::Response;

/// An API's quota, as the usual headers of a response report it. It can be part of a state.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// The number of requests that the API still accepts, if it reports it.
    pub remaining: Option<u32>,
    /// The total number of requests that the API accepts, if it reports it.
    pub limit: Option<u32>,
}

impl Response {
    /// The API's quota, from the headers `X-RateLimit-Remaining`, `X-RateLimit-Limit` and their variants.
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
