//! The messages between the host and a worker: one JSON object on each line, in UTF-8. Names are those of the contract
//! (`wit/connector.wit`).

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::egress::FetchFailure;

/// A call of one of the connector's functions. `environment` has the names and values of its variables.
#[derive(Debug, Serialize)]
#[serde(tag = "call", rename_all = "kebab-case")]
pub(super) enum WorkerCall<'c> {
    Schema {
        environment: &'c [(String, String)],
    },
    FetchPage {
        table: &'c str,
        /// A JSON object, as text.
        state: &'c str,
        environment: &'c [(String, String)],
    },
    /// The last call is over: the worker ends.
    End,
}

/// A line of a worker: a call of one of the host's functions, or the end of the current call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WorkerLine {
    /// `http-fetch`; needs an answer.
    HttpFetch(FetchLine),
    /// `sleep`, in milliseconds; needs an answer.
    Sleep(u32),
    /// `log`; has no answer.
    Log(LogLine),
    /// The call's result: tables or a page.
    Return(Box<RawValue>),
    /// The call's error.
    Raise(RaiseLine),
}

/// The contract's `http-request`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct FetchLine {
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: Vec<(String, String)>,
    #[serde(default)]
    pub(super) body: Option<LineBody>,
    /// In milliseconds.
    #[serde(default)]
    pub(super) timeout: Option<u32>,
    #[serde(default)]
    pub(super) idempotent: Option<bool>,
    #[serde(default)]
    pub(super) credential: Option<String>,
}

/// The contract's `body`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LineBody {
    Text(String),
    /// In base64, with padding.
    Bytes(String),
}

impl LineBody {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Bytes(STANDARD.encode(error.as_bytes())),
        }
    }

    /// # Errors
    ///
    /// `Bytes` are not base64.
    pub(super) fn into_bytes(self) -> Result<Vec<u8>, base64::DecodeError> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Bytes(text) => STANDARD.decode(text),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct LogLine {
    pub(super) level: LineLevel,
    pub(super) message: String,
}

/// The contract's `log-level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LineLevel {
    /// For the connector's author.
    Debug,
    /// What happened.
    Info,
    /// What may be wrong.
    Warn,
    /// What failed.
    Error,
}

/// The contract's `error`. `{"rate-limited": 1500}` has milliseconds, or null.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RaiseLine {
    UnknownTable,
    Misconfigured(String),
    InvalidState(String),
    Unauthorized(String),
    RateLimited(Option<u32>),
    Upstream(String),
    Other(String),
}

impl RaiseLine {
    /// This error with another message, if it has one.
    pub(super) fn map(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::UnknownTable | Self::RateLimited(_) => self,
            Self::Misconfigured(message) => Self::Misconfigured(change(message)),
            Self::InvalidState(message) => Self::InvalidState(change(message)),
            Self::Unauthorized(message) => Self::Unauthorized(change(message)),
            Self::Upstream(message) => Self::Upstream(change(message)),
            Self::Other(message) => Self::Other(change(message)),
        }
    }
}

/// The contract's `page`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PageLine {
    /// JSON, as text.
    pub(super) insert: String,
    /// JSON, as text.
    pub(super) state: String,
    pub(super) has_more: bool,
    /// In milliseconds.
    #[serde(default)]
    pub(super) wait: Option<u32>,
}

/// The contract's `table`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct TableLine {
    pub(super) name: String,
    #[serde(default)]
    pub(super) primary_key: Vec<String>,
    #[serde(default)]
    pub(super) fields: Vec<FieldLine>,
}

/// The contract's `field`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct FieldLine {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: TypeLine,
    /// JSON, as text.
    #[serde(default)]
    pub(super) default: Option<String>,
}

/// The contract's `field-type`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TypeLine {
    Named(String),
    /// JSON, as text.
    Described(String),
}

/// The answer to a call of one of the host's functions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum HostLine {
    Ok(HostValue),
    Error(HostRefusal),
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum HostValue {
    Nothing(()),
    Response(ResponseLine),
}

/// The contract's `http-response`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ResponseLine {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: LineBody,
    pub(super) url: String,
}

/// The contract's `http-error` and `out-of-time`. A case without a value has `null`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum HostRefusal {
    Denied(String),
    Invalid(String),
    Credentials(String),
    Timeout(()),
    TooLarge(()),
    OverLimit(String),
    Unavailable(Option<u32>),
    Failed(String),
    OutOfTime {
        /// In milliseconds.
        left: u32,
    },
}

impl From<FetchFailure> for HostRefusal {
    fn from(failure: FetchFailure) -> Self {
        match failure {
            FetchFailure::Denied(message) => Self::Denied(message),
            FetchFailure::Invalid(message) => Self::Invalid(message),
            FetchFailure::Credentials(message) => Self::Credentials(message),
            FetchFailure::Timeout => Self::Timeout(()),
            FetchFailure::TooLarge => Self::TooLarge(()),
            FetchFailure::OverLimit(message) => Self::OverLimit(message),
            FetchFailure::Unavailable(wait) => Self::Unavailable(wait),
            FetchFailure::Failed(message) => Self::Failed(message),
        }
    }
}
