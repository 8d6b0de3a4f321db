//! The ids of traces and spans.

use std::fmt::{self, Display, Formatter};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::report;

/// The id of a trace: 16 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct TraceId(pub(super) [u8; 16]);

/// The id of a span: 8 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct SpanId(pub(super) [u8; 8]);

impl TraceId {
    /// Reads 32 lower-case hexadecimal digits. `None` if there are others, or only zeros.
    pub(super) fn parse(text: &str) -> Option<Self> {
        bytes(text).filter(|id| *id != [0; 16]).map(Self)
    }
}

impl SpanId {
    /// Reads 16 lower-case hexadecimal digits. `None` if there are others, or only zeros.
    pub(super) fn parse(text: &str) -> Option<Self> {
        bytes(text).filter(|id| *id != [0; 8]).map(Self)
    }
}

/// The bytes that a text of lower-case hexadecimal digits stands for.
pub(super) fn bytes<const COUNT: usize>(text: &str) -> Option<[u8; COUNT]> {
    let digits = text.as_bytes();
    if digits.len() != COUNT * 2 || digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut bytes = [0; COUNT];
    for (byte, digits) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in digits {
            let digit = char::from(*digit).to_digit(16)?;
            *byte = (*byte << 4) | u8::try_from(digit).ok()?;
        }
    }
    Some(bytes)
}

impl Display for TraceId {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&report::hexadecimal(&self.0))
    }
}

impl Display for SpanId {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&report::hexadecimal(&self.0))
    }
}

/// Makes ids: keyed digests of a counter, with a random key. So ids are as good as random, and no system call is needed
/// for each.
#[derive(Debug, Default)]
pub(super) struct IdSource {
    key: RandomState,
    next: AtomicU64,
}

impl IdSource {
    /// The id of a new trace.
    pub(super) fn trace(&self) -> TraceId {
        let mut bytes = [0; 16];
        let (begin, end) = bytes.split_at_mut(8);
        begin.copy_from_slice(&self.number());
        end.copy_from_slice(&self.number());
        TraceId(bytes)
    }

    /// The id of a new span.
    pub(super) fn span(&self) -> SpanId {
        SpanId(self.number())
    }

    /// Eight bytes, not all zero.
    fn number(&self) -> [u8; 8] {
        let number = self.key.hash_one(self.next.fetch_add(1, Ordering::Relaxed));
        number.max(1).to_be_bytes()
    }
}
