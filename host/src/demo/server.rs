//! The server of the demo API.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use super::access::{ApiAccess, admit};
use super::endpoints::{self, Catalog};
use super::error::DemoError;
use super::fixed_window::FixedWindow;

/// At this scale, the newest order is from the year 2023, so all times are in the past.
pub(super) const MAX_SCALE: u32 = 10_000;

/// The configuration of the demo API.
#[derive(Clone, Debug)]
pub struct DemoConfig {
    /// Multiplies the rows of every table: 1 to 10,000.
    pub scale: u32,
    /// The token that the API requires.
    pub token: String,
    /// How many calls the API accepts per `window`; 0 for no limit.
    pub quota: u32,
    /// The length of the quota's window, which begins with its first call.
    pub window: Duration,
}

impl Default for DemoConfig {
    /// 3,600 calls per hour, and tables with a few hundred rows.
    fn default() -> Self {
        Self {
            scale: 1,
            token: "demo-api-token".into(),
            quota: 3_600,
            window: Duration::from_secs(3_600),
        }
    }
}

/// A demo API that has bound its port. It serves once it is [run](Self::run).
pub struct DemoApi {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
}

impl DemoApi {
    /// Binds the port of `address`, or a free one if it is 0.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the scale is out of range, or the system's error for the address.
    pub async fn bind(address: SocketAddr, config: DemoConfig) -> io::Result<Self> {
        if !(1..=MAX_SCALE).contains(&config.scale) {
            let message = format!(
                "the scale must be from 1 to {MAX_SCALE}, not {}",
                config.scale
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            router: router(config),
        })
    }

    /// The API's address. Its URLs begin with `http://` and this address.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is ready and the running requests are answered.
    ///
    /// # Errors
    ///
    /// None so far: a failed connection ends only itself.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let listener = self.listener.tap_io(|connection| {
            // Without this option, the end of a page may wait for the client's delayed acknowledgement. A failure to
            // set it is harmless.
            let _ = connection.set_nodelay(true);
        });
        axum::serve(listener, self.router)
            .with_graceful_shutdown(shutdown)
            .await
    }
}

fn router(config: DemoConfig) -> Router {
    let tables = Arc::new(Catalog::new(config.scale));
    let access = ApiAccess::new(config.token, FixedWindow::new(config.quota, config.window));
    endpoints::tables(tables.clone())
        .method_not_allowed_fallback(async || DemoError::MethodNotAllowed)
        .route_layer(from_fn_with_state(Arc::new(access), admit))
        .merge(endpoints::controls(tables))
        .fallback(async || DemoError::NotFound)
}
