//! Calls that only compute for as long as they exist: the baseline of an attack.

use serde_json::json;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::weld::Pending;

use super::guests;

const NAME: &str = "loops";

/// What the guest writes to its log before it computes.
const BEGUN: &str = "begun";

/// This many calls, all of which compute until this is dropped.
pub(crate) struct Loops(Vec<Pending>);

impl Loops {
    /// Adds the connector, with room for this many concurrent calls. They may compute for longer than a comparison
    /// takes.
    pub(crate) fn add_to(host: HostBuilder, calls: usize) -> HostBuilder {
        let limits =
            format!("[limits]\ncpu-time = \"10m\"\nlinger = \"0s\"\nconcurrency = {calls}");
        host.plugin(NAME, guests::LOOPS_FOREVER)
            .config(NAME, &limits)
    }

    /// Begins this many calls, and waits until every one of them computes.
    ///
    /// # Panics
    /// If one of them is refused, since fewer calls would not be comparable.
    pub(crate) fn begin(host: &Host, calls: usize) -> Self {
        let weld = host.weld(NAME);
        let pending = (0..calls)
            .map(|number| weld.page_request("rows", &json!({ "n": number })))
            .map(|request| request.begin().expect("the host listens"))
            .collect();
        let begun = |lines: &[String]| lines.iter().filter(|line| line.contains(BEGUN)).count();
        assert!(
            host.log().wait_until(|lines| begun(lines) >= calls),
            "the host has ended"
        );
        Self(pending)
    }

    /// Ends them.
    ///
    /// # Panics
    /// If one of them had ended before.
    pub(crate) fn end(self) {
        for pending in self.0 {
            assert!(pending.is_unanswered(), "a loop has ended early");
        }
    }
}
