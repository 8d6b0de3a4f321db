//! What a coded body holds: its members, decoded one after the other, without what follows the last one.
//!
//! Gzip and Zstandard may go on with another member where one ends; the other codings end once. Servers that write in blocks
//! pad the end with zeros, and some leave bytes there that belong to nothing. Both are left out, as browsers leave them out.

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

/// What may be read without anything coming out before everybody else has a turn.
const TURN_BYTES: usize = 64 << 10;

/// Reads what a coded body holds.
pub(super) struct MemberReader<R> {
    source: FirstBytes<R>,
    encoding: ContentEncoding,
    codec: Box<dyn DecodeV2 + Send>,
    part: MemberPart,
    /// What was read since something came out.
    in_vain: usize,
    warnings: OriginWarnings,
}

/// Where in a body its reader is.
enum MemberPart {
    Data,
    /// The codec has all of a member, though perhaps not given all of it.
    End,
    /// Another member may follow.
    Between,
    /// Nothing counts any more.
    Rest,
    Over,
    /// After what could be decoded.
    Broken(Option<io::Error>),
}

impl<R: AsyncBufRead + Unpin> MemberReader<R> {
    /// For a body that `codec` reads.
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
            in_vain: 0,
            warnings,
        }
    }

    /// Decodes until there is no room left, or nothing more.
    fn poll_decode(
        &mut self,
        context: &mut Context<'_>,
        output: &mut WriteBuffer<'_>,
    ) -> Poll<io::Result<()>> {
        // It may have held back what found no room.
        if matches!(self.part, MemberPart::Data)
            && matches!(
                self.codec.decode(&mut PartialBuffer::new(&[]), output),
                Ok(true)
            )
        {
            self.part = MemberPart::End;
        }
        while !output.has_no_spare_space() {
            if self.in_vain >= TURN_BYTES {
                self.in_vain = 0;
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
                        self.warnings.goes_on(self.encoding);
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
        self.in_vain = self.in_vain.saturating_add(bytes);
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
        this.in_vain = 0;
        buffer.advance(written);
        if let Poll::Ready(Err(error)) = polled {
            this.part = MemberPart::Broken(Some(error));
        }
        Poll::Ready(Ok(()))
    }
}
