//! A connector's way to the network, and when the host sends its calls.

mod allowed;
mod demo_quota;
mod exchanges;
mod explained;
mod gate;
mod governor;
mod heads;
pub(crate) mod proxies;
mod quota_forms;
mod quotas;
mod refusal_rules;
mod refusals;
mod temporary;
mod tls;

use crate::{guests, host_with_config};
use serde_json::Value;
use weld_host_tests::host::Host;
use weld_host_tests::upstream::Upstream;

/// A host whose connector `guest` may call this upstream, with further configuration.
pub(crate) fn host_for(upstream: &Upstream, more: &str) -> Host {
    let config = format!("[network]\nallow = [\"{}\"]\n{more}", upstream.origin());
    host_with_config(guests::FETCHES, &config)
}

/// The guest's report about a request.
pub(crate) fn fetch(host: &Host, request: &Value) -> Value {
    host.weld("guest").good_row("rows", request)
}
