//! A server of HTTP/2 that works with frames, and so can refuse a request before it has begun to process it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

const PREFACE_BYTES: usize = 24;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

const ACK: u8 = 1;
/// Ends the stream and the headers.
const END: u8 = 5;
/// `:status: 200` of HPACK's static table.
const STATUS_200: &[u8] = &[0x88];

/// What the server does with the second request of its first connection, unless stated otherwise. It answers all
/// others.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    /// Refuses its stream.
    Stream,
    /// Refuses the stream of each request on the first connection.
    EveryStream,
    /// Goes away, having begun only the first one.
    GoAway,
    /// Goes away in the middle of it.
    GoAwayWithin,
    /// Reports a violation of the protocol.
    Protocol,
}

pub(super) struct FramesServer {
    pub(super) address: SocketAddr,
    begun: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

impl FramesServer {
    pub(super) fn start(refusal: Refusal, config: ServerConfig) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            begun: Arc::default(),
            asked: Arc::default(),
        };
        let (begun, asked, config) = (server.begun.clone(), server.asked.clone(), Arc::new(config));
        std::thread::spawn(move || {
            let mut refusal = Some(refusal);
            for stream in listener.incoming() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                let stream = StreamOwned::new(connection, stream.unwrap());
                let (begun, asked, refusal) = (begun.clone(), asked.clone(), refusal.take());
                std::thread::spawn(move || {
                    // The client decides how it ends, too.
                    let _ = serve(stream, refusal, &begun, &asked);
                });
            }
        });
        server
    }

    /// How many requests it has begun to process, and how many it was sent.
    pub(super) fn requests(&self) -> (usize, usize) {
        (
            self.begun.load(Ordering::SeqCst),
            self.asked.load(Ordering::SeqCst),
        )
    }
}

type Tls = StreamOwned<ServerConnection, TcpStream>;

fn write(stream: &mut Tls, kind: u8, flags: u8, id: u32, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(id.to_be_bytes());
    frame.extend(payload);
    stream.write_all(&frame)?;
    stream.flush()
}

fn go_away(stream: &mut Tls, last: u32) -> io::Result<()> {
    let payload = [last.to_be_bytes(), 0_u32.to_be_bytes()].concat();
    write(stream, GOAWAY, 0, 0, &payload)
}

fn serve(
    mut stream: Tls,
    mut refusal: Option<Refusal>,
    begun: &AtomicUsize,
    asked: &AtomicUsize,
) -> io::Result<()> {
    stream.read_exact(&mut [0; PREFACE_BYTES])?;
    write(&mut stream, SETTINGS, 0, 0, &[])?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let [a, b, c, kind, flags, id @ ..] = head;
        let id = u32::from_be_bytes(id);
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload)?;
        match kind {
            SETTINGS if flags & ACK == 0 => write(&mut stream, SETTINGS, ACK, 0, &[])?,
            HEADERS => {
                asked.fetch_add(1, Ordering::SeqCst);
                let refusal = match refusal {
                    Some(Refusal::EveryStream) => refusal,
                    _ if id > 1 => refusal.take(),
                    _ => None,
                };
                match refusal {
                    Some(Refusal::Stream | Refusal::EveryStream) => {
                        let reason = 7_u32.to_be_bytes();
                        write(&mut stream, RST_STREAM, 0, id, &reason)?;
                    }
                    Some(Refusal::Protocol) => {
                        let reason = 1_u32.to_be_bytes();
                        write(&mut stream, RST_STREAM, 0, id, &reason)?;
                    }
                    Some(Refusal::GoAway) => go_away(&mut stream, 1)?,
                    Some(Refusal::GoAwayWithin) => {
                        begun.fetch_add(1, Ordering::SeqCst);
                        return go_away(&mut stream, id);
                    }
                    None => {
                        begun.fetch_add(1, Ordering::SeqCst);
                        write(&mut stream, HEADERS, END, id, STATUS_200)?;
                    }
                }
            }
            _ => {}
        }
    }
}
