//! The connector of `guest-example/`, compiled with the host.

/// A component that syncs the demo API's five tables. It reads `API_BASE_URL`, `API_BEARER_TOKEN` and `PAUSE_MS`.
pub const EXAMPLE_CONNECTOR: &[u8] = include_bytes!(env!("WELD_EXAMPLE_CONNECTOR"));
