//! Decodes the members of a coded body one after the other, without the bytes after the last one.
//!
//! Gzip and Zstandard allow another member after the end of one; the other codings end once. Servers that write in
//! blocks pad the end with zeros, and some leave unrelated bytes there. Both are left out, as in browsers.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::codecs::DecodeV2;
use async_compression::core::util::{PartialBuffer, WriteBuffer};
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::first_bytes::FirstBytes;
use super::response_warnings::OriginWarnings;
use super::signatures;
use crate::encoding::ContentEncoding;

/// How much may be read without any output before other tasks get a turn.
const TURN_BYTES: usize = 64 << 10;

/// Decodes the content of a coded body.
pub(super) struct MemberReader<R> {
    source: FirstBytes<R>,
    encoding: ContentEncoding,
    codec: Box<dyn DecodeV2 + Send>,
    part: MemberPart,
    /// The bytes read since the last output.
    read_without_output: usize,
    warnings: OriginWarnings,
}

/// Where in a body its reader is.
enum MemberPart {
    Data,
    /// The codec has received all of a member, but may not have returned all of it.
    End,
    /// Another member may follow.
    Between,
    /// The rest of the body is ignored.
    Rest,
    Over,
    /// The body ends after the part that could be decoded.
    Broken(Option<io::Error>),
}

impl<R: AsyncBufRead + Unpin> MemberReader<R> {
    /// For a body that `codec` decodes.
    pub(super) fn new(
        source: FirstBytes<R>,
        encoding: ContentEncoding,
        codec: Box<dyn DecodeV2 + Send>,
        warnings: OriginWarnings,
    ) -> Self {
        Self {
            source,
            encoding,
            codec,
            part: MemberPart::Data,
            read_without_output: 0,
            warnings,
        }
    }

    /// Decodes until the buffer is full, or the input ends.
    fn poll_decode(
        &mut self,
        context: &mut Context<'_>,
        output: &mut WriteBuffer<'_>,
    ) -> Poll<io::Result<()>> {
        // The codec may have held back output that found no room.
        if matches!(self.part, MemberPart::Data)
            && matches!(
                self.codec.decode(&mut PartialBuffer::new(&[]), output),
                Ok(true)
            )
        {
            self.part = MemberPart::End;
        }
        while !output.has_no_spare_space() {
            if self.read_without_output >= TURN_BYTES {
                self.read_without_output = 0;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let before = output.written_len();
            self.part = match &mut self.part {
                MemberPart::Over => break,
                MemberPart::Broken(error) => {
                    return Poll::Ready(error.take().map_or(Ok(()), Err));
                }
                MemberPart::Data => {
                    let input = ready!(Pin::new(&mut self.source).poll_fill_buf(context))?;
                    if input.is_empty() {
                        MemberPart::End
                    } else {
                        let mut input = PartialBuffer::new(input);
                        let is_over = self.codec.decode(&mut input, output);
                        let taken = input.written_len();
                        self.consume(taken);
                        if is_over? {
                            MemberPart::End
                        } else {
                            MemberPart::Data
                        }
                    }
                }
                MemberPart::End if self.codec.finish(output)? => {
                    self.source.restart();
                    MemberPart::Between
                }
                MemberPart::End if output.written_len() == before => {
                    return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                MemberPart::End => MemberPart::End,
                MemberPart::Between => {
                    let wanted = signatures::BYTES;
                    let first = ready!(self.source.poll_peek(context, wanted))?;
                    if first.is_empty() {
                        MemberPart::Over
                    } else if signatures::begins_member(self.encoding, &first) {
                        self.codec.reinit()?;
                        MemberPart::Data
                    } else {
                        MemberPart::Rest
                    }
                }
                MemberPart::Rest => {
                    let rest = ready!(Pin::new(&mut self.source).poll_fill_buf(context))?;
                    if rest.iter().any(|byte| *byte != 0) {
                        self.warnings.continues(self.encoding);
                    }
                    match rest.len() {
                        0 => MemberPart::Over,
                        length => {
                            self.consume(length);
                            MemberPart::Rest
                        }
                    }
                }
            };
        }
        Poll::Ready(Ok(()))
    }

    fn consume(&mut self, bytes: usize) {
        self.read_without_output = self.read_without_output.saturating_add(bytes);
        Pin::new(&mut self.source).consume(bytes);
    }
}

impl<R: AsyncBufRead + Unpin> AsyncRead for MemberReader<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut output = WriteBuffer::new_initialized(buffer.initialize_unfilled());
        let polled = this.poll_decode(context, &mut output);
        let written = output.written_len();
        if written == 0 {
            return polled;
        }
        this.read_without_output = 0;
        buffer.advance(written);
        if let Poll::Ready(Err(error)) = polled {
            this.part = MemberPart::Broken(Some(error));
        }
        Poll::Ready(Ok(()))
    }
}
