//! Weld, as the host's client: convenient calls, and requests in which a test can choose every byte.

use crate::PATIENCE;
use crate::http::{Kind, Message};
use serde_json::{Value, json};
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

/// A connector as set up in Weld: its URL and key.
#[derive(Clone, Debug)]
pub struct Weld {
    address: SocketAddr,
    base: String,
    key: Option<String>,
}

/// A table, fetched to its end.
#[derive(Debug)]
pub struct Synced {
    /// All rows of all pages.
    pub rows: Vec<Value>,
    /// The state of the last page, for the next sync.
    pub state: Value,
    /// How many pages it took.
    pub pages: usize,
}

impl Weld {
    /// A connector at this path, such as `/beers`, or `` for the only one; without a key.
    pub fn new(address: SocketAddr, base: &str) -> Self {
        Self {
            address,
            base: base.to_owned(),
            key: None,
        }
    }

    /// The same with this key.
    pub fn with_key(self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self
        }
    }

    /// Requests the schema.
    pub fn schema(&self) -> Message {
        self.request("GET", "/schema").send()
    }

    /// Requests one page.
    pub fn page(&self, table: &str, state: &Value) -> Message {
        self.page_request(table, state).send()
    }

    /// The request for one page.
    pub fn page_request(&self, table: &str, state: &Value) -> Request {
        self.request("POST", "/")
            .json(&json!({ "name": table, "state": state }))
    }

    /// The answer to a request for a page, which must succeed.
    ///
    /// # Panics
    /// If it doesn't.
    pub fn good_page(&self, table: &str, state: &Value) -> Value {
        let answer = self.page(table, state);
        assert_eq!(answer.status(), 200, "{table} {state}: {}", answer.text());
        answer.json()
    }

    /// The one row of a page that must succeed.
    ///
    /// # Panics
    /// If it doesn't, or doesn't have exactly one row.
    pub fn good_row(&self, table: &str, state: &Value) -> Value {
        let page = self.good_page(table, state);
        let rows = page["insert"].as_array().expect("an array of rows");
        assert_eq!(rows.len(), 1, "{page}");
        rows[0].clone()
    }

    /// Requests page after page, as Weld does, until the last page.
    ///
    /// # Panics
    /// If a page fails, or a table has more than a thousand.
    pub fn sync(&self, table: &str, state: &Value) -> Synced {
        let mut synced = Synced {
            rows: Vec::new(),
            state: state.clone(),
            pages: 0,
        };
        while synced.pages < 1000 {
            let page = self.good_page(table, &synced.state);
            synced.pages += 1;
            synced.rows.extend(
                page["insert"]
                    .as_array()
                    .expect("an array of rows")
                    .iter()
                    .cloned(),
            );
            synced.state = page["state"].clone();
            if page["hasMore"] == json!(false) {
                return synced;
            }
        }
        panic!("{table} has no end");
    }

    /// A request to a path below the connector's, with its key.
    pub fn request(&self, method: &str, path: &str) -> Request {
        let request = Request::new(self.address, method, &format!("{}{path}", self.base));
        match &self.key {
            Some(key) => request.header("authorization", &format!("Bearer {key}")),
            None => request,
        }
    }
}

/// One request, built header by header.
#[derive(Clone, Debug)]
pub struct Request {
    address: SocketAddr,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A request without additional headers.
    pub fn new(address: SocketAddr, method: &str, target: &str) -> Self {
        Self {
            address,
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// The same request to another address.
    pub fn at(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// Adds a header. `host`, in lower case, replaces the default with the address.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds these bytes as the body, and their length.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = body.len().to_string();
        Self {
            body,
            ..self.header("content-length", &length)
        }
    }

    /// Adds these bytes after the head, whatever the headers say about them.
    pub fn tail(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            body: bytes.into(),
            ..self
        }
    }

    /// Adds this body, declared as JSON.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    /// Adds this body in two chunks.
    pub fn chunked(self, body: &str) -> Self {
        let (first, second) = body.split_at(body.len() / 2);
        let chunks = format!(
            "{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
            first.len(),
            second.len()
        );
        Self {
            body: chunks.into_bytes(),
            ..self.header("transfer-encoding", "chunked")
        }
    }

    /// Sends it on a new connection and reads the answer.
    ///
    /// # Panics
    /// If no complete answer arrives.
    pub fn send(self) -> Message {
        let what = format!("{} {}", self.method, self.target);
        self.try_send()
            .unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// Sends it on a new connection and reads the answer.
    ///
    /// # Errors
    /// If the host can't be reached or sends an incomplete answer.
    pub fn try_send(self) -> io::Result<Message> {
        self.begin()?.answer()
    }

    /// Sends it on a new connection without waiting for the answer.
    ///
    /// # Errors
    /// If the host can't be reached.
    pub fn begin(self) -> io::Result<Pending> {
        let head = self.head("close");
        let mut pending = Pending {
            stream: TcpStream::connect(self.address)?,
            kind: self.kind_of_answer(),
        };
        pending.stream.set_read_timeout(Some(PATIENCE))?;
        // The host may answer and close before it has read what it refuses; only the answer matters.
        let _refused = pending
            .stream
            .write_all(head.as_bytes())
            .and_then(|()| pending.stream.write_all(&self.body));
        Ok(pending)
    }

    /// The request's bytes for a connection that is kept alive.
    pub fn bytes(&self) -> Vec<u8> {
        [self.head("keep-alive").as_bytes(), &self.body].concat()
    }

    fn head(&self, connection: &str) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            head.push_str(&format!("host: {}\r\n", self.address));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("connection: {connection}\r\n\r\n"));
        head
    }

    pub(crate) fn kind_of_answer(&self) -> Kind {
        if self.method == "HEAD" {
            Kind::ResponseToHead
        } else {
            Kind::Response
        }
    }
}

/// A request whose answer has not been read. Dropping it closes the connection, like a client that goes away.
pub struct Pending {
    stream: TcpStream,
    kind: Kind,
}

impl Pending {
    /// Sends more bytes, like a slow client.
    ///
    /// # Errors
    /// If the host has closed the connection.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Whether no part of an answer has arrived yet and the connection is open.
    ///
    /// # Panics
    /// If the system doesn't report it.
    pub fn is_unanswered(&self) -> bool {
        self.stream.set_nonblocking(true).expect("a socket");
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).expect("a socket");
        peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// If the connection ends before a complete answer, or none arrives within [`PATIENCE`].
    pub fn answer(self) -> io::Result<Message> {
        Message::read(&mut BufReader::new(&self.stream), self.kind)?
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
