//! A request's body as it is sent, within the limits on its size and time.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tokio::time::{Instant, Sleep};

use crate::egress::byte_counter::ByteCounter;
use crate::egress::error::EgressError;
use crate::egress::outgoing::{OutgoingBody, StreamedBody, TransferError};
use crate::egress::phase::{CallPhase, PhaseClock, PhaseTime};
use crate::egress::record::CallRecord;
use crate::egress::timeout::Timeout;
use crate::scope::{ByteQuotaError, CallScope, Deadline, TimeBound};

/// A request's body within its limits. The record counts the sent bytes.
pub(super) fn bounded(
    body: OutgoingBody,
    max_bytes: u64,
    deadline: Deadline,
    scope: &Arc<CallScope>,
    record: &CallRecord,
) -> Result<UnsyncBoxBody<Bytes, TransferError>, BodyFault> {
    let too_large = |bytes: u64| {
        (bytes > max_bytes)
            .then_some(BodyFault::TooLarge {
                limit_bytes: max_bytes,
            })
            .map_or(Ok(()), Err)
    };
    match body {
        OutgoingBody::Whole(bytes) => {
            too_large(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
            scope.network.take_bytes(bytes.len())?;
            record.sent_bytes().add(bytes.len());
            Ok(Full::new(bytes)
                .map_err(|never| match never {})
                .boxed_unsync())
        }
        OutgoingBody::Streamed(streamed) => {
            too_large(streamed.length.unwrap_or(0))?;
            Ok(BoundedBody {
                streamed,
                left: max_bytes,
                max_bytes,
                time: Box::pin(tokio::time::sleep_until(deadline.at)),
                bound: deadline.bound(),
                scope: scope.clone(),
                sent: record.sent_bytes(),
                phases: record.phases(),
            }
            .boxed_unsync())
        }
    }
}

/// Why a stream was not sent to its end.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(in crate::egress) enum BodyFault {
    #[error("the request is too large")]
    TooLarge { limit_bytes: u64 },
    #[error("the page has used up its bytes")]
    OverQuota { limit_bytes: u64 },
    #[error("the request timed out")]
    OutOfTime { bound: TimeBound },
}

impl From<ByteQuotaError> for BodyFault {
    fn from(ByteQuotaError { limit_bytes }: ByteQuotaError) -> Self {
        Self::OverQuota { limit_bytes }
    }
}

impl BodyFault {
    /// The error of a request that had waited this long.
    pub(in crate::egress) fn into_error(self, waited: PhaseTime) -> EgressError {
        match self {
            Self::TooLarge { limit_bytes } => EgressError::RequestTooLarge { limit_bytes },
            Self::OverQuota { limit_bytes } => EgressError::TooManyBytes { limit_bytes },
            Self::OutOfTime { bound } => Timeout::Deadline(bound).after(waited),
        }
    }
}

struct BoundedBody {
    streamed: StreamedBody,
    left: u64,
    max_bytes: u64,
    /// An upstream may answer before it has the whole request, and accept the rest for as long as the guest writes.
    time: Pin<Box<Sleep>>,
    bound: TimeBound,
    scope: Arc<CallScope>,
    sent: ByteCounter,
    phases: PhaseClock,
}

impl BoundedBody {
    fn count(&mut self, bytes: usize) -> Result<(), BodyFault> {
        let length = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or(BodyFault::TooLarge {
            limit_bytes: self.max_bytes,
        })?;
        self.scope.network.take_bytes(bytes)?;
        self.sent.add(bytes);
        Ok(())
    }
}

impl Body for BoundedBody {
    type Data = Bytes;
    type Error = TransferError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransferError>>> {
        let this = self.get_mut();
        loop {
            // The clock is checked as well: a guest that always has more data never lets a timer run.
            let is_over = this.time.deadline() <= Instant::now()
                || this.time.as_mut().poll(context).is_ready();
            if is_over {
                let bound = this.bound;
                return Poll::Ready(Some(Err(BodyFault::OutOfTime { bound }.into())));
            }
            let frame = ready!(Pin::new(&mut this.streamed.body).poll_frame(context));
            return Poll::Ready(match frame {
                None => {
                    this.phases.enter(CallPhase::Head);
                    None
                }
                Some(Err(error)) => Some(Err(error)),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => Some(
                        this.count(data.len())
                            .map(|()| Frame::data(data))
                            .map_err(Into::into),
                    ),
                    // A guest's trailers could take the place of headers that it may not set.
                    Err(_trailers) => continue,
                },
            });
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.streamed
            .length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
