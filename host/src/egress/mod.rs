//! The one way to the network: may this URL be called, then call it, within the connector's caps.
//!
//! A request passes, in this order: its own form (`headers`), the allow rules, the page's quota, the addresses of its
//! host (`dial`), and on the way back the caps of its response (`body`). A redirect that is followed begins anew. A
//! credential goes into the request after the rules, and again at each try (`auth`). All of it is the connector's
//! `upstream`, which the host's own requests for tokens take, too.
//!
//! From a call to its socket it is six functions: `Egress::fetch` reads the whole response, `Egress::send` follows
//! redirects, `Upstream::send` has the tries, `Upstream::once` the log line, `Upstream::exchange` rules, credential and
//! governor, and `exchange::send` the time-outs around the client's pool, which dials by `dial`.
//! Guests do not belong here: this room knows requests and responses as plain values.
//!
//! Uses no other room but leaves; `config` gives it the parsed rules, `scope` what the call may use.

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
mod call_target;
mod closing_habit;
mod coded_source;
mod codings;
mod connection;
mod current;
mod decode;
mod decoders;
mod dial;
mod error;
mod exchange;
mod failure;
mod first_bytes;
mod governor;
mod guest_tries;
mod headers;
mod heads;
mod host_maps;
mod liveness;
mod member_reader;
mod memory;
mod message;
mod network;
mod origin_connections;
mod outgoing;
mod phase;
mod piece_reader;
mod pool;
mod record;
mod redirect;
mod refusals;
mod request_framing;
mod response_warnings;
mod signatures;
mod stream;

mod tls;
mod tls_fault;
mod tries;
mod upstream;
mod upstreams;
mod wire;
mod wire_pieces;

#[cfg(test)]
mod tests;

pub(crate) use access::Egress;
pub(crate) use auth::AuthorizationCode;
#[cfg(feature = "bench")]
pub use bench::{BenchEgress, BenchPage};
pub(crate) use current::CurrentEgress;
pub(crate) use error::{EgressError, Timeout};
pub use host_maps::HostMaps;
pub(crate) use memory::{charged_header, header_bytes};
pub(crate) use message::{Request, RequestBody, Timeouts};
pub use network::{Network, Networking, SystemNetwork};
pub(crate) use outgoing::StreamedBody;
pub use upstreams::Upstreams;
