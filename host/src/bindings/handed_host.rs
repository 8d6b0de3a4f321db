//! The types of `host` as they are read from a guest.

use wasmtime::component::{ComponentType, Lift};

use super::handed::{HandedBytes, HandedList, HandedText};

/// `http-request`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct HandedRequest {
    pub(crate) method: HandedText,
    pub(crate) url: HandedText,
    pub(crate) headers: HandedList<(HandedText, HandedText)>,
    pub(crate) body: Option<HandedBody>,
    pub(crate) timeout: Option<u32>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) credential: Option<HandedText>,
}

/// `body`.
#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum HandedBody {
    #[component(name = "text")]
    Text(HandedText),
    #[component(name = "bytes")]
    Bytes(HandedBytes),
}
