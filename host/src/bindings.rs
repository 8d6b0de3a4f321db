//! The contract of `wit/connector.wit` as Rust types, for the rooms that talk to a guest.
//!
//! The one `bindgen!` of the host. Only what calls and imports need leaves this file; nobody edits it to add
//! behavior.

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::restriction,
    clippy::pedantic,
    reason = "generated code; the documentation stands in wit/connector.wit"
)]
mod generated {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "connector",
        imports: {
            "weld:connector/host.http-fetch": async,
            "weld:connector/host.sleep": async,
        },
        exports: { default: async },
    });
}

pub(crate) use generated::exports::weld::connector::source;
pub(crate) use generated::weld::connector::host;
pub(crate) use generated::{Connector, ConnectorPre};
