//! A client of HTTP/2 in which a test decides what is read, and when a stream is reset.

use super::client::client_config;
use bytes::Bytes;
use h2::client::{Connection, ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use weld_host_tests::PATIENCE;
use weld_host_tests::http::Message;

/// How much of one answer a client receives before it reads, if a test doesn't say.
const WINDOW_BYTES: u32 = 64 << 10;

/// How much of all answers it receives: more than the host's sockets hold.
const CONNECTION_WINDOW_BYTES: u32 = 1 << 30;

/// A connection. Dropping it closes it.
pub(super) struct Http2Client {
    runtime: Runtime,
    requests: SendRequest<Bytes>,
    driver: JoinHandle<Result<(), h2::Error>>,
}

/// A request whose answer has not been read.
pub(super) struct Http2Stream<'c> {
    client: &'c Http2Client,
    response: ResponseFuture,
    sending: SendStream<Bytes>,
}

/// An answer whose head has been read.
pub(super) struct Http2Answer<'c> {
    client: &'c Http2Client,
    head: http::response::Parts,
    body: RecvStream,
    sending: SendStream<Bytes>,
}

impl Http2Client {
    /// Connects to a host.
    pub(super) fn open(address: SocketAddr) -> Self {
        Self::with_window(address, WINDOW_BYTES)
    }

    /// Connects to a host that may send so many bytes of each answer before they are read.
    pub(super) fn with_window(address: SocketAddr, bytes: u32) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (requests, connection) = runtime.block_on(connect(address, bytes));
        let driver = runtime.spawn(connection);
        Self {
            runtime,
            requests,
            driver,
        }
    }

    /// Begins a request.
    ///
    /// # Errors
    /// If the connection has ended, or its streams.
    pub(super) fn begin(
        &self,
        request: http::Request<()>,
        body: Option<Vec<u8>>,
    ) -> Result<Http2Stream<'_>, h2::Error> {
        let (response, sending) = self.patient(async {
            let mut ready = self.requests.clone().ready().await?;
            let (response, mut sending) = ready.send_request(request, body.is_none())?;
            if let Some(body) = body {
                sending.send_data(body.into(), true)?;
            }
            Ok::<_, h2::Error>((response, sending))
        })?;
        Ok(Http2Stream {
            client: self,
            response,
            sending,
        })
    }

    /// Begins a request whose body never comes.
    pub(super) fn without_body(&self, request: http::Request<()>) -> Http2Stream<'_> {
        let sent = self.patient(async {
            let mut ready = self.requests.clone().ready().await?;
            ready.send_request(request, false)
        });
        let (response, sending) = sent.unwrap();
        Http2Stream {
            client: self,
            response,
            sending,
        }
    }

    /// Begins a request for a page of the connector `guest`.
    pub(super) fn page(&self, table: &str, state: &serde_json::Value) -> Http2Stream<'_> {
        let body = serde_json::json!({ "name": table, "state": state }).to_string();
        let request = request("POST", "/guest/").body(()).unwrap();
        self.begin(request, Some(body.into_bytes())).unwrap()
    }

    /// Requests a path.
    ///
    /// # Errors
    /// As [`Self::begin`] and [`Http2Stream::answer`].
    pub(super) fn get(&self, path: &str) -> Result<Message, h2::Error> {
        self.begin(request("GET", path).body(()).unwrap(), None)?
            .answer()
    }

    /// Waits until the connection has ended.
    pub(super) fn ended(mut self) -> Result<(), h2::Error> {
        let driver = &mut self.driver;
        let ended = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, driver).await });
        ended.expect("the connection ends").unwrap()
    }

    fn patient<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime
            .block_on(async { tokio::time::timeout(PATIENCE, future).await })
            .expect("it doesn't take so long")
    }
}

impl<'c> Http2Stream<'c> {
    /// Waits for the head of the answer.
    ///
    /// # Errors
    /// If the stream is reset, or the connection ends.
    pub(super) fn head(self) -> Result<Http2Answer<'c>, h2::Error> {
        let (head, body) = self.client.patient(self.response)?.into_parts();
        Ok(Http2Answer {
            client: self.client,
            head,
            body,
            sending: self.sending,
        })
    }

    /// Waits for the whole answer.
    ///
    /// # Errors
    /// As [`Self::head`].
    pub(super) fn answer(self) -> Result<Message, h2::Error> {
        self.head()?.read()
    }

    /// Gives up the request.
    pub(super) fn reset(mut self) {
        self.sending.send_reset(Reason::CANCEL);
    }
}

impl Http2Answer<'_> {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// Waits for a part of the body, without letting the host send more.
    ///
    /// # Errors
    /// If the stream is reset, or the connection ends.
    pub(super) fn part(&mut self) -> Result<Option<Bytes>, h2::Error> {
        self.client.patient(self.body.data()).transpose()
    }

    /// Reads to the end.
    ///
    /// # Errors
    /// As [`Self::part`].
    pub(super) fn read(mut self) -> Result<Message, h2::Error> {
        let mut body = Vec::new();
        while let Some(part) = self.part()? {
            body.extend_from_slice(&part);
            self.body.flow_control().release_capacity(part.len())?;
        }
        let headers = self.head.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        Ok(Message {
            start: format!("HTTP/2 {}", self.head.status),
            headers: headers.collect(),
            body,
        })
    }

    /// Gives up the rest of the answer.
    pub(super) fn reset(mut self) {
        self.sending.send_reset(Reason::CANCEL);
    }
}

/// A request to a path of a host on this machine.
pub(super) fn request(method: &str, path: &str) -> http::request::Builder {
    http::Request::builder()
        .method(method)
        .uri(format!("https://localhost{path}"))
        .version(http::Version::HTTP_2)
}

type TlsConnection = Connection<tokio_rustls::client::TlsStream<TcpStream>, Bytes>;

async fn connect(address: SocketAddr, window: u32) -> (SendRequest<Bytes>, TlsConnection) {
    let tcp = TcpStream::connect(address).await.unwrap();
    let connector = TlsConnector::from(client_config(&[b"h2", b"http/1.1"]));
    let name = ServerName::try_from("localhost").unwrap();
    let tls = connector.connect(name, tcp).await.unwrap();
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    h2::client::Builder::new()
        .initial_window_size(window)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_header_list_size(1 << 20)
        .handshake(tls)
        .await
        .unwrap()
}
