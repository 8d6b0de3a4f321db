//! The process that started `serve` and watches it, usually systemd: the sockets that it passes, and the messages that
//! it expects.
//!
//! The protocols are those of sd_listen_fds(3), sd_notify(3) and sd_watchdog_enabled(3). They need no library.

mod notifier;
mod sockets;
mod tally;
mod variable;
mod watchdog;

pub(super) use notifier::Notifier;
pub(super) use sockets::PassedSockets;
pub use sockets::SocketsError;
pub(super) use tally::LoadTally;
pub(super) use watchdog::Watchdog;
