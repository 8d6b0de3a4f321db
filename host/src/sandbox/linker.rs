//! The functions that this host offers to components, and linking a component with them.

use wasmtime::component::{
    Component, ComponentExportIndex, Instance, InstancePre, Linker, TypedFunc,
};
use wasmtime::{Engine, Store};

use super::compile_error::CompileError;
use super::store::CallState;
use crate::bindings::{HandedError, HandedList, HandedPage, HandedTable};
use crate::imports;

/// The interface that a component must export.
const SOURCE: &str = "weld:connector/source@0.1.0";

/// The interface with which a component sends requests by WASI, in any version.
const WASI_HTTP: &str = "wasi:http/outgoing-handler";

/// An export has another type than this host expects.
#[derive(Debug, thiserror::Error)]
#[error("the export `{export}` of `{SOURCE}` has another type than this host expects: {cause}")]
pub(super) struct ExportTypeFault {
    export: &'static str,
    cause: String,
}

/// The export `schema`.
type SchemaFunction = TypedFunc<(), (Result<HandedList<HandedTable>, HandedError>,)>;

/// The export `fetch-page`: a table's name and a state.
type PageFunction<'a> = TypedFunc<(&'a str, &'a str), (Result<HandedPage, HandedError>,)>;

/// A component with resolved imports and known exports, from which instances are created.
pub(super) struct Blueprint {
    linked: InstancePre<CallState>,
    schema: ComponentExportIndex,
    fetch_page: ComponentExportIndex,
    /// Whether the component imports `wasi:http/outgoing-handler`.
    pub(super) imports_wasi_http: bool,
}

/// An instance of a component.
pub(super) struct Guest {
    instance: Instance,
    schema: ComponentExportIndex,
    fetch_page: ComponentExportIndex,
}

impl Blueprint {
    /// # Errors
    ///
    /// A start function traps, or there is no memory for another instance.
    pub(super) async fn instantiate(
        &self,
        store: &mut Store<CallState>,
    ) -> wasmtime::Result<Guest> {
        Ok(Guest {
            instance: self.linked.instantiate_async(store).await?,
            schema: self.schema,
            fetch_page: self.fetch_page,
        })
    }
}

impl Guest {
    /// # Errors
    ///
    /// [`ExportTypeFault`].
    pub(super) fn schema(&self, store: &mut Store<CallState>) -> wasmtime::Result<SchemaFunction> {
        let function = self.instance.get_typed_func(store, self.schema);
        Ok(function.map_err(|error| other_type_fault("schema", &error))?)
    }

    /// # Errors
    ///
    /// [`ExportTypeFault`].
    pub(super) fn fetch_page<'a>(
        &self,
        store: &mut Store<CallState>,
    ) -> wasmtime::Result<PageFunction<'a>> {
        let function = self.instance.get_typed_func(store, self.fetch_page);
        Ok(function.map_err(|error| other_type_fault("fetch-page", &error))?)
    }
}

fn other_type_fault(export: &'static str, error: &wasmtime::Error) -> ExportTypeFault {
    ExportTypeFault {
        export,
        cause: error.root_cause().to_string(),
    }
}

/// Everything that a component may import: WASI, its HTTP, and the contract's `host`.
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

    /// Links a component with the functions that this host offers.
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
        let exports = |error: wasmtime::Error| CompileError::Exports {
            source: error.into_boxed_dyn_error(),
        };
        let source = component.get_export_index(None, SOURCE).ok_or_else(|| {
            exports(wasmtime::format_err!(
                "no exported instance named `{SOURCE}`"
            ))
        })?;
        let function = |name| {
            component
                .get_export_index(Some(&source), name)
                .ok_or_else(|| {
                    exports(wasmtime::format_err!(
                        "instance export `{SOURCE}` does not have export `{name}`"
                    ))
                })
        };
        let component_type = component.component_type();
        let mut imports = component_type.imports(self.0.engine());
        Ok(Blueprint {
            imports_wasi_http: imports.any(|(name, _)| is_wasi_http(name)),
            schema: function("schema")?,
            fetch_page: function("fetch-page")?,
            linked,
        })
    }
}

/// Whether the name of an import is `wasi:http/outgoing-handler`, with or without a version.
fn is_wasi_http(import: &str) -> bool {
    let rest = import.strip_prefix(WASI_HTTP);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report;

    #[test]
    fn exports_outside_of_the_interface_do_not_count() {
        let engine = Engine::default();
        let linker = HostLinker::new(&engine).unwrap();
        let component = |exports: &str| {
            let text = format!(
                r#"(component
                    (core module $module (func (export "f")))
                    (core instance $instance (instantiate $module))
                    (func $f (canon lift (core func $instance "f")))
                    (instance $empty)
                    (instance $half (export "schema" (func $f)))
                    {exports})"#
            );
            Component::new(&engine, wat::parse_str(text).unwrap()).unwrap()
        };
        for (exports, cause) in [
            (
                r#"(export "schema" (func $f)) (export "fetch-page" (func $f))"#.to_owned(),
                format!("no exported instance named `{SOURCE}`"),
            ),
            (
                format!(r#"(export "schema" (func $f)) (export "{SOURCE}" (instance $empty))"#),
                format!("instance export `{SOURCE}` does not have export `schema`"),
            ),
            (
                format!(r#"(export "fetch-page" (func $f)) (export "{SOURCE}" (instance $half))"#),
                format!("instance export `{SOURCE}` does not have export `fetch-page`"),
            ),
        ] {
            let refused = linker.link(&component(&exports)).err().unwrap();
            assert!(matches!(refused, CompileError::Exports { .. }));
            assert!(report::chain(&refused).ends_with(&cause), "{refused:?}");
        }
    }
}
