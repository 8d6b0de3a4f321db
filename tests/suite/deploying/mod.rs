//! The host as platforms run it: what is in `deploy/`, the files that platforms mount, and how they start and stop it.

mod config_map;
mod frozen;
mod lambda;
mod log_platform;
mod manifests;
mod port;
