//! Pages in the middle of their calls for as long as a test needs: the upstream answers when a gate opens, or never.

use crate::gate::Gate;
use crate::host::{Host, HostBuilder};
use crate::upstream::Upstream;
use crate::weld::{Pending, Request};
use serde_json::{Value, json};

/// A host with one call, which runs until the gate opens.
pub struct HeldCall {
    /// The host, with the one connector `guest`.
    pub host: Host,
    /// The page that waits for the call.
    pub page: Pending,
    /// The state of its request.
    pub state: Value,
    /// Lets the upstream answer `in time`.
    pub release: Gate,
}

impl HostBuilder {
    /// Starts the host with the connector `guest`, and waits until one of its pages has reached the upstream. The
    /// component must be the test guest that fetches what its state says.
    ///
    /// # Panics
    /// If the host doesn't start, or nothing reaches the upstream.
    pub fn start_with_held_call(self, component: &str) -> HeldCall {
        let (arrived, release) = (Gate::shut(), Gate::shut());
        let (arrival, hold) = (arrived.clone(), release.clone());
        let upstream = Upstream::start(move |_, exchange| {
            arrival.open();
            hold.pass("the test to release the upstream");
            exchange.answer(200, &[], "in time");
        });
        let config = format!("[network]\nallow = [\"{}\"]", upstream.origin());
        let host = self
            .plugin("guest", component)
            .config("guest", &config)
            .start();
        let state = json!({ "url": upstream.url("/") });
        let page = host
            .weld("guest")
            .page_request("rows", &state)
            .begin()
            .unwrap();
        arrived.pass("the page's call");
        HeldCall {
            host,
            page,
            state,
            release,
        }
    }
}

/// A host whose calls wait for an upstream that never answers.
pub struct UnansweredCalls {
    /// The host, with the one connector `guest`.
    pub host: Host,
    /// Opened by the first call that reaches the upstream.
    pub arrived: Gate,
    /// Opened once the host has closed a connection to the upstream.
    pub closed: Gate,
    /// The state that makes the guest call the upstream.
    pub state: Value,
}

impl UnansweredCalls {
    /// A request for a page, which will wait for the upstream.
    pub fn page(&self) -> Request {
        self.host.weld("guest").page_request("rows", &self.state)
    }
}

impl HostBuilder {
    /// Starts the host with the connector `guest`, whose calls run for this `linger` without a client. The component
    /// must be the test guest that fetches what its state says.
    ///
    /// # Panics
    /// If the host doesn't start.
    pub fn start_with_unanswered_calls(self, component: &str, linger: &str) -> UnansweredCalls {
        let (arrived, closed) = (Gate::shut(), Gate::shut());
        let (arrival, closing) = (arrived.clone(), closed.clone());
        let upstream = Upstream::start(move |_, exchange| {
            arrival.open();
            exchange.wait_for_close();
            closing.open();
        });
        let config = format!(
            "[network]\nallow = [\"{}\"]\n[limits]\nlinger = \"{linger}\"",
            upstream.origin()
        );
        let host = self
            .plugin("guest", component)
            .config("guest", &config)
            .start();
        UnansweredCalls {
            host,
            arrived,
            closed,
            state: json!({ "url": upstream.url("/") }),
        }
    }
}
