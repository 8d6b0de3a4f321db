//! The limits of calls, connectors and upstreams; others are served meanwhile.

mod calls;
mod fairness;
mod handed_over;
mod held_bytes;
mod held_memory;
mod held_states;
mod host_resources;
mod host_work;
mod isolation;
mod page_exchanges;
mod upstream_memory;

use crate::assert_error;
use serde_json::json;
use weld_host_tests::host::Host;

/// Checks that a request for each of these tables crashes the connector `guest`, and that the host keeps serving.
fn assert_only_the_guest_crashes(host: &Host, tables: &[&str]) {
    let weld = host.weld("guest");
    for table in tables {
        let answer = weld.page(table, &json!({}));
        assert_error(&answer, 500, "connector_crashed");
    }
    assert_eq!(weld.schema().status(), 200, "the host keeps serving");
}
