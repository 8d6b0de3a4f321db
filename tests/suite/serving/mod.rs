//! The server as its clients and operators see it: requests, keys, connections, startup, shutdown and log.

mod auth;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod broken_heads;
mod cli;
mod clock;
mod connections;
mod demo;
mod early_answers;
mod key_rotation;
mod logs;
mod page_requests;
mod postman;
mod routes;
mod shutdown;
mod slow_clients;
mod stalled_log;
mod startup;
