//! A component's bytes, with the cache key of their compiled form.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use wasmtime::Engine;

use super::language::language;
use crate::report::hexadecimal;

/// The bytes of a component. Their digest is computed only once.
#[derive(Debug, Clone)]
pub(crate) struct Wasm {
    bytes: Bytes,
    digest: Arc<str>,
    key: Arc<str>,
    settings: String,
}

impl Wasm {
    /// Wraps a component's bytes. Call it on a thread for blocking work: a large component takes tens of milliseconds.
    pub(super) fn new(engine: &Engine, bytes: Bytes) -> Self {
        let settings = settings_digest(engine);
        let digest: Arc<str> = hexadecimal(&Sha256::digest(&bytes)).into();
        // Of the digest and not of the bytes, so that these are read only once.
        let key = Sha256::new_with_prefix(&settings).chain_update(&*digest);
        let key = hexadecimal(&key.finalize()).into();
        Self {
            bytes,
            digest,
            key,
            settings,
        }
    }

    /// A digest of everything but the component that affects its compiled form.
    pub(super) fn settings(&self) -> &str {
        &self.settings
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// The SHA-256 of the bytes, in hexadecimal digits.
    pub(crate) fn digest(&self) -> &Arc<str> {
        &self.digest
    }

    /// The programming language that the component was written in, as its toolchain recorded it; `None` if it recorded
    /// none. Call it on a thread for blocking work: it reads the whole component.
    pub(crate) fn language(&self) -> Option<String> {
        language(&self.bytes)
    }

    /// The cache key of the compiled form: a digest of the component, of the engine's settings that affect the code, and
    /// of the host's version.
    pub(crate) fn key(&self) -> &Arc<str> {
        &self.key
    }
}

/// A digest of the engine's settings that affect the code, and of the host's version.
pub(super) fn settings_digest(engine: &Engine) -> String {
    let mut settings = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let mut digest = Sha256::new_with_prefix(env!("CARGO_PKG_VERSION"));
    digest.update(settings.finish().to_le_bytes());
    hexadecimal(&digest.finalize())
}
