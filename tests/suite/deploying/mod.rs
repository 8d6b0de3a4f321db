//! The platforms on which the host is deployed.

mod frozen;
mod lambda;
mod log_platform;
mod port;
