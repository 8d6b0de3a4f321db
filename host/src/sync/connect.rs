//! Connections with a time limit.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::error::{BoxError, SyncError};
use crate::config::duration_text;

/// Resolves the name, connects and sets up TLS, all within one time limit. The timeout of [`HttpConnector`] covers only
/// TCP, and starts over for each address.
#[derive(Debug, Clone)]
pub(super) struct TimedConnector {
    inner: HttpsConnector<HttpConnector>,
    limit: Duration,
}

impl TimedConnector {
    /// # Errors
    ///
    /// [`SyncError::Tls`].
    pub(super) fn new(limit: Duration) -> Result<Self, SyncError> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        let inner = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| SyncError::Tls(error.into()))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Ok(Self { inner, limit })
    }
}

impl Service<Uri> for TimedConnector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        let limit = self.limit;
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected,
                Err(_) => Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("no connection within {}", duration_text(limit)),
                )
                .into()),
            }
        })
    }
}
