//! The only way to the network: checks whether a URL may be called, then calls it within the connector's limits.
//!
//! A request passes, in this order: its own form (`headers`), the allow rules, the page's quota, the addresses of its
//! host (`dial`), and on the way back the limits of its response (`body`). A redirect that is followed passes all of
//! them again. A credential is added after the rules, and again for each try (`auth`). All of it is the connector's
//! `upstream`, which the host's own requests for tokens use, too.
//!
//! From a call to its socket, there are six functions: `Egress::fetch` reads the whole response, `Egress::send`
//! follows redirects, `Upstream::send` makes the tries, `Upstream::once` writes the log line, `Upstream::exchange`
//! applies rules, credential and governor, and `exchange::send` enforces the timeouts around the client's pool, which
//! connects through `dial`, directly or by a proxy (`passage`). Guests do not belong here: this room knows requests and responses as plain values.
//!
//! Uses no other room except leaves; `config` provides the parsed rules, `scope` the limits of the call.

mod access;
mod address;
mod attempt;
mod auth;
#[cfg(feature = "bench")]
mod bench;
mod body;
mod break_fault;
mod buffered_read;
mod byte_counter;
mod call_span;
mod call_target;
mod closing_habit;
mod coded_source;
mod codings;
mod connection;
mod current;
mod decode;
mod decoders;
mod dial;
mod dial_fault;
mod error;
mod exchange;
mod failure;
mod fetch_failure;
mod first_bytes;
mod first_connection;
mod governor;
mod guest_tries;
mod headers;
mod heads;
mod host_addresses;
mod host_maps;
mod liveness;
mod member_reader;
mod memory;
mod message;
mod network;
mod origin_connections;
mod outgoing;
mod passage;
mod phase;
mod piece_reader;
mod policy;
mod pool;
mod proxy_fault;
mod record;
mod redirect;
mod redirect_note;
mod refusals;
mod request_framing;
mod response_warnings;
mod signatures;
mod stream;

mod timeout;
mod tls;
mod tls_fault;
mod token_requests;
mod tries;
mod tunnel;
mod upstream;
mod upstreams;
mod wire;
mod wire_pieces;

#[cfg(test)]
mod tests;

pub(crate) use access::Egress;
pub use address::is_special;
pub(crate) use auth::AuthorizationCode;
#[cfg(feature = "bench")]
pub use bench::{BenchEgress, BenchPage};
pub(crate) use current::CurrentEgress;
pub(crate) use error::EgressError;
pub(crate) use fetch_failure::FetchFailure;
pub use host_maps::HostMaps;
pub(crate) use memory::{charged_header, header_bytes};
pub(crate) use message::{Request, RequestBody, Timeouts};
pub use network::{Network, Networking, SystemNetwork};
pub(crate) use outgoing::StreamedBody;
pub use policy::CurrentPolicy;
pub(crate) use timeout::Timeout;
pub use upstreams::Upstreams;
