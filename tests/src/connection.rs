//! A client's connection that several requests share.

use crate::PATIENCE;
use crate::http::{Kind, Message};
use crate::weld::Request;
use rustix::net::{AddressFamily, SocketType};
use std::io::{self, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};

/// Connects to a server from this address of the machine, such as one of 127.0.0.0/8.
///
/// # Errors
/// If the machine doesn't have the address, or the server can't be reached.
pub fn connect_from(source: IpAddr, address: SocketAddr) -> io::Result<TcpStream> {
    let family = if source.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
    rustix::net::bind(&socket, &SocketAddr::from((source, 0)))?;
    rustix::net::connect(&socket, &address)?;
    Ok(socket.into())
}

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
        Self::over(TcpStream::connect(address)?)
    }

    /// Connects to a server from this address of the machine, such as one of 127.0.0.0/8.
    ///
    /// # Errors
    /// If the machine doesn't have the address, or the server can't be reached.
    pub fn open_from(source: IpAddr, address: SocketAddr) -> io::Result<Self> {
        Self::over(connect_from(source, address)?)
    }

    fn over(stream: TcpStream) -> io::Result<Self> {
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
