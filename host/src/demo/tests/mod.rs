//! Tests the demo API with a client on its socket.

mod paging;
mod refusals;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::server::MAX_SCALE;
use super::{DemoApi, DemoConfig};

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const BEARER: &str = "Bearer demo-api-token";

struct EndpointResult {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl EndpointResult {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn error(&self) -> &str {
        self.body["error"].as_str().unwrap()
    }

    fn rows(&self) -> Vec<Value> {
        self.body.as_array().unwrap().clone()
    }
}

/// A running API and its client.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
}

impl Running {
    async fn start(config: DemoConfig) -> Self {
        let api = DemoApi::bind(ANY_PORT, config).await.unwrap();
        let address = api.local_addr();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(api.run(async {
            let _ = stopped.await;
        }));
        Self {
            address,
            stop,
            served,
        }
    }

    async fn send(&self, method: &str, path: &str, authorization: &str) -> EndpointResult {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string())
            .header("authorization", authorization)
            .body(Body::empty())
            .unwrap();
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(head.headers["content-type"], "application/json", "{path}");
        EndpointResult {
            status: head.status,
            headers: head.headers,
            body: serde_json::from_slice(&body).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> EndpointResult {
        self.send("GET", path, BEARER).await
    }

    async fn post(&self, path: &str) -> Value {
        let answer = self.send("POST", path, BEARER).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.body
    }
}

#[tokio::test]
async fn scales_out_of_range_are_refused() {
    for scale in [0, MAX_SCALE + 1] {
        let bound = DemoApi::bind(
            ANY_PORT,
            DemoConfig {
                scale,
                ..DemoConfig::default()
            },
        )
        .await;
        assert_eq!(
            bound.err().map(|error| error.kind()),
            Some(io::ErrorKind::InvalidInput)
        );
    }
}

#[tokio::test]
async fn a_port_in_use_is_refused() {
    let first = DemoApi::bind(ANY_PORT, DemoConfig::default())
        .await
        .unwrap();
    let second = DemoApi::bind(first.local_addr(), DemoConfig::default()).await;
    assert_eq!(
        second.err().map(|error| error.kind()),
        Some(io::ErrorKind::AddrInUse)
    );
}

#[tokio::test]
async fn it_stops_on_request() {
    let api = Running::start(DemoConfig::default()).await;
    api.get("/beers").await;
    api.stop.send(()).unwrap();
    api.served.await.unwrap().unwrap();
}
