//! Finds where requests begin and end in the bytes that are written to an HTTP/1 connection.
//!
//! The client's pool doesn't say which request goes over a connection, or whether one does. The written bytes say it
//! exactly, since the client writes them and they are always well-formed.

use memchr::memchr;

/// How much of a line is kept: enough for `transfer-encoding: chunked`, or a length in any notation.
const KEPT_LINE_BYTES: usize = 64;

/// Follows the requests on one connection.
#[derive(Debug, Default)]
pub(super) struct RequestFraming {
    at: RequestPart,
    /// Whether it is a HEAD, whose answer has no body.
    is_of_head: bool,
    /// The beginning of the line that is being written, if its end isn't there yet.
    line: Vec<u8>,
    /// How the body after the head is framed.
    body: BodyFraming,
}

#[derive(Debug, Default, Clone, Copy)]
enum RequestPart {
    /// No request is being written: the next byte begins one.
    #[default]
    Between,
    Head,
    ChunkLength,
    /// This many bytes are left of the body, or of a chunk of it with its line end.
    Data {
        left: u64,
        is_chunk: bool,
    },
    Trailers,
}

#[derive(Debug, Default, Clone, Copy)]
enum BodyFraming {
    #[default]
    None,
    Length(u64),
    Chunked,
}

impl RequestFraming {
    /// Whether the next written byte begins a request.
    pub(super) fn is_between(&self) -> bool {
        matches!(self.at, RequestPart::Between)
    }

    /// Whether the last request is a HEAD.
    pub(super) fn is_of_head(&self) -> bool {
        self.is_of_head
    }

    /// Notes that these bytes were written; returns whether a request begins within them.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) -> bool {
        let mut begins = false;
        while !bytes.is_empty() {
            let taken = match &mut self.at {
                RequestPart::Between => {
                    begins = true;
                    // The first write of a request is never shorter than this.
                    self.is_of_head = bytes.starts_with(b"HEAD ");
                    self.at = RequestPart::Head;
                    self.body = BodyFraming::None;
                    0
                }
                RequestPart::Data { left, .. } => {
                    let taken =
                        usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                    *left = left.saturating_sub(taken as u64);
                    taken
                }
                RequestPart::Head | RequestPart::ChunkLength | RequestPart::Trailers => {
                    let end = memchr(b'\n', bytes);
                    let taken = end.map_or(bytes.len(), |end| end.saturating_add(1));
                    let (line, _) = bytes.split_at(taken.min(bytes.len()));
                    self.pass_line(line, end.is_some());
                    taken
                }
            };
            if let RequestPart::Data { left: 0, is_chunk } = self.at {
                self.at = if is_chunk {
                    RequestPart::ChunkLength
                } else {
                    RequestPart::Between
                };
            }
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        begins
    }

    /// Most lines are written in one piece, and are read in place.
    fn pass_line(&mut self, line: &[u8], is_whole: bool) {
        if is_whole && self.line.is_empty() {
            self.end_line(line);
            return;
        }
        let room = KEPT_LINE_BYTES.saturating_sub(self.line.len());
        self.line.extend(line.iter().take(room));
        if is_whole {
            let line = std::mem::take(&mut self.line);
            self.end_line(&line);
        }
    }

    fn end_line(&mut self, line: &[u8]) {
        match (self.at, line.first()) {
            (RequestPart::Head, Some(b'\r')) => {
                self.at = match self.body {
                    BodyFraming::None => RequestPart::Between,
                    BodyFraming::Length(left) => RequestPart::Data {
                        left,
                        is_chunk: false,
                    },
                    BodyFraming::Chunked => RequestPart::ChunkLength,
                };
            }
            (RequestPart::Head, Some(b'c' | b'C' | b't' | b'T')) => {
                if let Some(length) =
                    value(line, b"content-length:").and_then(|text| text.parse().ok())
                {
                    self.body = BodyFraming::Length(length);
                } else if value(line, b"transfer-encoding:").is_some() {
                    self.body = BodyFraming::Chunked;
                }
            }
            (RequestPart::ChunkLength, _) => {
                let length = std::str::from_utf8(line).ok();
                let length =
                    length.and_then(|text| u64::from_str_radix(text.trim_ascii_end(), 16).ok());
                self.at = match length.unwrap_or_default() {
                    0 => RequestPart::Trailers,
                    length => RequestPart::Data {
                        // Including the end of its line.
                        left: length.saturating_add(2),
                        is_chunk: true,
                    },
                };
            }
            (RequestPart::Trailers, Some(b'\r')) => self.at = RequestPart::Between,
            _ => {}
        }
    }
}

/// The value of a header line with this name, in any case.
fn value<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l str> {
    let (found, value) = line.split_at_checked(name.len())?;
    if !found.eq_ignore_ascii_case(name) {
        return None;
    }
    std::str::from_utf8(value).ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUESTS: [&str; 6] = [
        "GET /rows?content-length:9 HTTP/1.1\r\nhost: api.example.com\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 38\r\nhost: a\r\n\r\nPOST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n",
        "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\n0\r\n\r\n1B\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-sum: 1\r\n\r\n",
        "DELETE / HTTP/1.1\r\nx-long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n",
    ];

    #[test]
    fn a_request_ends_where_its_framing_says_however_it_is_written() {
        for piece_bytes in [1, 2, 3, 7, 1000] {
            let mut framing = RequestFraming::default();
            // Over one connection, so that each begins where the one before it ended.
            for request in REQUESTS {
                let mut left = request.as_bytes();
                while !left.is_empty() {
                    let (piece, rest) = left.split_at(piece_bytes.min(left.len()));
                    framing.pass(piece);
                    assert_eq!(framing.is_between(), rest.is_empty(), "{request}");
                    left = rest;
                }
            }
        }
    }

    #[test]
    fn requests_begin_where_the_one_before_ends_however_they_are_written() {
        let requests = [
            &b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"[..],
            b"POST / HTTP/1.1\r\ncontent-length: 35\r\n\r\nGET / HTTP/1.1\r\ncontent-length: 5\r\n",
            b"GET /x HTTP/1.1\r\nx-content-length: 7\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n12\r\nGET / HTTP/1.1\r\n\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n",
            b"PUT / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n",
        ];
        for size in 1..60 {
            let mut framing = RequestFraming::default();
            let mut begun = Vec::new();
            for request in requests {
                begun.push(
                    request
                        .chunks(size)
                        .map(|piece| framing.pass(piece))
                        .collect::<Vec<_>>(),
                );
            }
            for (number, request) in begun.iter().enumerate() {
                assert!(request[0], "{number} in pieces of {size}");
                assert!(
                    !request[1..].contains(&true),
                    "{number} in pieces of {size}"
                );
            }
        }
    }
}
