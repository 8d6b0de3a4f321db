//! The limits on a response's head, and its faults.

use crate::report::size_text;

/// The longest head of a response.
pub(in crate::egress) const MAX_HEAD_BYTES: u32 = 256 << 10;

/// The most headers in an HTTP/1 response. The parser reserves room for this many with each response; for twice as
/// many, the heap would have to ask the system each time.
pub(in crate::egress) const MAX_RESPONSE_HEADERS: usize = 2048;

/// What is wrong with the head of a response. Another try would get the same head.
#[derive(Debug, Clone, thiserror::Error)]
pub(in crate::egress) enum HeadFault {
    #[error("the head of the response is larger than {}", size_text(MAX_HEAD_BYTES.into()))]
    TooLong,
    #[error("the response has more than {MAX_RESPONSE_HEADERS} headers")]
    TooManyHeaders,
    #[error(
        "the response's header `{0}` can't be read, so the end of the response can't be determined"
    )]
    Framing(String),
    #[error("the response's header `{0}` can't be read, so the encoding of the body is unknown")]
    Coding(String),
    #[error(
        "the response's header `{0}` contains a zero byte, or a carriage return within its line"
    )]
    Control(String),
    #[error("the status line of the response contains a control character")]
    StatusLine,
    #[error(
        "the response's `Content-Length` is `{0}`, which is not a valid length; the end of its body can't be determined"
    )]
    Length(String),
    #[error(
        "the response has two lengths in `Content-Length`, {0} and {1}; the end of its body can't be determined"
    )]
    Lengths(u64, u64),
    #[error(
        "the response has a `Transfer-Encoding`, which its version, HTTP/1.0, doesn't support; the end of its body \
         can't be determined"
    )]
    OldCoding,
    #[error("the response has a header whose name is longer than 1 KiB")]
    LongName,
    #[error("the response is not valid HTTP: {0}")]
    Unreadable(String),
}
