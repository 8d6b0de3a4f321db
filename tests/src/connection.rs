//! A client's connection that several requests share.

use crate::PATIENCE;
use crate::http::{Kind, Message};
use crate::weld::Request;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

/// A connection that stays open from one request to the next. Dropping it closes it.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects to a server.
    ///
    /// # Errors
    /// If the server can't be reached.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// If the server has closed the connection or sends an incomplete answer.
    pub fn ask(&mut self, request: &Request) -> io::Result<Message> {
        self.send(&request.bytes())?;
        self.read(request.kind_of_answer())
    }

    /// Sends these bytes unchanged.
    ///
    /// # Errors
    /// If the server has closed the connection.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Reads the next message.
    ///
    /// # Errors
    /// If the connection ends before a complete message, or none arrives within [`PATIENCE`].
    pub fn read(&mut self, kind: Kind) -> io::Result<Message> {
        Message::read(&mut self.stream, kind)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
