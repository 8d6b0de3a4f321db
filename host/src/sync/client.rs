//! One request at a time, as Weld makes them.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde_json::value::RawValue;
use weld_protocol::{
    PENDING_HEADER, PageAnswer, Pending, Table, read_error, read_page, read_schema,
};

use super::error::SyncError;
use crate::config::Secret;

/// How much of a body that isn't the protocol's stands in an error.
const EXCERPT_CHARACTERS: usize = 300;

/// A connector's client.
#[derive(Debug)]
pub struct Client {
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Without a slash at its end.
    base: String,
    authorization: Option<HeaderValue>,
}

/// A page, or an answer that stands for one to come.
#[derive(Debug)]
pub struct PageReply {
    /// What was answered.
    pub page: PageAnswer,
    /// Where the page is not ready: why. The page then has no rows and the request's own state.
    pub pending: Option<Pending>,
    /// The length of the answer.
    pub bytes: usize,
}

#[derive(Serialize)]
struct PageBody<'a> {
    name: &'a str,
    state: &'a RawValue,
}

impl Client {
    /// A client of the connector at `base`, such as `http://127.0.0.1:8080/beers`.
    ///
    /// # Errors
    ///
    /// [`SyncError`]: `Url`, `Key` or `Tls`.
    pub fn new(base: &str, key: Option<&Secret>) -> Result<Self, SyncError> {
        let base = base.trim_end_matches('/').to_owned();
        let known = base.parse::<Uri>().is_ok_and(|uri| {
            uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
        });
        if !known {
            return Err(SyncError::Url(base));
        }
        let authorization = key
            .map(|key| HeaderValue::try_from(format!("Bearer {}", key.expose())))
            .transpose()
            .map_err(|_| SyncError::Key)?
            .map(|mut value| {
                // Kept out of debug output.
                value.set_sensitive(true);
                value
            });
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| SyncError::Tls(error.into()))?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            http: HttpClient::builder(TokioExecutor::new()).build(connector),
            base,
            authorization,
        })
    }

    /// Asks for the tables.
    ///
    /// # Errors
    ///
    /// [`SyncError`]: `Transfer`, `Refused` or `Answer`.
    pub async fn schema(&self) -> Result<Vec<Table>, SyncError> {
        let url = format!("{}/schema", self.base);
        let (_, body) = self.send(Method::GET, &url, Bytes::new()).await?;
        read_schema(&body).map_err(|source| SyncError::Answer {
            url,
            expected: "schema",
            source,
        })
    }

    /// Asks for the page of `table` that comes after `state`.
    ///
    /// # Errors
    ///
    /// [`SyncError`]: `Transfer`, `Refused` or `Answer`.
    pub async fn page(&self, table: &str, state: &RawValue) -> Result<PageReply, SyncError> {
        let url = format!("{}/", self.base);
        let request = PageBody { name: table, state };
        let request = serde_json::to_vec(&request).map_err(|error| SyncError::Transfer {
            url: url.clone(),
            source: error.into(),
        })?;
        let (headers, body) = self.send(Method::POST, &url, request.into()).await?;
        let page = read_page(&body).map_err(|source| SyncError::Answer {
            url,
            expected: "page",
            source,
        })?;
        let pending = headers
            .get(PENDING_HEADER)
            .and_then(|value| value.to_str().ok())
            .and_then(Pending::parse);
        Ok(PageReply {
            page,
            pending,
            bytes: body.len(),
        })
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        body: Bytes,
    ) -> Result<(HeaderMap, Bytes), SyncError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| SyncError::Transfer {
            url: url.to_owned(),
            source,
        };
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| failed(error.into()))?;
        if let Some(authorization) = &self.authorization {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, authorization.clone());
        }
        let response = self
            .http
            .request(request)
            .await
            .map_err(|error| failed(error.into()))?;
        let (head, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| failed(error.into()))?
            .to_bytes();
        if head.status != StatusCode::OK {
            return Err(SyncError::Refused {
                url: url.to_owned(),
                status: head.status.as_u16(),
                message: message(&body),
            });
        }
        Ok((head.headers, body))
    }
}

fn message(body: &[u8]) -> String {
    read_error(body).map_or_else(
        || {
            String::from_utf8_lossy(body)
                .chars()
                .take(EXCERPT_CHARACTERS)
                .collect()
        },
        |error| error.message,
    )
}
