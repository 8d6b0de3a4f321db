//! The HTTP client for the collector.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

use super::answer::{CollectorAnswer, ExportFault, retry_after};
use super::route::CollectorRoute;
use crate::config::{ProxyConfig, TraceConfig};

/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// The certificates for the collector can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TraceClientError {
    /// One of them is not valid for its purpose.
    #[error(
        "the certificates for the collector of traces can't be used (OTEL_EXPORTER_OTLP_CERTIFICATE and those of the client)"
    )]
    Tls(#[from] rustls::Error),
    /// The endpoint can't be requested.
    #[error("the collector's URL {0} can't be requested: write another one in --otlp")]
    Url(String),
}

/// The HTTP client for the collector. It follows no redirects, which could carry its headers elsewhere.
#[derive(Debug)]
pub(super) struct CollectorClient {
    client: Client<HttpsConnector<CollectorRoute>, Full<Bytes>>,
    uri: Uri,
    headers: HeaderMap,
    compression: bool,
    timeout: Duration,
}

impl CollectorClient {
    pub(super) fn new(
        config: &TraceConfig,
        proxies: &ProxyConfig,
    ) -> Result<Self, TraceClientError> {
        let route = CollectorRoute::new(config.endpoint.url(), proxies)
            .ok_or_else(|| TraceClientError::Url(config.endpoint.to_string()))?;
        if let Some(proxy) = route.proxy() {
            let endpoint = config.endpoint.to_string();
            tracing::info!(
                endpoint,
                proxy,
                "traces are sent to the collector through a proxy"
            );
        }
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(config)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(route.clone());
        let uri = Uri::try_from(config.endpoint.url().as_str())
            .map_err(|_| TraceClientError::Url(config.endpoint.to_string()))?;
        let mut headers = HeaderMap::new();
        headers.insert(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("weld-host/", env!("CARGO_PKG_VERSION"))),
        );
        if config.compression {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Some(authorization) = route.authorization() {
            headers.insert(header::PROXY_AUTHORIZATION, authorization);
        }
        for (name, value) in &config.headers {
            headers.insert(HeaderName::clone(name), value.clone());
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-protobuf"),
        );
        Ok(Self {
            client: Client::builder(TokioExecutor::new())
                .pool_max_idle_per_host(1)
                .build(connector),
            uri,
            headers,
            compression: config.compression,
            timeout: config.batch.timeout,
        })
    }

    /// Whether bodies are compressed with gzip.
    pub(super) fn compression(&self) -> bool {
        self.compression
    }

    /// Sends one batch once.
    ///
    /// # Errors
    ///
    /// [`ExportFault`].
    pub(super) async fn send(&self, body: Bytes) -> Result<CollectorAnswer, ExportFault> {
        let sent = timeout(self.timeout, self.exchange(body)).await;
        sent.unwrap_or(Err(ExportFault::Timeout(self.timeout)))
    }

    async fn exchange(&self, body: Bytes) -> Result<CollectorAnswer, ExportFault> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        let response = self.client.request(request).await;
        let response = response.map_err(ExportFault::Connection)?;
        let status = response.status();
        if !status.is_success() {
            return Err(ExportFault::Status {
                status,
                retry_after: retry_after(response.headers()),
            });
        }
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES);
        let body = body.collect().await.map_err(ExportFault::Body)?;
        Ok(CollectorAnswer::read(&body.to_bytes()))
    }
}

/// Mozilla's authorities or the configured ones, and the one crypto provider, ring.
fn tls(config: &TraceConfig) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for root in &config.roots {
        roots.add(root.clone())?;
    }
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    match &config.identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => {
            builder.with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
        }
    }
}
