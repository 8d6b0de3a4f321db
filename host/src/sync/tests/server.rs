//! A server whose answers a test defines byte by byte.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(super) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    accepting: JoinHandle<()>,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    /// The request line and all headers, in lower case.
    pub(super) head: String,
    /// `null` if there is no body.
    pub(super) body: Value,
}

pub(super) enum Answer {
    /// Sends these bytes and closes the connection.
    Bytes(Vec<u8>),
    /// Sends nothing and keeps the connection open.
    Never,
}

impl Answer {
    pub(super) fn json(body: &str) -> Self {
        Self::with("200 OK", "", body.as_bytes())
    }

    pub(super) fn status(status: &str, body: &str) -> Self {
        Self::with(status, "", body.as_bytes())
    }

    /// `headers` are complete lines, each with its line break.
    pub(super) fn with(status: &str, headers: &str, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
            body.len()
        );
        Self::Bytes([head.as_bytes(), body].concat())
    }
}

impl Server {
    pub(super) async fn start(mut script: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let accepting = tokio::spawn(async move {
            let mut kept = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some(request) = read(&mut stream).await else {
                    continue;
                };
                log.lock().unwrap().push(request.clone());
                match script(&request) {
                    Answer::Bytes(bytes) => {
                        // The client may already be gone.
                        let _ = stream.write_all(&bytes).await;
                        let _ = stream.shutdown().await;
                    }
                    Answer::Never => kept.push(stream),
                }
            }
        });
        Self {
            address,
            requests,
            accepting,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes the port.
    pub(super) async fn end(mut self) {
        self.accepting.abort();
        // The task was aborted, which is an error.
        let _ = (&mut self.accepting).await;
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The states in the requests for a table.
    pub(super) fn states(&self, table: &str) -> Vec<String> {
        self.requests()
            .iter()
            .filter(|request| request.body["name"] == table)
            .map(|request| request.body["state"].to_string())
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Reads a request; `None` if the client disconnects first.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse::<usize>().unwrap());
            break (head, length);
        }
    };
    let whole = head.len() + 4 + length;
    while bytes.len() < whole {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split(' ');
    Some(Request {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        body: serde_json::from_slice(&bytes[head.len() + 4..]).unwrap_or_default(),
        head,
    })
}
