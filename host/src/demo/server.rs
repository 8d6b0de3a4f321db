//! The demo API's socket.

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

/// At this scale the newest order is of the year 2023; the times of the data stay in the past.
pub(super) const MOST_SCALE: u32 = 10_000;

/// What kind of API the demo is to be.
#[derive(Clone, Debug)]
pub struct DemoConfig {
    /// Multiplies the rows of every table: 1 to 10,000.
    pub scale: u32,
    /// The token that the API asks for.
    pub token: String,
    /// How many calls the API accepts in a `window`; 0 for any number.
    pub quota: u32,
    /// How long after its first call the quota is whole again.
    pub window: Duration,
}

impl Default for DemoConfig {
    /// 3,600 calls an hour, and tables of a few hundred rows.
    fn default() -> Self {
        Self {
            scale: 1,
            token: "demo-api-token".into(),
            quota: 3_600,
            window: Duration::from_secs(3_600),
        }
    }
}

/// A demo API that has its port, and serves once [run](Self::run).
pub struct DemoApi {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
}

impl DemoApi {
    /// Takes the port of `address`, or any free one where it is 0.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a scale out of range, else whatever the operating system has against the address.
    pub async fn bind(address: SocketAddr, config: DemoConfig) -> io::Result<Self> {
        if !(1..=MOST_SCALE).contains(&config.scale) {
            let message = format!(
                "the scale must be from 1 to {MOST_SCALE}, not {}",
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

    /// Where the API listens: the root of its URLs is `http://` and this.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is ready and the requests under way are answered.
    ///
    /// # Errors
    ///
    /// None so far: a connection's failure ends the connection alone.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let listener = self.listener.tap_io(|connection| {
            // Without it the last piece of a page may wait for the client's delayed acknowledgement. The answer is
            // right in any case.
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
