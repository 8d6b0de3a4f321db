//! Reading from sources that have their own buffer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, ReadBuf};

/// Copies a reader's buffered bytes, for implementations of [`tokio::io::AsyncRead`].
pub(super) fn poll_copied<R: AsyncBufRead>(
    mut reader: Pin<&mut R>,
    context: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let available = ready!(reader.as_mut().poll_fill_buf(context))?;
    let (taken, _) = available.split_at(available.len().min(buffer.remaining()));
    buffer.put_slice(taken);
    let amount = taken.len();
    reader.consume(amount);
    Poll::Ready(Ok(()))
}
