//! The types of `host` that are copied into a guest, if the host still uses them afterward.

use std::sync::Arc;

use wasmtime::component::{ComponentType, Lower};

use crate::account::Bulk;

/// `http-response`.
#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(crate) struct ReturnedResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: ReturnedBody,
    pub(crate) url: String,
}

/// `body`. Wasmtime drops its clone after copying it, on a thread where guests run: the host keeps another clone, so
/// that a large body is freed elsewhere.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(variant)]
pub(crate) enum ReturnedBody {
    #[component(name = "text")]
    Text(Arc<String>),
    #[component(name = "bytes")]
    Bytes(Arc<Vec<u8>>),
}

impl Default for ReturnedBody {
    fn default() -> Self {
        Self::Bytes(Arc::default())
    }
}

impl Bulk for ReturnedBody {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.held_bytes(),
            Self::Bytes(bytes) => bytes.held_bytes(),
        }
    }

    fn shorten(&mut self, bytes: usize) {
        match self {
            Self::Text(text) => text.shorten(bytes),
            Self::Bytes(own) => own.shorten(bytes),
        }
    }
}
