//! What a response's head may be, and what is wrong with it.

/// The longest head of a response.
pub(in crate::egress) const MAX_HEAD_BYTES: u32 = 256 << 10;

/// The most headers in a response on HTTP/1. The parser makes room for as many with each response; for twice as many the heap would
/// have to ask the system each time.
pub(in crate::egress) const MAX_RESPONSE_HEADERS: usize = 2048;

/// What is wrong with the head of a response. It would come again.
#[derive(Debug, Clone, thiserror::Error)]
pub(in crate::egress) enum HeadFault {
    #[error("the head of the response has more than {MAX_HEAD_BYTES} bytes")]
    TooLong,
    #[error("the head of the response has more than {MAX_RESPONSE_HEADERS} headers")]
    TooManyHeaders,
    #[error(
        "the response's header `{0}` can't be read, and without it nobody knows where the response ends"
    )]
    Framing(String),
    #[error(
        "the response's header `{0}` can't be read, and without it nobody knows how the body is coded"
    )]
    Coding(String),
    #[error("the response's header `{0}` holds a zero byte, or a carriage return within its line")]
    Control(String),
    #[error("the status line of the response holds a control character")]
    StatusLine,
    #[error(
        "the response's `Content-Length` is `{0}`, which is no length: nobody knows where its body ends"
    )]
    Length(String),
    #[error(
        "the response says two lengths in `Content-Length`, {0} and {1}: nobody knows where its body ends"
    )]
    Lengths(u64, u64),
    #[error(
        "the response has a `Transfer-Encoding`, which HTTP/1.0, the version that it names, doesn't know: nobody knows where its body \
         ends"
    )]
    OldCoding,
    #[error("the response has a header whose name is longer than 1 KiB")]
    LongName,
    #[error("the response is not HTTP that can be read: {0}")]
    Unreadable(String),
}
