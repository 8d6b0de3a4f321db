//! Messages to the supervisor: that the host is ready, what it does, that it ends (sd_notify(3)).

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::variable::variable;
use crate::platform;

/// The name of the supervisor's socket: a path, or `@` and a name without a file.
const SOCKET: &str = "NOTIFY_SOCKET";

/// How long a message may wait for the supervisor to read earlier ones. It must not delay the host.
const SEND_TIME: Duration = Duration::from_secs(1);

/// How often a message is sent again that the supervisor has no room for.
const SEND_AGAIN: Duration = Duration::from_millis(10);

/// Sends messages to the supervisor, if there is one that expects them.
#[derive(Debug)]
pub(in crate::cli) struct Notifier {
    socket: Option<UnixDatagram>,
    /// Whether the supervisor has learned that the host ends. From then on it must hear of nothing else but that the host is
    /// alive.
    is_stopping: AtomicBool,
}

impl Notifier {
    /// Connects to the supervisor of this process. One that can't be reached is reported in the log.
    pub(in crate::cli) fn of_process() -> Self {
        let Some(name) = variable(SOCKET) else {
            return Self::to(None);
        };
        match connect(&name) {
            Ok(socket) => Self::to(Some(socket)),
            Err(error) => {
                tracing::warn!(
                    socket = name,
                    %error,
                    "the service manager can't be notified (NOTIFY_SOCKET)"
                );
                Self::to(None)
            }
        }
    }

    /// Sends messages to this socket.
    pub(super) fn to(socket: Option<UnixDatagram>) -> Self {
        Self {
            socket,
            is_stopping: AtomicBool::new(false),
        }
    }

    /// The host serves; `status` is for people.
    pub(in crate::cli) async fn ready(&self, status: &str) {
        self.deliver_unless_stopping(&format!("READY=1\nSTATUS={status}"))
            .await;
    }

    /// What the host does, for people. One line. It is not sent if the supervisor has no room for it.
    pub(in crate::cli) fn status(&self, status: &str) {
        if let Some(socket) = self.socket.as_ref().filter(|_| !self.is_stopping()) {
            // The next message says more.
            let _ = socket.send(format!("STATUS={status}").as_bytes());
        }
    }

    /// The host reads its settings again, and is [ready](Self::ready) afterwards.
    pub(in crate::cli) async fn reloading(&self) {
        // Systemd compares it with the time of its own request (`Type=notify-reload`).
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
        self.deliver_unless_stopping(&format!(
            "RELOADING=1\nMONOTONIC_USEC={microseconds}\nSTATUS=reading the settings again"
        ))
        .await;
    }

    /// The host ends, and needs at most this long.
    pub(in crate::cli) async fn stopping(&self, within: Duration) {
        self.is_stopping.store(true, Ordering::Relaxed);
        let microseconds = within.as_micros();
        self.deliver(&format!(
            "STOPPING=1\nSTATUS=shutting down\nEXTEND_TIMEOUT_USEC={microseconds}"
        ))
        .await;
    }

    /// The host works.
    pub(super) async fn alive(&self) {
        self.deliver("WATCHDOG=1").await;
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    async fn deliver_unless_stopping(&self, message: &str) {
        if !self.is_stopping() {
            self.deliver(message).await;
        }
    }

    /// Sends a message, and waits for a while if the supervisor has no room for it.
    async fn deliver(&self, message: &str) {
        let Some(socket) = &self.socket else { return };
        let end = Instant::now() + SEND_TIME;
        let error = loop {
            match socket.send(message.as_bytes()) {
                Ok(_) => return,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < end => {
                    tokio::time::sleep(SEND_AGAIN).await;
                }
                Err(error) => break error,
            }
        };
        tracing::debug!(message, %error, "the service manager did not accept a message");
    }
}

/// Connects to a supervisor's socket.
fn connect(name: &str) -> io::Result<UnixDatagram> {
    let address = match name.strip_prefix('@') {
        Some(name) => platform::abstract_address(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 200];
        let bytes = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..bytes]).into_owned()
    }

    #[tokio::test]
    async fn messages_reach_a_socket_with_a_path_or_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let by_path = UnixDatagram::bind(&path).unwrap();
        let name = format!("weld-host-test-{}", std::process::id());
        let address = platform::abstract_address(&name).unwrap();
        let by_name = UnixDatagram::bind_addr(&address).unwrap();
        for (socket, name) in [
            (by_path, path.display().to_string()),
            (by_name, format!("@{name}")),
        ] {
            let notifier = Notifier::to(Some(connect(&name).unwrap()));
            notifier.ready("2 connectors").await;
            assert_eq!(received(&socket), "READY=1\nSTATUS=2 connectors");
            notifier.alive().await;
            assert_eq!(received(&socket), "WATCHDOG=1");
            notifier.stopping(Duration::from_secs(2)).await;
            assert_eq!(
                received(&socket),
                "STOPPING=1\nSTATUS=shutting down\nEXTEND_TIMEOUT_USEC=2000000"
            );
        }
    }

    #[tokio::test]
    async fn host_that_ends_says_nothing_else_but_that_it_is_alive() {
        let (host, supervisor) = UnixDatagram::pair().unwrap();
        let notifier = Notifier::to(Some(host));
        notifier.stopping(Duration::from_secs(2)).await;
        notifier.status("serving; connectors: 1 loaded");
        notifier.reloading().await;
        notifier.ready("serving").await;
        notifier.alive().await;
        assert!(received(&supervisor).starts_with("STOPPING=1\n"));
        assert_eq!(received(&supervisor), "WATCHDOG=1");
    }

    #[tokio::test(start_paused = true)]
    async fn supervisor_that_reads_nothing_delays_the_host_only_shortly() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let _socket = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::to(Some(connect(path.to_str().unwrap()).unwrap()));
        let began = tokio::time::Instant::now();
        // More than a socket holds.
        for _ in 0..2_000 {
            notifier.status("busy");
        }
        notifier.alive().await;
        assert_eq!(began.elapsed(), SEND_TIME);
    }

    #[test]
    fn socket_that_does_not_exist_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone");
        assert!(connect(path.to_str().unwrap()).is_err());
        assert!(connect(&"x".repeat(1_000)).is_err());
    }
}
