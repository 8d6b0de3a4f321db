//! The whole way to the network, against a test server at the end of every connection.

mod broken;
mod calls;
mod certificates;
mod closing_server;
mod connections;
mod frames_server;
mod heads;
mod kept_tokens;
mod links;
mod memory;
mod policy;
mod proxies;
mod scripted;
mod server;
mod timeouts;
mod tls;
mod tokens;
mod trailers;
