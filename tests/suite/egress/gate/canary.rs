//! The server at the end of every connection. It records who reached it.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// A path that answers with the redirect that a test has set up, and closes the connection.
pub(crate) const REDIRECT: &str = "/redirect";

/// A path that closes the connection, too; other paths keep it open.
pub(crate) const CLOSE: &str = "/close";

/// A running server. It ends with the runtime on which it was started.
pub(crate) struct Canary {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    location: String,
    received: Vec<Received>,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Method and target, as in `GET /path?query`.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
}

impl Received {
    /// The host that the request is meant for, with its port unless that is the scheme's default.
    pub(crate) fn host(&self) -> &str {
        let host = self.headers.get(header::HOST);
        host.and_then(|host| host.to_str().ok()).unwrap_or_default()
    }
}

impl Canary {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("a bound listener has one");
        let shared = Arc::new(Mutex::new(Shared::default()));
        let router = Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the target of [`REDIRECT`].
    pub(crate) fn redirect_to(&self, location: &str) {
        self.shared.lock().unwrap().location = location.to_owned();
    }

    /// The requests that arrived, in order.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.lock().unwrap().received.clone()
    }

    pub(crate) fn forget(&self) {
        *self.shared.lock().unwrap() = Shared::default();
    }
}

async fn answer(State(shared): State<Arc<Mutex<Shared>>>, request: Request) -> Response {
    let mut shared = shared.lock().unwrap();
    shared.received.push(Received {
        line: format!("{} {}", request.method(), request.uri()),
        headers: request.headers().clone(),
    });
    match request.uri().path() {
        REDIRECT => {
            let headers = [
                (header::LOCATION, shared.location.clone()),
                (header::CONNECTION, "close".to_owned()),
            ];
            (StatusCode::TEMPORARY_REDIRECT, headers).into_response()
        }
        CLOSE => ([(header::CONNECTION, "close")], "chirp").into_response(),
        _ => "chirp".into_response(),
    }
}
