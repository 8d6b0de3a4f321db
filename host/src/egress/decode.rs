//! Decodes the codings of a response as its bytes arrive.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, BufReader, ReadBuf};

use super::coded_source::{CodedSource, SourceView};
use super::codings::Codings;
use super::decoders::{codec, decoder_bytes};
use super::first_bytes::FirstBytes;
use super::member_reader::MemberReader;
use super::memory::ExchangeMemory;
use super::response_warnings::OriginWarnings;
use super::signatures;
use super::wire_pieces::CutReason;
use crate::account::Charge;
use crate::encoding::ContentEncoding;

/// How much of one layer's output is kept for the next layer.
const BETWEEN_BYTES: usize = 16 << 10;

/// How much one layer may pass to another before other tasks get a turn.
const TURN_BYTES: u64 = 256 << 10;

/// The decoded content of a body in these codings. No decoder keeps more of it than a window, however much it
/// produces; one decoder passes at most `max_bytes` to another.
pub(super) fn decoded<R>(
    codings: &Codings,
    body: R,
    memory: &ExchangeMemory,
    max_bytes: u64,
    warnings: &OriginWarnings,
) -> Pin<Box<dyn AsyncRead + Send>>
where
    R: AsyncBufRead + Send + Unpin + 'static,
{
    let layer = |encoding, body| {
        let view = Arc::<SourceView>::default();
        let source = CodedSource::new(body, view.clone());
        CodingLayer {
            encoding,
            is_part: codings.is_part,
            memory: memory.clone(),
            warnings: warnings.clone(),
            view,
            state: LayerState::Waiting(FirstBytes::new(source)),
            _charge: None,
        }
    };
    let mut body: CodedBody = Box::pin(body);
    let mut inner = codings.series.iter().copied();
    let outermost = inner.next();
    for encoding in inner.rev() {
        let between = LayerBytes {
            layer: layer(encoding, body),
            left: max_bytes,
            in_turn: TURN_BYTES,
        };
        body = Box::pin(BufReader::with_capacity(BETWEEN_BYTES, between));
    }
    match outermost {
        Some(encoding) => Box::pin(layer(encoding, body)),
        None => Box::pin(body),
    }
}

type CodedBody = Pin<Box<dyn AsyncBufRead + Send>>;

/// A layer's body, whose first bytes are inspected.
type LayerSource = FirstBytes<CodedSource<CodedBody>>;

/// One coding of a body.
struct CodingLayer {
    encoding: ContentEncoding,
    is_part: bool,
    memory: ExchangeMemory,
    warnings: OriginWarnings,
    view: Arc<SourceView>,
    state: LayerState,
    /// For the decoder, once there is one.
    _charge: Option<Charge>,
}

enum LayerState {
    /// Waits for the first bytes. Answers to HEAD and answers with status 204 or 304 have none, though their headers
    /// describe a body.
    Waiting(LayerSource),
    /// Its label is wrong.
    Plain(LayerSource),
    Coded(MemberReader<CodedSource<CodedBody>>),
    Ended,
}

impl CodingLayer {
    /// Chooses how to read the body, by its first bytes.
    fn begun(&mut self, first: &[u8], body: LayerSource) -> io::Result<LayerState> {
        if first.is_empty() {
            return Ok(LayerState::Ended);
        }
        // The middle of coded data may begin with any bytes.
        if !self.is_part {
            if let Some(found) = signatures::other_than(self.encoding, first) {
                self.warnings.is_another(self.encoding, found);
                self.encoding = found;
            } else if !signatures::may_begin(self.encoding, first) {
                self.warnings.is_not_coded(self.encoding);
                return Ok(LayerState::Plain(body));
            }
        }
        let bytes = decoder_bytes(self.encoding, first.first().copied())?;
        self._charge = Some(self.memory.charge(bytes).map_err(io::Error::other)?);
        let codec = codec(self.encoding, first);
        let warnings = self.warnings.clone();
        let reader = MemberReader::new(body, self.encoding, codec, warnings);
        Ok(LayerState::Coded(reader))
    }
}

impl AsyncRead for CodingLayer {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match &mut this.state {
                LayerState::Ended => return Poll::Ready(Ok(())),
                LayerState::Coded(decoder) => {
                    let read = ready!(Pin::new(decoder).poll_read(context, buffer));
                    return Poll::Ready(
                        read.map_err(|error| this.view.judged(this.encoding, error)),
                    );
                }
                LayerState::Plain(body) => return Pin::new(body).poll_read(context, buffer),
                LayerState::Waiting(body) => {
                    let first = ready!(body.poll_peek(context, signatures::BYTES))?;
                    if let LayerState::Waiting(body) =
                        std::mem::replace(&mut this.state, LayerState::Ended)
                    {
                        this.state = this.begun(&first, body)?;
                    }
                }
            }
        }
    }
}

/// One layer's output for another, within its bounds: it may be much more than either end of the body ever sees.
struct LayerBytes {
    layer: CodingLayer,
    left: u64,
    /// How many bytes may still come in this turn.
    in_turn: u64,
}

impl AsyncRead for LayerBytes {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.in_turn == 0 {
            this.in_turn = TURN_BYTES;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.layer).poll_read(context, buffer))?;
        let bytes = buffer.filled().len().saturating_sub(before);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        this.in_turn = this.in_turn.saturating_sub(bytes);
        let Some(left) = this.left.checked_sub(bytes) else {
            return Poll::Ready(Err(io::Error::other(CutReason::TooLong)));
        };
        this.left = left;
        Poll::Ready(Ok(()))
    }
}
