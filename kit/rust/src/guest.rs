//! The component's side: the contract's bindings, and the conversions between their types and the kit's.

use std::time::{Duration, SystemTime};

use bindings::exports::weld::connector::source;
use bindings::weld::connector::host;

use crate::http::{Body, HttpError, Incoming, Outgoing};
use crate::imports::Imports;
use crate::milliseconds::{duration, milliseconds};
use crate::{Connector, Error, Field, Host, Level, OutOfTime, Page, PageRequest, Table, Time};

pub use source::Guest;

/// The bindings that wit-bindgen generates from the contract, and the macro that exports them.
#[allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
pub mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "connector", pub_export_macro: true });
}

/// Implements the export `schema` for a connector.
pub fn schema<C: Connector>() -> Result<Vec<source::Table>, source::Error> {
    let schema = C::schema(&Host::new(RealHost)).map_err(error)?;
    Ok(schema.tables.into_iter().map(table).collect())
}

/// Implements the export `fetch-page` for a connector.
pub fn fetch_page<C: Connector>(
    table: String,
    state: String,
) -> Result<source::Page, source::Error> {
    let request = PageRequest::new(table, state);
    let page = C::fetch_page(&Host::new(RealHost), &request).map_err(error)?;
    Ok(page_out(page))
}

fn page_out(page: Page) -> source::Page {
    source::Page {
        insert: page.rows,
        state: page.state,
        has_more: page.more,
        wait: page.wait.map(milliseconds),
    }
}

fn table(table: Table) -> source::Table {
    source::Table {
        name: table.name,
        primary_key: table.key,
        fields: table.fields.into_iter().map(field).collect(),
    }
}

fn field(field: Field) -> source::Field {
    source::Field {
        type_: match field.nullable_type() {
            Some(described) => source::FieldType::Described(described),
            None => source::FieldType::Named(field.kind.name().to_owned()),
        },
        name: field.name,
        default: field.default,
    }
}

fn error(error: Error) -> source::Error {
    match error {
        Error::UnknownTable => source::Error::UnknownTable,
        Error::Misconfigured(message) => source::Error::Misconfigured(message),
        Error::InvalidState(message) => source::Error::InvalidState(message),
        Error::Unauthorized(message) => source::Error::Unauthorized(message),
        Error::RateLimited(wait) => source::Error::RateLimited(wait.map(milliseconds)),
        Error::Upstream(message) => source::Error::Upstream(message),
        Error::Other(message) => source::Error::Other(message),
    }
}

struct RealHost;

impl Imports for RealHost {
    fn fetch(&self, request: &Outgoing) -> Result<Incoming, HttpError> {
        let request = request.clone();
        let response = host::http_fetch(&host::HttpRequest {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body.map(|body| match body {
                Body::Text(text) => host::Body::Text(text),
                Body::Bytes(bytes) => host::Body::Bytes(bytes),
            }),
            timeout: request.timeout.map(milliseconds),
            idempotent: request.idempotent,
            credential: request.credential,
        });
        let response = response.map_err(|cause| match cause {
            host::HttpError::Denied(message) => HttpError::Denied(message),
            host::HttpError::Invalid(message) => HttpError::Invalid(message),
            host::HttpError::Credentials(message) => HttpError::Credentials(message),
            host::HttpError::Timeout => HttpError::Timeout,
            host::HttpError::TooLarge => HttpError::TooLarge,
            host::HttpError::OverLimit(message) => HttpError::OverLimit(message),
            host::HttpError::Unavailable(wait) => HttpError::Unavailable(wait.map(duration)),
            host::HttpError::Failed(message) => HttpError::Failed(message),
        })?;
        Ok(Incoming {
            status: response.status,
            headers: response.headers,
            body: match response.body {
                host::Body::Text(text) => Body::Text(text),
                host::Body::Bytes(bytes) => Body::Bytes(bytes),
            },
            url: response.url,
        })
    }

    fn sleep(&self, time: Duration) -> Result<(), OutOfTime> {
        host::sleep(milliseconds(time)).map_err(|cause| OutOfTime {
            left: duration(cause.left),
        })
    }

    fn environment(&self) -> Vec<(String, String)> {
        host::environment()
    }

    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => host::LogLevel::Debug,
            Level::Info => host::LogLevel::Info,
            Level::Warn => host::LogLevel::Warn,
            Level::Error => host::LogLevel::Error,
        };
        host::log(level, message);
    }

    fn now(&self) -> Time {
        SystemTime::now().into()
    }
}
