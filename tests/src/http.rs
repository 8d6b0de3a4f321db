//! HTTP/1.1 messages as bytes on a socket: what Weld sends, and what an upstream API receives.

use serde_json::Value;
use std::io::{self, BufRead, Read};

/// A received message: a request, or a response.
#[derive(Clone, Debug)]
pub struct Message {
    /// The request line or the status line.
    pub start: String,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// Without its transfer encoding; a content encoding is left as is.
    pub body: Vec<u8>,
}

/// Whether the message can have a body, which its head alone doesn't say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Has no body if there is no length.
    Request,
    /// Has a body up to the end of the connection if there is no length.
    Response,
    /// An answer to HEAD, which never has a body, whatever its head says.
    ResponseToHead,
}

impl Message {
    /// Reads one message; `None` if the connection ends before its first byte.
    ///
    /// # Errors
    /// If the connection breaks, is idle for too long, or ends within the message.
    pub fn read(stream: &mut impl BufRead, kind: Kind) -> io::Result<Option<Self>> {
        let Some(start) = read_line(stream)? else {
            return Ok(None);
        };
        let mut headers = Vec::new();
        loop {
            let line = read_line(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut message = Self {
            start,
            headers,
            body: Vec::new(),
        };
        message.body = message.read_body(stream, kind)?;
        Ok(Some(message))
    }

    /// The value of the first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    /// A request's method.
    pub fn method(&self) -> &str {
        self.word(0)
    }

    /// A request's target: path and query.
    pub fn target(&self) -> &str {
        self.word(1)
    }

    /// A response's status.
    ///
    /// # Panics
    /// If the message is not a response.
    pub fn status(&self) -> u16 {
        self.word(1)
            .parse()
            .unwrap_or_else(|_| panic!("no status line: {}", self.start))
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.start, self.text()))
    }

    /// The body as text, for comparisons and messages.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn word(&self, index: usize) -> &str {
        self.start.split(' ').nth(index).unwrap_or_default()
    }

    fn read_body(&self, stream: &mut impl BufRead, kind: Kind) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if kind == Kind::ResponseToHead {
            return Ok(body);
        }
        if self
            .header("transfer-encoding")
            .is_some_and(|encoding| encoding.eq_ignore_ascii_case("chunked"))
        {
            while let Some(length) = read_chunk_length(stream)? {
                read_exactly(stream, length, &mut body)?;
                read_line(stream)?;
            }
        } else if let Some(length) = self.header("content-length") {
            let length = length.parse().map_err(|_| io::ErrorKind::InvalidData)?;
            read_exactly(stream, length, &mut body)?;
        } else if kind == Kind::Response {
            stream.read_to_end(&mut body)?;
        }
        Ok(body)
    }
}

/// The length of the next chunk; `None` after the last one. The trailers are then read, too.
fn read_chunk_length(stream: &mut impl BufRead) -> io::Result<Option<u64>> {
    let line = read_line(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let length = u64::from_str_radix(line.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
    if length > 0 {
        return Ok(Some(length));
    }
    while read_line(stream)?.is_some_and(|trailer| !trailer.is_empty()) {}
    Ok(None)
}

fn read_exactly(stream: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let read = stream.take(length).read_to_end(body)?;
    if u64::try_from(read).is_ok_and(|read| read == length) {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// A line without its end; `None` at the end of the stream.
fn read_line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    Ok(Some(
        String::from_utf8_lossy(&line)
            .trim_end_matches(['\r', '\n'])
            .to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_end_where_their_framing_says() {
        for (framing, expected) in [
            ("content-length: 4\r\n\r\nbody and more", "body"),
            (
                "Transfer-Encoding: chunked\r\n\r\n3\r\nbod\r\n1\r\ny\r\n0\r\n\r\nmore",
                "body",
            ),
            ("\r\nbody to the end", "body to the end"),
        ] {
            let bytes = format!("HTTP/1.1 200 OK\r\n{framing}");
            let message = Message::read(&mut bytes.as_bytes(), Kind::Response)
                .unwrap()
                .unwrap();
            assert_eq!(
                (message.status(), message.text()),
                (200, expected.to_owned()),
                "{framing}"
            );
        }
    }

    #[test]
    fn body_that_ends_early_is_an_error() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbody";
        assert!(Message::read(&mut bytes.as_slice(), Kind::Response).is_err());
    }
}
