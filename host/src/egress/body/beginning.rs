//! A body's beginning, read before the body's reader.

use bytes::Bytes;
use http_body_util::BodyExt;

use super::ResponseBody;
use crate::account::{Holding, MemoryError};
use crate::egress::error::EgressError;

/// The part of a body that has been read but not passed on yet.
#[derive(Default)]
pub(super) struct Beginning {
    bytes: Option<Bytes>,
    /// The error with which the body ended after that.
    failure: Option<EgressError>,
}

impl Beginning {
    /// What the body's reader gets next; `None` if there is nothing left.
    pub(super) fn next(&mut self) -> Option<Result<Bytes, EgressError>> {
        let bytes = self.bytes.take().map(Ok);
        bytes.or_else(|| self.failure.take().map(Err))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_none() && self.failure.is_none()
    }
}

impl ResponseBody {
    /// Reads the body's beginning, up to the piece in which these bytes end. It is charged, and stays part of the
    /// body. If the body fails meanwhile, its reader gets the failure. Returns the beginning, and whether it is the
    /// whole body.
    ///
    /// # Errors
    ///
    /// No memory is left for it.
    pub(in crate::egress) async fn begin(
        &mut self,
        least_bytes: usize,
    ) -> Result<(Bytes, bool), MemoryError> {
        let mut bytes = Holding::new(Vec::new(), self.limits.memory.charge(0)?);
        let mut is_whole = false;
        while bytes.len() <= least_bytes {
            let piece = match self.frame().await {
                None => {
                    is_whole = true;
                    break;
                }
                Some(Err(error)) => {
                    self.beginning.failure = Some(error);
                    break;
                }
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            };
            let most = u64::try_from(least_bytes).unwrap_or(u64::MAX);
            if let Err(error) = bytes.append(&piece, most) {
                self.record.fail(&error.into());
                return Err(error);
            }
            // A few compressed bytes can become many pieces, without any wait in between.
            self.limits.scope.cpu.take_turns().await;
        }
        let bytes = bytes.shared();
        self.beginning.bytes = Some(bytes.clone()).filter(|bytes| !bytes.is_empty());
        Ok((bytes, is_whole))
    }
}
