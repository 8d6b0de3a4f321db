//! The one way to the network: may this URL be called, then call it, within the connector's caps.
//!
//! Here belong the allow rules' enforcement, dialling, TLS, and the sizes and times of an exchange. Guests do not:
//! this room knows requests and responses as plain values.
//!
//! Uses no other room; `config` gives it the parsed rules.

mod body;
mod dial;
mod error;
mod headers;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tokio::time::Instant;
use url::Url;

use crate::config::{AllowList, ConnectorConfig};
use dial::Client;
pub(crate) use dial::Tls;
pub(crate) use error::EgressError;

/// A request as a guest makes it.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    /// Empty for none.
    pub(crate) body: Vec<u8>,
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case; values that are not UTF-8 read as ISO 8859-1.
    pub(crate) headers: Vec<(String, String)>,
    /// Decompressed.
    pub(crate) body: Vec<u8>,
    /// The URL that answered.
    pub(crate) url: String,
}

/// One connector's access to the network. Its connections are its own: no other connector's requests ride on them.
pub(crate) struct Egress {
    allow: AllowList,
    /// The file that a refusal's message sends the operator to.
    config_file: String,
    client: Client,
    max_request_bytes: u64,
    max_response_bytes: u64,
}

impl Egress {
    pub(crate) fn new(config: &ConnectorConfig, config_file: String, tls: &Tls) -> Self {
        Self {
            allow: config.network.allow.clone(),
            config_file,
            client: dial::client(tls),
            max_request_bytes: config.limits.max_request_bytes,
            max_response_bytes: config.limits.max_response_bytes,
        }
    }

    /// Sends one request and reads the whole response before `deadline`. Redirects are responses like any other.
    ///
    /// # Errors
    ///
    /// [`EgressError`]; nothing was sent where it is `Denied`, `InvalidRequest` or `RequestTooLarge`.
    pub(crate) async fn fetch(
        &self,
        request: Request,
        deadline: Instant,
    ) -> Result<Response, EgressError> {
        let url = headers::url(&request.url)?;
        self.check(&request, &url)?;
        let outgoing = headers::build(request, &url)?;
        let exchange = self.exchange(outgoing, &url);
        tokio::time::timeout_at(deadline, exchange)
            .await
            .map_err(|_| EgressError::Timeout)?
    }

    fn check(&self, request: &Request, url: &Url) -> Result<(), EgressError> {
        if !self.allow.permits(&request.method, url) {
            return Err(EgressError::Denied {
                origin: url.origin().ascii_serialization(),
                rule: self.allow.suggestion(&request.method, url),
                file: self.config_file.clone(),
            });
        }
        if request.body.len() as u64 > self.max_request_bytes {
            return Err(EgressError::RequestTooLarge {
                bytes: request.body.len(),
                limit_bytes: self.max_request_bytes,
            });
        }
        Ok(())
    }

    async fn exchange(
        &self,
        outgoing: http::Request<Full<Bytes>>,
        url: &Url,
    ) -> Result<Response, EgressError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| EgressError::Failed {
            origin: url.origin().ascii_serialization(),
            source,
        };
        let response = self
            .client
            .request(outgoing)
            .await
            .map_err(|error| failed(error.into()))?;
        let (head, incoming) = response.into_parts();
        let incoming = incoming.map_err(failed_transfer);
        let body = body::read(incoming, &head.headers, self.max_response_bytes)
            .await
            .map_err(|error| match error {
                body::BodyError::TooLarge => EgressError::ResponseTooLarge {
                    limit_bytes: self.max_response_bytes,
                },
                body::BodyError::Transfer(source) => failed(source),
            })?;
        Ok(Response {
            status: head.status.as_u16(),
            headers: headers::read(&head.headers),
            body,
            url: url.to_string(),
        })
    }
}

fn failed_transfer(error: hyper::Error) -> Box<dyn std::error::Error + Send + Sync> {
    error.into()
}
