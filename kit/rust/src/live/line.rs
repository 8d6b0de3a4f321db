//! The messages. Names are those of the contract, `wit/connector.wit`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::base64;
use crate::http::{Body, HttpError, Incoming, Outgoing};
use crate::milliseconds::{duration, milliseconds};
use crate::{Error, Field, Level, Page, Schema, Table};

/// A call of the host, with the connector's variables.
#[derive(Deserialize)]
#[serde(tag = "call", rename_all = "kebab-case")]
pub(super) enum Call {
    Schema {
        environment: Vec<(String, String)>,
    },
    FetchPage {
        table: String,
        state: String,
        environment: Vec<(String, String)>,
    },
    End,
}

/// A call of one of the host's functions, or the end of the host's call.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Line {
    HttpFetch(FetchLine),
    Sleep(u32),
    Log {
        level: &'static str,
        message: String,
    },
    Return(ReturnLine),
    Raise(RaiseLine),
}

impl Line {
    pub(super) fn log(level: Level, message: &str) -> Self {
        Self::Log {
            level: match level {
                Level::Debug => "debug",
                Level::Info => "info",
                Level::Warn => "warn",
                Level::Error => "error",
            },
            message: message.to_owned(),
        }
    }

    pub(super) fn of_schema(schema: Result<Schema, Error>) -> Self {
        match schema {
            Ok(schema) => Self::Return(ReturnLine::Tables(
                schema.tables.into_iter().map(TableLine::of).collect(),
            )),
            Err(error) => Self::Raise(RaiseLine::of(error)),
        }
    }

    pub(super) fn of_page(page: Result<Page, Error>) -> Self {
        match page {
            Ok(page) => Self::Return(ReturnLine::Page {
                insert: page.rows,
                state: page.state,
                has_more: page.more,
                wait: page.wait.map(milliseconds),
            }),
            Err(error) => Self::Raise(RaiseLine::of(error)),
        }
    }
}

#[derive(Serialize)]
pub(super) struct FetchLine {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<BodyLine>,
    timeout: Option<u32>,
    idempotent: Option<bool>,
    credential: Option<String>,
}

impl FetchLine {
    pub(super) fn of(request: &Outgoing) -> Self {
        let request = request.clone();
        Self {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body.map(BodyLine::of),
            timeout: request.timeout.map(milliseconds),
            idempotent: request.idempotent,
            credential: request.credential,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BodyLine {
    Text(String),
    /// In base64.
    Bytes(String),
}

impl BodyLine {
    fn of(body: Body) -> Self {
        match body {
            Body::Text(text) => Self::Text(text),
            Body::Bytes(bytes) => Self::Bytes(base64::encode(&bytes)),
        }
    }

    /// `None` if it is not base64.
    fn into_body(self) -> Option<Body> {
        match self {
            Self::Text(text) => Some(Body::Text(text)),
            Self::Bytes(text) => base64::decode(&text).map(Body::Bytes),
        }
    }
}

/// The answer to a call of the host's function `http-fetch`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FetchAnswer {
    Ok(ResponseLine),
    Error(HttpErrorLine),
}

impl FetchAnswer {
    pub(super) fn into_result(self) -> Result<Incoming, HttpError> {
        match self {
            Self::Ok(response) => Ok(Incoming {
                status: response.status,
                headers: response.headers,
                body: response
                    .body
                    .into_body()
                    .ok_or_else(|| HttpError::Failed("the host sent no base64".to_owned()))?,
                url: response.url,
            }),
            Self::Error(error) => Err(error.into_error()),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ResponseLine {
    status: u16,
    headers: Vec<(String, String)>,
    body: BodyLine,
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum HttpErrorLine {
    Denied(String),
    Invalid(String),
    Credentials(String),
    Timeout,
    TooLarge,
    OverLimit(String),
    Unavailable(Option<u32>),
    Failed(String),
}

impl HttpErrorLine {
    fn into_error(self) -> HttpError {
        match self {
            Self::Denied(message) => HttpError::Denied(message),
            Self::Invalid(message) => HttpError::Invalid(message),
            Self::Credentials(message) => HttpError::Credentials(message),
            Self::Timeout => HttpError::Timeout,
            Self::TooLarge => HttpError::TooLarge,
            Self::OverLimit(message) => HttpError::OverLimit(message),
            Self::Unavailable(wait) => HttpError::Unavailable(wait.map(duration)),
            Self::Failed(message) => HttpError::Failed(message),
        }
    }
}

/// The answer to a call of the host's function `sleep`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SleepAnswer {
    Ok(()),
    Error(SleepErrorLine),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SleepErrorLine {
    OutOfTime { left: u32 },
}

impl SleepErrorLine {
    pub(super) fn left(&self) -> Duration {
        let Self::OutOfTime { left } = self;
        duration(*left)
    }
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ReturnLine {
    Tables(Vec<TableLine>),
    #[serde(rename_all = "kebab-case")]
    Page {
        insert: String,
        state: String,
        has_more: bool,
        wait: Option<u32>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct TableLine {
    name: String,
    primary_key: Vec<String>,
    fields: Vec<FieldLine>,
}

impl TableLine {
    fn of(table: Table) -> Self {
        Self {
            name: table.name,
            primary_key: table.key,
            fields: table.fields.into_iter().map(FieldLine::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct FieldLine {
    name: String,
    r#type: TypeLine,
    default: Option<String>,
}

impl FieldLine {
    fn of(field: Field) -> Self {
        Self {
            r#type: match field.nullable_type() {
                Some(described) => TypeLine::Described(described),
                None => TypeLine::Named(field.kind.name()),
            },
            name: field.name,
            default: field.default,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum TypeLine {
    Named(&'static str),
    Described(String),
}

#[derive(Serialize)]
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
    fn of(error: Error) -> Self {
        match error {
            Error::UnknownTable => Self::UnknownTable,
            Error::Misconfigured(message) => Self::Misconfigured(message),
            Error::InvalidState(message) => Self::InvalidState(message),
            Error::Unauthorized(message) => Self::Unauthorized(message),
            Error::RateLimited(wait) => Self::RateLimited(wait.map(milliseconds)),
            Error::Upstream(message) => Self::Upstream(message),
            Error::Other(message) => Self::Other(message),
        }
    }
}
