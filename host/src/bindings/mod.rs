//! The contract of `wit/connector.wit` as Rust types, for the rooms that talk to a guest.
//!
//! This room has the only `bindgen!` of the host, and types for values that it has none for: values that a guest hands
//! over (`handed`), which are charged to its call before they are copied, and large values that it receives
//! (`returned`).

mod handed;
mod handed_host;
mod handed_source;
mod handed_text;
mod returned;
#[cfg(test)]
mod tests;

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::restriction,
    clippy::pedantic,
    reason = "generated code; the documentation is in wit/connector.wit"
)]
mod generated {
    wasmtime::component::bindgen!({
        path: "wit",
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
pub(crate) use handed::{HandedList, PAID_BYTES_FOR_ONE, paid_by, payment};
pub(crate) use handed_host::HandedRequest;
pub(crate) use handed_source::{HandedError, HandedPage, HandedTable};
pub(crate) use handed_text::HandedText;
pub(crate) use returned::{ReturnedBody, ReturnedResponse};
