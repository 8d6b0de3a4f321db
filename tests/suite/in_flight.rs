//! A page in the middle of its call, for as long as a test wants: its upstream answers when a gate opens.

use crate::guests;
use serde_json::{Value, json};
use weld_host_tests::gate::Gate;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::upstream::Upstream;
use weld_host_tests::weld::Pending;

/// A page that is in flight until the gate opens.
pub(crate) struct InFlight {
    pub(crate) host: Host,
    pub(crate) page: Pending,
    /// The state that it was asked for with.
    pub(crate) state: Value,
    /// Lets the upstream answer `in time`.
    pub(crate) release: Gate,
}

impl InFlight {
    /// Starts the host with the connector `guest`, and waits until the page has reached the upstream.
    pub(crate) fn start(builder: HostBuilder) -> Self {
        let (arrived, release) = (Gate::shut(), Gate::shut());
        let (arrival, hold) = (arrived.clone(), release.clone());
        let upstream = Upstream::start(move |_, exchange| {
            arrival.open();
            hold.pass("the test to release the upstream");
            exchange.answer(200, &[], "in time");
        });
        let config = format!("[network]\nallow = [\"{}\"]", upstream.origin());
        let host = builder
            .plugin("guest", guests::FETCHES)
            .config("guest", &config)
            .start();
        let state = json!({ "url": upstream.url("/") });
        let page = host
            .weld("guest")
            .page_request("rows", &state)
            .begin()
            .unwrap();
        arrived.pass("the page's call");
        Self {
            host,
            page,
            state,
            release,
        }
    }
}
