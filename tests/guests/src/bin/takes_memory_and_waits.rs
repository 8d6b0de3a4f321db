//! Allocates the `mebibytes` of its state, reports it, and sleeps for a long time.
//! The host must count them towards the memory of all connectors: others wait, or get none, until there is enough.

use serde_json::Value;
use weld_test_guests::{Error, Page, connector, host, last_page};

fn fetch_page(_table: String, state: String) -> Result<Page, Error> {
    let wanted: Value =
        serde_json::from_str(&state).map_err(|error| Error::InvalidState(error.to_string()))?;
    let mebibytes = wanted.get("mebibytes").and_then(Value::as_u64).unwrap_or(1);
    let taken = vec![1_u8; usize::try_from(mebibytes << 20).unwrap_or(usize::MAX)];
    std::hint::black_box(&taken);
    println!("holds its memory");
    let slept = host::sleep(3_600_000);
    last_page("[]", format!("{{\"slept\": {}}}", slept.is_ok()))
}

connector!(fetch_page);
