//! The memory that a request to the network takes, and who pays for it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::account::{CallAccount, Charge, MemoryError, charged_bytes};

/// The memory of one exchange in addition to its bodies: the connection's buffers or its window, in bytes. See
/// `pool.rs`.
pub(super) const EXCHANGE_BYTES: u64 = 512 << 10;

/// The memory of a header in addition to its name and value: its place in the map, and the value's own block with its
/// charge.
const HEADER_BYTES: u64 = 384;

/// The party that is charged for a request's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemoryPayer {
    /// The call, from `limits.memory`: a guest may have as many such requests open as it likes.
    Guest,
    /// Only the memory of all calls: the guest waits for this one request, and its sizes have their own limits.
    Host,
}

/// Where the memory of one request is charged.
#[derive(Debug, Clone)]
pub(super) struct ExchangeMemory {
    account: Arc<CallAccount>,
    payer: MemoryPayer,
}

impl ExchangeMemory {
    pub(super) fn new(account: &Arc<CallAccount>, payer: MemoryPayer) -> Self {
        Self {
            account: account.clone(),
            payer,
        }
    }

    /// # Errors
    ///
    /// [`MemoryError`]; then nothing is charged.
    pub(super) fn charge(&self, bytes: u64) -> Result<Charge, MemoryError> {
        match self.payer {
            MemoryPayer::Guest => self.account.own(bytes),
            MemoryPayer::Host => self.account.transit(bytes),
        }
    }

    /// The same headers in their own single block of memory, charged until the last copy of any of them is gone. As
    /// they arrive, they keep the connection's whole buffer alive.
    ///
    /// # Errors
    ///
    /// [`MemoryError`].
    pub(super) fn charged_headers(&self, mut headers: HeaderMap) -> Result<HeaderMap, MemoryError> {
        let lines = headers.iter();
        let charge = self.charge(lines.map(|(name, value)| header_bytes(name, value)).sum())?;
        let mut values = Vec::with_capacity(headers.values().map(HeaderValue::len).sum());
        for value in headers.values() {
            values.extend_from_slice(value.as_bytes());
        }
        let mut left = charged_bytes(values, charge);
        for value in headers.values_mut() {
            let bytes = left.split_to(value.len().min(left.len()));
            *value = as_value(bytes, value);
        }
        Ok(headers)
    }
}

/// The most memory that a response's headers take as the contract passes them to a guest: a byte of ISO 8859-1
/// becomes up to two of UTF-8.
pub(super) fn received_bytes(headers: &HeaderMap) -> u64 {
    headers
        .iter()
        .map(|(name, value)| header_bytes(name, value).saturating_add(in_bytes(value.len())))
        .sum()
}

/// The memory of a header in the host.
pub(crate) fn header_bytes(name: &HeaderName, value: &HeaderValue) -> u64 {
    in_bytes(name.as_str().len())
        .saturating_add(in_bytes(value.len()))
        .saturating_add(HEADER_BYTES)
}

/// The same value in its own memory, whose charge is returned with the last copy.
pub(crate) fn charged_header(value: &HeaderValue, charge: Charge) -> HeaderValue {
    as_value(charged_bytes(value.as_bytes().to_owned(), charge), value)
}

/// Turns the bytes of a header value back into a value.
fn as_value(bytes: Bytes, value: &HeaderValue) -> HeaderValue {
    // The bytes of a valid value are valid.
    let mut copy = HeaderValue::from_maybe_shared(bytes).unwrap_or_else(|_| value.clone());
    copy.set_sensitive(value.is_sensitive());
    copy
}

/// A length in the type of charges.
pub(super) fn in_bytes(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::HostAccount;

    fn memory(host: &Arc<HostAccount>) -> ExchangeMemory {
        ExchangeMemory::new(&CallAccount::new(host.clone(), 0), MemoryPayer::Host)
    }

    #[test]
    fn headers_are_paid_for_until_the_last_copy_is_gone() {
        let host = HostAccount::new(10_000);
        let mut headers = HeaderMap::new();
        for value in ["one", "", "three"] {
            headers.append("x-list", HeaderValue::from_static(value));
        }
        let charged = memory(&host).charged_headers(headers.clone()).unwrap();
        assert_eq!(charged, headers);
        let all = 3 * (6 + HEADER_BYTES) + 8;
        assert_eq!(host.used_bytes(), all);
        let last = charged.get_all("x-list").iter().nth(2).cloned();
        drop(charged);
        assert_eq!(host.used_bytes(), all, "the others' bytes are kept, too");
        drop(last);
        assert_eq!(host.used_bytes(), 0);
        headers.insert("x-long", "x".repeat(10_000).parse().unwrap());
        assert!(memory(&host).charged_headers(headers).is_err());
        assert_eq!(host.used_bytes(), 0);
    }
}
