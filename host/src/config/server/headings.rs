//! The headings under which help lists flags.

/// Folders that a command reads or writes, and how it follows their changes.
pub const FOLDERS: &str = "Folders";
/// Keys of clients and of the token store.
pub const KEYS: &str = "Keys";
/// Listening, requests, and where requests of connectors go.
pub const NETWORK: &str = "Network";
/// Proxies between the host and APIs.
pub const PROXIES: &str = "Proxies to APIs";
/// What the server, a connector or a call may use.
pub const LIMITS: &str = "Limits";
/// The log.
pub const LOGGING: &str = "Logging";
