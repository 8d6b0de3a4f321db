//! Where the requests of a connection begin, by what is sent over it.

use super::blocks::first;

/// Follows the requests that the client writes, in its own unambiguous form, from one's first byte to its last.
#[derive(Debug, Default)]
pub(super) struct RequestBounds {
    part: RequestPart,
}

/// What the next byte belongs to.
#[derive(Debug)]
enum RequestPart {
    /// A head, of which so much is there.
    Head(Vec<u8>),
    /// A body, or a chunk of one with its line break, of which so many bytes are left.
    Bytes { left: u64, is_chunk: bool },
    /// The line with a chunk's size, as far as it has been read.
    ChunkSize(u64),
}

impl Default for RequestPart {
    fn default() -> Self {
        Self::Head(Vec::new())
    }
}

impl RequestBounds {
    /// Whether a request begins within these bytes, which follow those before.
    pub(super) fn begins_with(&mut self, mut bytes: &[u8]) -> bool {
        let mut begins = false;
        while let Some((first, after_first)) = bytes.split_first() {
            match &mut self.part {
                RequestPart::Head(begun) if begun.is_empty() => {
                    begins = true;
                    // Most heads are written at once.
                    match head(bytes) {
                        Some((after, rest)) => {
                            self.part = after;
                            bytes = rest;
                        }
                        None => {
                            begun.extend_from_slice(bytes);
                            return begins;
                        }
                    }
                }
                RequestPart::Head(begun) => {
                    begun.extend_from_slice(bytes);
                    let Some((after, rest)) = head(begun) else {
                        return begins;
                    };
                    // What follows the head has come with these bytes.
                    bytes = bytes.split_at(bytes.len().saturating_sub(rest.len())).1;
                    self.part = after;
                }
                RequestPart::Bytes { left, is_chunk } => {
                    let passed = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len());
                    *left = left.saturating_sub(u64::try_from(passed).unwrap_or(u64::MAX));
                    bytes = bytes.get(passed..).unwrap_or_default();
                    if *left == 0 {
                        self.part = if *is_chunk {
                            RequestPart::ChunkSize(0)
                        } else {
                            RequestPart::default()
                        };
                    }
                }
                RequestPart::ChunkSize(size) => {
                    bytes = after_first;
                    match char::from(*first).to_digit(16) {
                        Some(digit) => {
                            *size = size.saturating_mul(16).saturating_add(u64::from(digit));
                        }
                        // After the last chunk comes an empty line, since nobody sends trailers.
                        None if *first == b'\n' => {
                            self.part = RequestPart::Bytes {
                                left: size.saturating_add(2),
                                is_chunk: *size > 0,
                            };
                        }
                        None => {}
                    }
                }
            }
        }
        begins
    }
}

/// What comes after the head with which these bytes begin, and the bytes after it; `None` if its end isn't there.
fn head(bytes: &[u8]) -> Option<(RequestPart, &[u8])> {
    let (mut length, mut is_chunked) = (0, false);
    let mut rest = bytes;
    loop {
        let (line, after) = rest.split_at_checked(line_length(rest)?)?;
        rest = after;
        match line.first() {
            Some(b'\r') => break,
            Some(b'c' | b'C') => {
                if let Some(value) = value(line, b"content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
            Some(b't' | b'T') => is_chunked |= value(line, b"transfer-encoding:").is_some(),
            _ => {}
        }
    }
    let part = match (is_chunked, length) {
        (true, _) => RequestPart::ChunkSize(0),
        (false, 0) => RequestPart::default(),
        (false, left) => RequestPart::Bytes {
            left,
            is_chunk: false,
        },
    };
    Some((part, rest))
}

/// How long the first line is with its break; `None` if that isn't there.
fn line_length(bytes: &[u8]) -> Option<usize> {
    first(bytes, |byte| byte == b'\n').map(|place| place.saturating_add(1))
}

/// What a line says under this name, which has its colon.
fn value<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l str> {
    let (begin, value) = line.split_at_checked(name.len())?;
    let is_it = begin.eq_ignore_ascii_case(name);
    is_it.then(|| str::from_utf8(value).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let mut bounds = RequestBounds::default();
            let mut begun = Vec::new();
            for request in requests {
                begun.push(
                    request
                        .chunks(size)
                        .map(|piece| bounds.begins_with(piece))
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
