//! What clients read of each error: kind, status, headers and message.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::DecodeError;
use http::HeaderMap;
use weld_protocol::{JsonKind, PageError, PageRequest, RequestError, SchemaError, WaitingError};

use super::super::answer_limit::AnswerTooLarge;
use super::ApiError;
use super::temporary::is_temporary;
use crate::account::MemoryError;
use crate::attempts::TooManyAttempts;
use crate::connectors::ConnectorError;
use crate::encoding::UnknownEncoding;
use crate::pages::PagesError;
use crate::report;
use crate::samples::{messages, samples};

fn memory() -> Vec<MemoryError> {
    samples!(MemoryError:
        MemoryError::Connector(_) => MemoryError::Connector(64 << 20),
        MemoryError::Total(_) => MemoryError::Total(1 << 30),
    )
}

fn requests() -> Vec<RequestError> {
    let found = JsonKind::Array;
    let malformed = PageRequest::parse(b"{").err();
    samples!(RequestError:
        RequestError::Empty => RequestError::Empty,
        RequestError::NotUtf8 { .. } => RequestError::NotUtf8 { offset: 7 },
        RequestError::NotJson(_) => malformed.clone().unwrap(),
        RequestError::NotAnObject { .. } => RequestError::NotAnObject { found },
        RequestError::NoName => RequestError::NoName,
        RequestError::NameNotAString { .. } => RequestError::NameNotAString { found },
        RequestError::EmptyName => RequestError::EmptyName,
        RequestError::NameTooLong { .. } => RequestError::NameTooLong { bytes: 2_000 },
        RequestError::NameNotUnicode => RequestError::NameNotUnicode,
        RequestError::StateNotAnObject { .. } => RequestError::StateNotAnObject { found },
        RequestError::ReservedKey(_) => RequestError::ReservedKey(WaitingError::NotAnObject { found }),
    )
}

fn pages() -> Vec<PagesError> {
    let limit_bytes = 4 << 20;
    let retry_after = Duration::from_secs(7_200);
    let page = || PageError::InsertNotAnArray {
        found: JsonKind::Object,
    };
    let schema = || SchemaError::TableTwice {
        table: "beers".to_owned(),
    };
    let connectors = ConnectorError::samples()
        .into_iter()
        .map(PagesError::Connector);
    let others = samples!(PagesError:
        PagesError::Connector(_) => PagesError::Connector(ConnectorError::None),
        PagesError::InvalidPage(_) => PagesError::InvalidPage(page()),
        PagesError::SecretInState => PagesError::SecretInState,
        PagesError::ReplacedTooLarge { .. } => PagesError::ReplacedTooLarge { limit_bytes },
        PagesError::OutOfMemory(_) => PagesError::OutOfMemory(MemoryError::Total(1 << 30)),
        PagesError::SchemaTooLarge { .. } => PagesError::SchemaTooLarge { limit_bytes },
        PagesError::InvalidSchema(_) => PagesError::InvalidSchema(schema()),
        PagesError::UnreadableSchema { .. } => PagesError::UnreadableSchema { source: "the reason".into() },
        PagesError::Stuck { .. } => PagesError::Stuck { pages: 10 },
        PagesError::RateLimited { .. } => PagesError::RateLimited { retry_after },
        PagesError::SchemaRateLimited { .. } => PagesError::SchemaRateLimited { retry_after },
        PagesError::SchemaTimeout { .. } => PagesError::SchemaTimeout { limit: Duration::from_secs(55) },
        PagesError::SchemaInvocationTimeout { .. } => PagesError::SchemaInvocationTimeout {
            limit: Duration::from_secs(28),
        },
        PagesError::Superseded => PagesError::Superseded,
        PagesError::Crashed => PagesError::Crashed,
    );
    others.into_iter().chain(connectors).collect()
}

fn all() -> Vec<ApiError> {
    let broken = || io::Error::new(io::ErrorKind::InvalidInput, "corrupt deflate stream");
    let others = samples!(ApiError:
        ApiError::Unauthorized => ApiError::Unauthorized,
        ApiError::TooManyAttempts(_) => ApiError::TooManyAttempts(TooManyAttempts {
            retry_after: Duration::from_millis(5_400),
            mention: None,
        }),
        ApiError::UnjudgedKey { .. } => ApiError::UnjudgedKey { failure: ConnectorError::Loading, mention: None },
        ApiError::ForeignHost => ApiError::ForeignHost,
        ApiError::ForeignOrigin => ApiError::ForeignOrigin,
        ApiError::SeveralHosts(_) => ApiError::SeveralHosts(2),
        ApiError::NoPlace { .. } => ApiError::NoPlace { most: 768 },
        ApiError::ClientGone => ApiError::ClientGone,
        ApiError::NotFound => ApiError::NotFound,
        ApiError::HeadersTooLarge { .. } => ApiError::HeadersTooLarge { limit_bytes: 64 << 10 },
        ApiError::Unreadable(_) => ApiError::Unreadable("invalid HTTP method parsed".to_owned()),
        ApiError::NotEncrypted => ApiError::NotEncrypted,
        ApiError::MethodNotAllowed => ApiError::MethodNotAllowed,
        ApiError::ProbeMethod => ApiError::ProbeMethod,
        ApiError::BodyTooLarge { .. } => ApiError::BodyTooLarge { limit_bytes: 8 << 20 },
        ApiError::BodyTimeout { .. } => ApiError::BodyTimeout { limit: Duration::from_secs(30) },
        ApiError::BodyCut(_) => ApiError::BodyCut("connection closed before message completed".into()),
        ApiError::BrokenGzip(_) => ApiError::BrokenGzip(broken()),
        ApiError::BrokenBase64(_) => ApiError::BrokenBase64(DecodeError::InvalidByte(7, b'!')),
        ApiError::AnswerTooLarge(_) => ApiError::AnswerTooLarge(AnswerTooLarge {
            bytes: 7 << 20,
            limit_bytes: 6 << 20,
            platform: "AWS Lambda",
        }),
        ApiError::InvocationTimeout { .. } => ApiError::InvocationTimeout { limit: Duration::from_secs(28) },
        ApiError::InvocationOver { .. } => ApiError::InvocationOver { late: Duration::from_secs(3) },
        ApiError::Encoding(_) => ApiError::Encoding(UnknownEncoding("br".to_owned())),
        ApiError::Request(_) => ApiError::Request(RequestError::Empty),
        ApiError::Page(_) => ApiError::Page(Arc::new(PagesError::Crashed)),
        ApiError::OutOfMemory(_) => ApiError::OutOfMemory(MemoryError::Total(1 << 30)),
        ApiError::NoHeadMemory => ApiError::NoHeadMemory,
        ApiError::Panicked => ApiError::Panicked,
    );
    let memory = memory().into_iter().map(ApiError::OutOfMemory);
    let pages = pages()
        .into_iter()
        .map(|error| ApiError::Page(Arc::new(error)));
    others.into_iter().chain(memory).chain(pages).collect()
}

/// `503 busy, temporary, retry-after: 2`, and the message below it.
fn answered(error: &ApiError) -> String {
    let mut headers = HeaderMap::new();
    error.add_headers(&mut headers);
    let headers = headers
        .iter()
        .map(|(name, value)| format!(", {name}: {}", value.to_str().unwrap()));
    let headers: String = headers.collect();
    let (status, kind) = (error.status().as_u16(), error.kind().as_str());
    let temporary = if is_temporary(error) {
        ", temporary"
    } else {
        ""
    };
    format!(
        "{status} {kind}{temporary}{headers}\n    {}",
        report::chain(error)
    )
}

#[test]
fn clients_read_these_errors() {
    let mut seen = BTreeSet::new();
    let answered = all().into_iter().map(|error| answered(&error));
    let answered: Vec<_> = answered.filter(|text| seen.insert(text.clone())).collect();
    insta::assert_snapshot!(answered.join("\n"));
}

#[test]
fn requests_are_refused_with_these_messages() {
    insta::assert_snapshot!(messages(&requests()));
}
