//! `weld-host sync`: from a connector to a table.

mod across;
mod answers;
mod components;
mod destinations;
mod events;
mod failed_calls;
mod failures;
mod kill;
mod limits;
mod maps;
mod names;
mod runs;
mod sharing;
mod signals;
mod states;
mod terminal;

use crate::{PROGRAM, host};
use std::path::Path;
use weld_host_tests::demo_api::Api;
use weld_host_tests::desk::Desk;
use weld_host_tests::host::Host;

const KEY: &str = "correct horse";

/// The folder for syncs in these tests. All share one cache, which survives the run.
fn desk() -> Desk {
    Desk::new(
        PROGRAM,
        &Path::new(env!("CARGO_TARGET_TMPDIR")).join("sync"),
    )
}

/// A host that requires [`KEY`], with the example connector for this API, and the connector's URL.
fn beers(api: &Api) -> (Host, String) {
    let host = host()
        .example(&api.config(""))
        .variable("WELD_API_KEY", KEY)
        .start();
    let url = format!("http://{}/beers", host.address());
    (host, url)
}
