//! A client of HTTP/2 that sends and reads single frames, and answers none of them by itself.

use super::client::TlsConnection;
use std::io::{self, Read};
use std::net::SocketAddr;

/// What a client sends first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames (RFC 9113, section 6).
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

/// Flags of frames.
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The last stream of a GOAWAY that only announces the end.
pub(super) const ANY_STREAM: u32 = (1 << 31) - 1;

/// A connection whose settings have been exchanged. Dropping it closes it.
pub(super) struct FrameClient(TlsConnection);

/// A frame that has been received.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HostFrame {
    /// The beginning of a stream's answer.
    Answer(u32),
    /// A ping with these bytes.
    Ping([u8; 8]),
    /// The host leaves, and answers streams up to this one.
    Goodbye(u32),
    /// Anything else.
    Other,
}

impl FrameClient {
    /// Connects, and sends the preface and the settings.
    pub(super) fn open(address: SocketAddr) -> Self {
        let mut client = Self::without_preface(address);
        client.0.send(PREFACE).unwrap();
        client.send(SETTINGS, 0, 0, &[]);
        client
    }

    /// Connects and sends nothing after the handshake, in which HTTP/2 was agreed on.
    pub(super) fn without_preface(address: SocketAddr) -> Self {
        Self(TlsConnection::open_with(address, b"h2").unwrap())
    }

    /// Requests a path of up to 126 bytes with GET.
    pub(super) fn get(&mut self, stream: u32, path: &str) {
        // `:method: GET` and `:scheme: https` are in the static table of HPACK, and so are the names of the other two.
        let mut block = vec![0x82, 0x87];
        for (name, value) in [(4, path), (1, "localhost")] {
            block.extend([name, u8::try_from(value.len()).unwrap()]);
            block.extend(value.as_bytes());
        }
        self.send(HEADERS, END_STREAM | END_HEADERS, stream, &block);
    }

    /// Answers a ping.
    pub(super) fn pong(&mut self, payload: [u8; 8]) {
        self.send(PING, ACK, 0, &payload);
    }

    /// Waits for a frame that is not `Other`. `None` at the end of the connection, which must be announced by TLS.
    pub(super) fn read(&mut self) -> Option<HostFrame> {
        loop {
            match self.read_any()? {
                HostFrame::Other => {}
                frame => return Some(frame),
            }
        }
    }

    /// Reads up to the end of the connection, which must be announced by TLS.
    pub(super) fn read_to_end(&mut self) {
        while self.read_any().is_some() {}
    }

    fn read_any(&mut self) -> Option<HostFrame> {
        let mut head = [0; 9];
        let reader = self.0.reader();
        match reader.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                // Without a message of TLS, this is an error as well.
                assert_eq!(reader.read(&mut [0]).expect("its end is announced"), 0);
                return None;
            }
            read => read.unwrap(),
        }
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        reader.read_exact(&mut payload).unwrap();
        Some(match kind {
            HEADERS => HostFrame::Answer(u32::from_be_bytes(stream)),
            PING if flags & ACK == 0 => HostFrame::Ping(payload.try_into().unwrap()),
            GOAWAY => HostFrame::Goodbye(u32::from_be_bytes(payload[..4].try_into().unwrap())),
            _ => HostFrame::Other,
        })
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let [_, length @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let stream = stream.to_be_bytes();
        let frame = [&length[..], &[kind, flags], &stream, payload].concat();
        self.0.send(&frame).unwrap();
    }
}
