//! Data that a guest makes the host keep through `wasi:http` before it is sent, with its charge.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderValue;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use wasmtime_wasi_http::p2::bindings::http::types::Method;
use wasmtime_wasi_http::p2::types::HostOutgoingRequest;
use wasmtime_wasi_http::{Error, FieldMap, FieldMapError, WasiBody};

use crate::account::{Bulk, CallAccount, Charge, MemoryError, charged_bytes};
use crate::egress::{charged_header, header_bytes};

/// The largest size of one `fields`, and of one write to a body, in bytes.
pub(super) const MAX_FIELDS_BYTES: usize = 64 << 10;
pub(super) const CHUNK_BYTES: usize = 64 << 10;

/// How many chunks of a body may wait to be sent, in addition to the one that wasmtime always adds.
pub(super) const CHUNKS: usize = 1;

/// How many bodies one call may write at the same time.
const MAX_BODIES: usize = 256;

/// The memory of a body while it is written: its chunks, and the channel.
const BODY_BYTES: u64 = ((CHUNKS as u64) + 1) * (CHUNK_BYTES as u64) + 1024;

/// The longest method and authority of a request, in bytes. The type for paths limits them to 64 KiB.
const MAX_TEXT_BYTES: usize = 1024;

/// The memory of a request that has been handed over, in addition to its texts: the task that sends it.
const TASK_BYTES: u64 = 32 << 10;

/// A guest writes too many bodies at the same time.
#[derive(Debug, thiserror::Error)]
#[error(
    "the connector writes more than {MAX_BODIES} bodies of `wasi:http` at once: finish or drop some first"
)]
struct BodyCountFault;

/// Why headers could not be copied.
#[derive(Debug, thiserror::Error)]
pub(super) enum FieldsFault {
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error(transparent)]
    Fields(#[from] FieldMapError),
}

/// Ties a header's value to its charge.
type PayForHeader = fn(&HeaderValue, Charge) -> HeaderValue;

/// A value that a guest has just handed over.
struct AdoptedValue(HeaderValue);

impl AsRef<[u8]> for AdoptedValue {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Bulk for AdoptedValue {
    fn held_bytes(&self) -> usize {
        self.0.len()
    }
}

/// Ties a value that a guest has just handed over to its charge, without copying it. Copies would leave holes of the
/// value's size in the heap, which smaller allocations would fragment.
fn adopted_header(value: &HeaderValue, charge: Charge) -> HeaderValue {
    let bytes = charged_bytes(AdoptedValue(value.clone()), charge);
    // A valid value stays valid.
    HeaderValue::from_maybe_shared(bytes).unwrap_or_else(|_| value.clone())
}

/// The charges for the data that one call keeps in `wasi:http`.
pub(super) struct HeldRequests {
    account: Arc<CallAccount>,
    /// The charges for the texts of requests that are not handed over yet, by their index in the store's table.
    texts: HashMap<u32, Charge>,
    /// Has one clone for each body that is being written.
    bodies: Arc<()>,
}

impl HeldRequests {
    pub(super) fn new(account: &Arc<CallAccount>) -> Self {
        Self {
            account: account.clone(),
            texts: HashMap::new(),
            bodies: Arc::new(()),
        }
    }

    /// A mutable copy of fields. Each value is charged until its last copy is dropped.
    pub(super) fn copied(&self, fields: &FieldMap) -> Result<FieldMap, FieldsFault> {
        self.charged_copy(fields, charged_header)
    }

    /// Mutable fields with values that a guest has just handed over, charged.
    pub(super) fn adopted(&self, handed: &FieldMap) -> Result<FieldMap, FieldsFault> {
        self.charged_copy(handed, adopted_header)
    }

    /// Adds values that a guest has just handed over to fields, charged.
    pub(super) fn append(
        &self,
        fields: &mut FieldMap,
        handed: &FieldMap,
    ) -> Result<(), FieldsFault> {
        self.add(fields, handed, adopted_header)
    }

    fn charged_copy(&self, from: &FieldMap, pay: PayForHeader) -> Result<FieldMap, FieldsFault> {
        let mut fields = FieldMap::new_mutable(usize::MAX);
        self.add(&mut fields, from, pay)?;
        fields.set_mutable(MAX_FIELDS_BYTES);
        Ok(fields)
    }

    fn add(
        &self,
        fields: &mut FieldMap,
        more: &FieldMap,
        pay: PayForHeader,
    ) -> Result<(), FieldsFault> {
        for (name, value) in more.iter() {
            let charge = self.account.own(header_bytes(name, value))?;
            fields.append_raw(name.clone(), pay(value, charge))?;
        }
        Ok(())
    }

    /// Charges the current texts of the request at this index.
    pub(super) fn charge_texts(
        &mut self,
        place: u32,
        request: &HostOutgoingRequest,
    ) -> Result<(), MemoryError> {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::capacity);
        let method = match &request.method {
            Method::Other(name) => name.capacity(),
            _ => 0,
        };
        let bytes = length(&request.authority)
            .saturating_add(length(&request.path_with_query))
            .saturating_add(method);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        match self.texts.get_mut(&place) {
            Some(charge) => charge.resize(bytes),
            None => {
                self.texts.insert(place, self.account.own(bytes)?);
                Ok(())
            }
        }
    }

    /// Drops the charge for the request at this index, which has been dropped.
    pub(super) fn forget(&mut self, place: u32) {
        self.texts.remove(&place);
    }

    /// The charge for the request at this index, which is being handed over, and for the task that sends it.
    pub(super) fn hand_over(&mut self, place: u32) -> Result<Charge, MemoryError> {
        let texts = self.texts.remove(&place);
        let mut charge = match texts {
            Some(charge) => charge,
            None => self.account.own(0)?,
        };
        charge.grow(TASK_BYTES)?;
        Ok(charge)
    }

    /// Replaces the body that a guest has begun by one that is charged until it is sent or dropped.
    ///
    /// # Errors
    ///
    /// [`MemoryError`], or the guest writes too many bodies.
    pub(super) fn charge_body(&self, begun: &mut Option<WasiBody>) -> wasmtime::Result<()> {
        let Some(body) = begun.take() else {
            return Ok(());
        };
        // This struct holds one reference itself.
        if Arc::strong_count(&self.bodies) > MAX_BODIES {
            return Err(BodyCountFault.into());
        }
        let charged = ChargedBody {
            body,
            _charge: self.account.own(BODY_BYTES)?,
            _counted: self.bodies.clone(),
        };
        *begun = Some(charged.boxed_unsync());
        Ok(())
    }
}

/// Whether a method is short enough for a request.
pub(super) fn is_short_method(method: &Method) -> bool {
    !matches!(method, Method::Other(name) if name.len() > MAX_TEXT_BYTES)
}

/// Whether an authority is short enough for a request.
pub(super) fn is_short_authority(authority: Option<&String>) -> bool {
    authority.is_none_or(|authority| authority.len() <= MAX_TEXT_BYTES)
}

/// A body that a guest writes, with the charge for its waiting chunks.
struct ChargedBody {
    body: WasiBody,
    _charge: Charge,
    _counted: Arc<()>,
}

impl Body for ChargedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
