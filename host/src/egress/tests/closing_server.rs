//! A server of HTTP/1.1 that closes its connections in various ways, and reports which requests arrived. It reads and
//! writes with its own threads, so that it doesn't depend on its caller's runtime.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::lock::Mutex;

/// What a server does after it has answered a connection's request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Closing {
    /// Closes the connection after this time, without reading or sending anything more.
    Silently(Duration),
    /// As `Silently`, but by a reset.
    ByReset(Duration),
    /// As `Silently` over TLS, but with the notice that ends it.
    WithNotice(Duration),
    /// Waits for the next request and closes the connection once it has read that, with a reset or without.
    HavingRead { is_reset: bool },
    /// Breaks the answer on its first connection within the body; others are as usual.
    InBody { is_chunked: bool },
    /// Answers every request with this.
    With(&'static [u8]),
    /// Answers all of a connection's requests.
    Never,
}

const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const CUT_LENGTH: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok";
const CUT_CHUNKS: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n";

/// How often each body has arrived, among the requests that were read completely.
type Arrivals = Arc<Mutex<HashMap<String, usize>>>;

pub(super) struct ClosingServer {
    pub(super) address: SocketAddr,
    arrivals: Arrivals,
    connections: Arc<AtomicUsize>,
}

trait Wire: Read + Write {
    fn tcp(&self) -> &TcpStream;

    fn say_goodbye(&mut self) {}
}

impl Wire for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Wire for StreamOwned<ServerConnection, TcpStream> {
    fn tcp(&self) -> &TcpStream {
        &self.sock
    }

    fn say_goodbye(&mut self) {
        self.conn.send_close_notify();
        // The other side may have gone.
        let _ = self.flush();
    }
}

impl ClosingServer {
    pub(super) fn start(closing: Closing, tls: Option<ServerConfig>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (address, arrivals) = (listener.local_addr().unwrap(), Arrivals::default());
        let connections = Arc::<AtomicUsize>::default();
        let counted = connections.clone();
        let (seen, tls) = (arrivals.clone(), tls.map(Arc::new));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let is_first = counted.fetch_add(1, Ordering::SeqCst) == 0;
                let closing = match closing {
                    Closing::InBody { .. } if !is_first => Closing::Never,
                    closing => closing,
                };
                let (stream, tls, seen) = (stream.unwrap(), tls.clone(), seen.clone());
                stream.set_nodelay(true).unwrap();
                std::thread::spawn(move || match tls {
                    None => serve(stream, closing, &seen),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).unwrap();
                        serve(StreamOwned::new(connection, stream), closing, &seen)
                    }
                });
            }
        });
        Self {
            address,
            arrivals,
            connections,
        }
    }

    /// How many connections were made to the server.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many different bodies arrived, and how often the most frequent one did.
    pub(super) fn arrived(&self) -> (usize, usize) {
        let arrivals = self.arrivals.lock();
        (
            arrivals.len(),
            arrivals.values().copied().max().unwrap_or_default(),
        )
    }
}

/// `None` once the client has closed the connection.
fn read_request<W: Wire>(reader: &mut BufReader<W>) -> Option<String> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

fn serve<W: Wire>(wire: W, closing: Closing, arrivals: &Arrivals) {
    let mut reader = BufReader::new(wire);
    if let Closing::With(answer) = closing {
        // It may be a request, or the beginning of TLS.
        let _ = reader.fill_buf();
        let wire = reader.get_mut();
        let _ = wire.write_all(answer).and_then(|()| wire.flush());
        return;
    }
    for number in 0.. {
        let Some(body) = read_request(&mut reader) else {
            return;
        };
        if !body.is_empty() {
            *arrivals.lock().entry(body).or_default() += 1;
        }
        let wire = reader.get_mut();
        if let (Closing::HavingRead { is_reset }, 1..) = (closing, number) {
            return reset_if(is_reset, wire);
        }
        let answer: &[u8] = match closing {
            Closing::InBody { is_chunked: true } => CUT_CHUNKS,
            Closing::InBody { is_chunked: false } => CUT_LENGTH,
            _ => WHOLE,
        };
        if wire.write_all(answer).and_then(|()| wire.flush()).is_err() {
            return;
        }
        match closing {
            Closing::Silently(after) => return std::thread::sleep(after),
            Closing::ByReset(after) => {
                std::thread::sleep(after);
                return reset_if(true, wire);
            }
            Closing::WithNotice(after) => {
                std::thread::sleep(after);
                return wire.say_goodbye();
            }
            Closing::InBody { .. } | Closing::With(_) => return,
            Closing::HavingRead { .. } | Closing::Never => {}
        }
    }
}

fn reset_if<W: Wire>(is_reset: bool, wire: &W) {
    if is_reset {
        rustix::net::sockopt::set_socket_linger(wire.tcp(), Some(Duration::ZERO)).unwrap();
    }
}
