//! What this host offers to components, and the linking of one with it.

use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use super::compile_error::CompileError;
use super::store::CallState;
use crate::bindings::ConnectorPre;
use crate::imports;

/// A component whose imports are resolved and whose exports are found: what instances are made from.
pub(super) type Blueprint = ConnectorPre<CallState>;

/// All that a component may import: WASI, its HTTP, and the contract's `host`.
pub(super) struct HostLinker(Linker<CallState>);

impl HostLinker {
    /// # Errors
    ///
    /// Two of the offered functions have the same name.
    pub(super) fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        imports::add_wasi_http_to_linker(&mut linker, CallState::wasi_http)?;
        imports::add_to_linker(&mut linker, CallState::imports)?;
        Ok(Self(linker))
    }

    /// Links a component with what this host offers.
    ///
    /// # Errors
    ///
    /// [`CompileError`]: `Imports` or `Exports`.
    pub(super) fn link(&self, component: &Component) -> Result<Blueprint, CompileError> {
        let linked = self
            .0
            .instantiate_pre(component)
            .map_err(|error| CompileError::Imports {
                source: error.into_boxed_dyn_error(),
            })?;
        ConnectorPre::new(linked).map_err(|error| CompileError::Exports {
            source: error.into_boxed_dyn_error(),
        })
    }
}
