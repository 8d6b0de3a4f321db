//! Why a request has no response.

#[cfg(test)]
mod texts;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use url::{Host, Url};

use super::address::SpecialUse;
use super::auth::error::AuthError;
use super::memory::in_bytes;
use super::phase::PhaseTime;
use super::proxy_fault::ProxyFault;
use super::redirect_note::RedirectNote;
use super::timeout::Timeout;
use crate::account::MemoryError;
use crate::config::{AllowRemedy, PolicyPlace, wait_text};
use crate::report;
use crate::report::size_text;
use crate::scope::{ByteQuotaError, TimeBound};

/// The most headers of a request, and their greatest total length: more than any API accepts.
pub(super) const MAX_HEADERS: usize = 256;
pub(super) const MAX_HEADER_BYTES: usize = 64 << 10;

/// The port at which the manual and new connectors expect the demo's API.
const DEMO_PORT: u16 = 9090;

/// Every way in which a request to the network can fail. A response of any status is not a failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EgressError {
    #[error("no rule allows {origin}{redirect}; {}", remedy.told(file))]
    Denied {
        origin: String,
        redirect: RedirectNote,
        /// What would allow it.
        remedy: AllowRemedy,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "{origin}{redirect} is blocked: its address {address} is {special_use}; {}",
        address_remedy(*address, special_use, file)
    )]
    AddressDenied {
        origin: String,
        redirect: RedirectNote,
        address: IpAddr,
        special_use: SpecialUse,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "the operator's policy does not allow {origin}{redirect}; ask the operator of this server to add it to {}",
        place.told()
    )]
    BeyondPolicy {
        origin: String,
        redirect: RedirectNote,
        /// The line of the policy.
        place: PolicyPlace,
    },

    #[error(
        "{origin}{redirect} is blocked: its address {address} is {special_use}, and the operator's policy does not allow it; \
         ask the operator of this server to add its network to {}",
        place.told()
    )]
    AddressBeyondPolicy {
        origin: String,
        redirect: RedirectNote,
        address: IpAddr,
        special_use: SpecialUse,
        /// The line of the policy.
        place: PolicyPlace,
    },

    #[error(
        "the operator's policy does not allow `wasi:http`; ask the operator of this server to change {}",
        place.told()
    )]
    NoWasiHttp {
        /// The line of the policy.
        place: PolicyPlace,
    },

    #[error("the request is malformed")]
    InvalidRequest {
        #[source]
        source: RequestFault,
    },

    #[error("could not obtain the credential for this request")]
    Credentials(#[from] AuthError),

    #[error("the request is larger than {} (`limits.request-size`)", size_text(*limit_bytes))]
    RequestTooLarge { limit_bytes: u64 },

    #[error("the response is larger than {} (`limits.response-size`)", size_text(*limit_bytes))]
    ResponseTooLarge { limit_bytes: u64 },

    #[error("the page has used all of its {limit} calls (`limits.calls`)")]
    TooManyCalls { limit: u32 },

    #[error("the page's calls have transferred more than {} (`limits.bytes`)", size_text(*limit_bytes))]
    TooManyBytes { limit_bytes: u64 },

    /// The request or its response takes more memory than is left.
    #[error(transparent)]
    OutOfMemory(#[from] MemoryError),

    #[error("{}; that is too long: {limit}", cause.message(budget, *wait))]
    QuotaSpent {
        /// The budget's name in the configuration, or the origin of the API.
        budget: String,
        /// The least time until the call could be made.
        wait: Duration,
        /// Whose time limit: the page's or the request's own.
        limit: TimeBound,
        /// What held the call back.
        cause: HoldCause,
    },

    #[error(
        "{origin} is refusing calls, according to {rule}{}",
        wait.map_or_else(String::new, |wait| format!(", for another {}", wait_text(wait)))
    )]
    RateLimited {
        origin: String,
        /// The rule that treats the response as a refusal, as messages name it.
        rule: String,
        /// The time until a call could be made, if it is known.
        wait: Option<Duration>,
    },

    #[error(
        "{origin} has failed {failures} times in a row; no calls are sent to it for another {} \
         (`rate-limit.failures`, `rate-limit.cool-down`)",
        wait_text(*wait)
    )]
    OutOfService {
        origin: String,
        failures: u32,
        wait: Duration,
    },

    #[error("the request timed out after waiting {waited} ({limit})")]
    Timeout {
        limit: Timeout,
        /// What the call was waiting for at that moment, and for how long.
        waited: PhaseTime,
    },

    #[error("the request to {origin} failed at the proxy {proxy}")]
    Proxy {
        origin: String,
        /// Its URL, without user and password.
        proxy: Arc<str>,
        #[source]
        source: Arc<ProxyFault>,
    },

    /// The response has arrived, but can't be read; another try would not help.
    #[error("could not read the response from {origin}")]
    Unreadable {
        origin: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error("the request to {origin} failed")]
    Failed {
        origin: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Timeout {
    /// The error of a call that was waiting for this when the time limit expired.
    pub(super) fn after(self, waited: PhaseTime) -> EgressError {
        EgressError::Timeout {
            limit: self,
            waited,
        }
    }
}

/// What is wrong with a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestFault {
    #[error("`{url}` is not a valid URL")]
    Url {
        url: String,
        #[source]
        source: url::ParseError,
    },
    #[error("the URL is longer than {}", size_text(in_bytes(*limit_bytes)))]
    UrlTooLong { limit_bytes: usize },
    #[error("the URL contains control characters or backslashes")]
    UrlCharacter,
    #[error("the URL's scheme is `{0}`; only `http` and `https` are supported")]
    Scheme(String),
    #[error(
        "the URL contains a user name or password; set them under [auth.NAME] with `kind = \"basic\"` in the \
         connector's file and remove them from the URL, or send an `authorization` header"
    )]
    UserInfo,
    #[error(
        "`{0}` does not begin with a scheme, `://` and a host, as in `https://api.example.com`"
    )]
    NoHost(String),
    #[error("`{0}` is not a valid host name")]
    Host(String),
    #[error("the URL's port is 0")]
    Port,
    #[error("the URL can't be used in a request")]
    Uri(#[source] http::Error),
    #[error("the URL is ambiguous: it can be read in more than one way")]
    Ambiguous,
    #[error("`{0}` is not an allowed method")]
    Method(String),
    #[error("`{0}` is not a valid header name")]
    HeaderName(String),
    #[error(
        "the request's headers exceed the limit of {MAX_HEADERS} headers or {} in total",
        size_text(in_bytes(MAX_HEADER_BYTES))
    )]
    Headers,
    #[error("the value of the header `{0}` contains characters that are not allowed in headers")]
    HeaderValue(String),
    #[error("the header `{0}` is set by the host; remove it from the request")]
    ReservedHeader(String),
}

impl From<ByteQuotaError> for EgressError {
    fn from(ByteQuotaError { limit_bytes }: ByteQuotaError) -> Self {
        Self::TooManyBytes { limit_bytes }
    }
}

impl From<RequestFault> for EgressError {
    fn from(source: RequestFault) -> Self {
        Self::InvalidRequest { source }
    }
}

impl EgressError {
    /// The error of a request to which an answer redirected, if one did. One that is not allowed names the URL that redirected there, since its
    /// connector never named the host.
    pub(super) fn after(mut self, redirected_by: &RedirectNote) -> Self {
        match &mut self {
            Self::Denied { redirect, .. }
            | Self::AddressDenied { redirect, .. }
            | Self::BeyondPolicy { redirect, .. }
            | Self::AddressBeyondPolicy { redirect, .. } => redirect.clone_from(redirected_by),
            _ => {}
        }
        self
    }

    /// The message for the guest: all causes, but no path of the host.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Credentials(error) => format!("{self}: {}", error.told()),
            Self::Failed { origin, .. } if report::is_refused_connection(self) => {
                format!("{}{}", report::chain(self), advice_if_local(origin))
            }
            other => report::chain(other),
        }
    }

    /// One word for log and metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Denied { .. } | Self::BeyondPolicy { .. } | Self::NoWasiHttp { .. } => "denied",
            Self::AddressDenied { .. } | Self::AddressBeyondPolicy { .. } => "address-denied",
            Self::InvalidRequest { .. } => "invalid",
            Self::Credentials(_) => "credentials",
            Self::RequestTooLarge { .. } => "request-too-large",
            Self::ResponseTooLarge { .. } => "too-large",
            Self::TooManyCalls { .. } => "too-many-calls",
            Self::TooManyBytes { .. } => "too-many-bytes",
            Self::OutOfMemory(_) => "out-of-memory",
            Self::QuotaSpent { .. } | Self::RateLimited { .. } | Self::OutOfService { .. } => {
                "unavailable"
            }
            Self::Timeout { .. } => "timeout",
            Self::Proxy { .. } => "proxy",
            Self::Unreadable { .. } | Self::Failed { .. } => "failed",
        }
    }
}

/// What to do if nothing listens at an origin of this machine: its API has not been started.
fn advice_if_local(origin: &str) -> &'static str {
    let url = Url::parse(origin).ok();
    let is_local = url.as_ref().is_some_and(|url| match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    });
    match url.and_then(|url| url.port()) {
        _ if !is_local => "",
        Some(DEMO_PORT) => {
            "; is the API running? `weld-host demo --api-listen 127.0.0.1:9090` starts the demo's"
        }
        _ => "; is the API running at this address?",
    }
}

/// What holds a call back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HoldCause {
    /// A quota without a call left, or a rate.
    Quota,
    /// Another call: its answer may describe a quota, or free a place among the calls at once.
    Answer,
}

impl HoldCause {
    fn message(self, budget: &str, wait: Duration) -> String {
        match self {
            Self::Quota => {
                format!(
                    "the quota `{budget}` has no call left for at least {}",
                    wait_text(wait)
                )
            }
            Self::Answer => format!(
                "the call waits for the answer to another call to `{budget}`: only one is sent until its quotas are \
                 known, and then no more at once than it accepts"
            ),
        }
    }
}

/// What the operator can do about a refused address.
fn address_remedy(address: IpAddr, special_use: &SpecialUse, file: &str) -> String {
    if !special_use.can_be_allowed() {
        return "no configuration can allow it".to_owned();
    }
    let bits = if address.is_ipv4() { 32 } else { 128 };
    format!("add \"{address}/{bits}\" to `allow-networks` under [network] in {file}")
}
