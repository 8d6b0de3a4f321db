//! Sends single requests to a connector, as Weld does.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::{Client as HttpClient, Error as HttpError};
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde_json::value::RawValue;
use weld_protocol::{
    PENDING_HEADER, PageAnswer, Pending, Table, WAITS_FOR_HEADER, read_error, read_page,
    read_schema,
};

use super::body::{self, AnswerBodyFault};
use super::connect::TimedConnector;
use super::error::SyncError;
use super::names::ServerName;
use super::options::ClientOptions;
use super::urls::{ConnectorUrls, RequestUrl};
use super::{refusal, retry};
use crate::config::Secret;

/// How many bytes of an error's body are read.
const MAX_ERROR_BYTES: usize = 1024 * 1024;

/// A client for a connector.
#[derive(Debug)]
pub struct ConnectorClient {
    http: HttpClient<TimedConnector, Full<Bytes>>,
    urls: ConnectorUrls,
    authorization: Option<HeaderValue>,
    options: ClientOptions,
}

/// A page, or a pending answer.
#[derive(Debug)]
pub struct PageReply {
    /// The answer.
    pub page: PageAnswer,
    /// Why the page is not ready; `None` if it is. A pending answer has no rows, and the state of its request.
    pub pending: Option<Pending>,
    /// The host's description of what the page waits for, and until when.
    pub waits_for: Option<String>,
    /// How long to wait before the next request, if the server says so.
    pub retry_after: Option<Duration>,
    /// The size of the answer in bytes, decompressed.
    pub bytes: usize,
}

#[derive(Serialize)]
struct PageBody<'a> {
    name: &'a str,
    state: &'a RawValue,
}

impl ConnectorClient {
    /// A client for the connector at `base`, such as `http://127.0.0.1:8080/beers`, with the default options.
    ///
    /// # Errors
    ///
    /// [`SyncError`]: `Url`, `UrlCredentials`, `Key` or `Tls`.
    pub fn new(base: &str, key: Option<&Secret>) -> Result<Self, SyncError> {
        Self::with_options(base, key, ClientOptions::default())
    }

    /// Like [`new`](Self::new), with the given options.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_options(
        base: &str,
        key: Option<&Secret>,
        options: ClientOptions,
    ) -> Result<Self, SyncError> {
        let urls = ConnectorUrls::parse(base, options.component.is_some())?;
        let authorization = key
            .map(|key| HeaderValue::try_from(format!("Bearer {}", key.expose())))
            .transpose()
            .map_err(|_| SyncError::Key)?
            .map(|mut value| {
                // Kept out of debug output.
                value.set_sensitive(true);
                value
            });
        let connector = TimedConnector::new(options.connect_timeout)?;
        Ok(Self {
            http: HttpClient::builder(TokioExecutor::new()).build(connector),
            urls,
            authorization,
            options,
        })
    }

    /// The client's options.
    #[must_use]
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Requests the schema and returns its tables.
    ///
    /// # Errors
    ///
    /// [`SyncError`]: `Transfer`, `Closed`, `TimedOut`, `TooLarge`, `Encoding`, `Unauthorized`, `Refused` or `Answer`.
    pub async fn schema(&self) -> Result<Vec<Table>, SyncError> {
        let url = &self.urls.schema;
        let (_, body) = self.send(Method::GET, url, Bytes::new()).await?;
        read_schema(&body).map_err(|source| SyncError::Answer {
            server: url.server.clone(),
            expected: "schema",
            source,
        })
    }

    /// Requests the page of `table` that follows `state`.
    ///
    /// # Errors
    ///
    /// As for [`schema`](Self::schema).
    pub async fn page(&self, table: &str, state: &RawValue) -> Result<PageReply, SyncError> {
        let url = &self.urls.page;
        let request = PageBody { name: table, state };
        let request = serde_json::to_vec(&request).map_err(|error| SyncError::Transfer {
            server: url.server.clone(),
            source: error.into(),
        })?;
        let (headers, body) = self.send(Method::POST, url, request.into()).await?;
        let page = read_page(&body).map_err(|source| SyncError::Answer {
            server: url.server.clone(),
            expected: "page",
            source,
        })?;
        let pending = headers
            .get(PENDING_HEADER)
            // An unknown reason, from a newer host, is also a reason to wait.
            .map(|value| {
                let known = value.to_str().ok().and_then(Pending::parse);
                known.unwrap_or(Pending::Waiting)
            })
            // An answer with rows is a page, regardless of the header, so that no rows are lost.
            .filter(|_| page.insert.is_empty());
        let waits_for = headers
            .get(WAITS_FOR_HEADER)
            .filter(|_| pending.is_some())
            .and_then(|value| Some(value.to_str().ok()?.to_owned()));
        Ok(PageReply {
            page,
            pending,
            waits_for,
            retry_after: retry::retry_after(&headers, SystemTime::now()),
            bytes: body.len(),
        })
    }

    async fn send(
        &self,
        method: Method,
        url: &RequestUrl,
        body: Bytes,
    ) -> Result<(HeaderMap, Bytes), SyncError> {
        let limit = self.options.answer_timeout;
        tokio::time::timeout(limit, self.exchange(method, url, body))
            .await
            .map_err(|_| SyncError::TimedOut {
                server: url.server.clone(),
                limit,
            })?
    }

    async fn exchange(
        &self,
        method: Method,
        url: &RequestUrl,
        body: Bytes,
    ) -> Result<(HeaderMap, Bytes), SyncError> {
        let server = || url.server.clone();
        let mut request = Request::builder()
            .method(method)
            .uri(url.uri.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_ENCODING, "gzip")
            .body(Full::new(body))
            .map_err(|error| SyncError::Transfer {
                server: server(),
                source: error.into(),
            })?;
        if let Some(authorization) = &self.authorization {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, authorization.clone());
        }
        let response = self
            .http
            .request(request)
            .await
            .map_err(|error| transfer_failed(error, server()))?;
        let (head, body) = response.into_parts();
        let max_bytes = self.options.max_answer_bytes;
        if head.status != StatusCode::OK {
            // An unreadable body must not hide the status.
            let body = body::read(&head.headers, body, max_bytes.min(MAX_ERROR_BYTES))
                .await
                .unwrap_or_default();
            return Err(self.refusal(head.status, &head.headers, &body, server()));
        }
        let body =
            body::read(&head.headers, body, max_bytes)
                .await
                .map_err(|error| match error {
                    AnswerBodyFault::TooLarge => SyncError::TooLarge {
                        server: server(),
                        max_bytes,
                    },
                    AnswerBodyFault::Transfer(_) => SyncError::Transfer {
                        server: server(),
                        source: error.into(),
                    },
                    AnswerBodyFault::Encoding(_) | AnswerBodyFault::Gzip(_) => {
                        SyncError::Encoding {
                            server: server(),
                            source: error.into(),
                        }
                    }
                })?;
        Ok((head.headers, body))
    }

    fn refusal(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        server: ServerName,
    ) -> SyncError {
        let message = refusal::message(headers, body);
        if status == StatusCode::UNAUTHORIZED {
            return SyncError::Unauthorized {
                server,
                key: self.authorization.as_ref().map(|_| self.options.key_source),
                message,
            };
        }
        let error = read_error(body);
        SyncError::Refused {
            server,
            status: status.as_u16(),
            kind: error.as_ref().map(|error| error.kind),
            temporary: error.and_then(|error| error.temporary),
            message,
            retry_after: retry::retry_after(headers, SystemTime::now()),
        }
    }
}

fn transfer_failed(error: HttpError, server: ServerName) -> SyncError {
    let closed = std::error::Error::source(&error)
        .and_then(|source| source.downcast_ref::<hyper::Error>())
        .is_some_and(hyper::Error::is_incomplete_message);
    if closed {
        SyncError::Closed { server }
    } else {
        SyncError::Transfer {
            server,
            source: error.into(),
        }
    }
}
