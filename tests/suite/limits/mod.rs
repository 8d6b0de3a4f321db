//! What calls, connectors and upstreams may take, and that the others are served meanwhile.

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

/// Checks that asking for each of these tables is a crash of the connector `guest`, after which the host serves on.
fn assert_only_the_guest_crashes(host: &Host, tables: &[&str]) {
    let weld = host.weld("guest");
    for table in tables {
        let answer = weld.page(table, &json!({}));
        assert_error(&answer, 500, "connector_crashed");
    }
    assert_eq!(weld.schema().status(), 200, "the host serves on");
}
