//! The request to a proxy for a tunnel (the method CONNECT; RFC 9110, section 9.3.6), and the head of its answer.

use std::fmt::Display;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest head of a proxy's answer.
pub(crate) const MAX_HEAD_BYTES: usize = 16 << 10;

/// The request for a connection to `target`, a host and a port. `authorization` is the value for the proxy.
pub(crate) fn connect_request(target: &impl Display, authorization: Option<&str>) -> String {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n");
    if let Some(authorization) = authorization {
        request.push_str("proxy-authorization: ");
        request.push_str(authorization);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    request
}

/// Reads up to the empty line, to what is not HTTP, to the end of the connection, or beyond [`MAX_HEAD_BYTES`]. Neither in
/// TLS nor in HTTP does the server speak first. So whatever follows the line is not the target's, and reading more than the
/// head loses nothing.
///
/// # Errors
///
/// An error of the connection, or that it ended without an answer.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    loop {
        let mut piece = [0; 1 << 10];
        let length = stream.read(&mut piece).await?;
        if length == 0 && head.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(piece.get(..length).unwrap_or_default());
        let is_http = head.starts_with(b"HTTP/") || b"HTTP/".starts_with(&head);
        let has_end = end_of_head(&head).is_some();
        if length == 0 || !is_http || has_end || head.len() > MAX_HEAD_BYTES {
            return Ok(head);
        }
    }
}

/// The length of a complete head. A line may end without a carriage return (RFC 9112, section 2.2).
pub(crate) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let ends: [&[u8]; 2] = [b"\r\n\r\n", b"\n\n"];
    let lengths = ends.into_iter().filter_map(|end| {
        let begin = bytes.windows(end.len()).position(|part| part == end)?;
        Some(begin.saturating_add(end.len()))
    });
    lengths.min()
}
