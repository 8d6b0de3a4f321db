//! A fake upstream API, scripted by the test: it records requests, and answers with exactly the bytes that the script
//! sends.

use crate::PATIENCE;
use crate::http::{Kind, Message};
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server on a free port of 127.0.0.1 with one request per connection. Its threads end with the test's process.
pub struct Upstream {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Message>>>,
}

impl Upstream {
    /// Starts a server that answers with this script. The script runs once per request, in its own thread.
    pub fn start(script: impl Fn(&Message, &mut Exchange) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let received = Arc::new(Mutex::new(Vec::new()));
        let upstream = Self {
            address,
            received: Arc::clone(&received),
        };
        let script = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (script, received) = (Arc::clone(&script), Arc::clone(&received));
                thread::spawn(move || serve(stream, &*script, &received));
            }
        });
        upstream
    }

    /// Starts a server that gives every request the same answer: status 200 and this JSON.
    pub fn answering(json: &'static str) -> Self {
        Self::start(move |_, exchange| {
            exchange.answer(200, &[("content-type", "application/json")], json)
        })
    }

    /// Its origin: scheme, host and port, without a slash at the end.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of a path on the server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far, in the order in which they were completely received.
    pub fn received(&self) -> Vec<Message> {
        self.received.lock().unwrap().clone()
    }
}

fn serve(
    stream: TcpStream,
    script: &(impl Fn(&Message, &mut Exchange) + ?Sized),
    received: &Mutex<Vec<Message>>,
) {
    let mut exchange = Exchange { stream };
    let Ok(Some(request)) = exchange.read() else {
        return;
    };
    received.lock().unwrap().push(request.clone());
    script(&request, &mut exchange);
}

/// One connection whose request has been read.
pub struct Exchange {
    stream: TcpStream,
}

impl Exchange {
    /// Sends a complete response.
    pub fn answer(&mut self, status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        let length = body.len().to_string();
        let mut all = vec![("content-length", length.as_str())];
        all.extend_from_slice(headers);
        self.begin(status, &all);
        self.send(body);
    }

    /// Sends a response's head with only these headers.
    pub fn begin(&mut self, status: u16, headers: &[(&str, &str)]) {
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        self.send(format!(
            "HTTP/1.1 {status} Answer\r\nconnection: close\r\n{lines}\r\n"
        ));
    }

    /// Sends these bytes unchanged. Returns whether the peer still accepts them.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Waits until the peer closes the connection.
    ///
    /// # Panics
    /// If it doesn't within [`PATIENCE`].
    pub fn wait_for_close(&mut self) {
        loop {
            match self.stream.read(&mut [0; 1024]) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return,
                Err(error) => panic!("the peer keeps the connection open: {error}"),
            }
        }
    }

    fn read(&mut self) -> io::Result<Option<Message>> {
        self.stream.set_read_timeout(Some(PATIENCE))?;
        Message::read(&mut BufReader::new(&self.stream), Kind::Request)
    }
}
