//! A service manager that passes a socket and expects messages, as systemd does.

use crate::{guests, host};
use rustix::process::Signal;
use serde_json::json;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use tempfile::TempDir;
use weld_host_tests::PATIENCE;
use weld_host_tests::host::HostBuilder;

/// The socket on which a service manager receives messages.
struct Messages {
    socket: UnixDatagram,
    path: PathBuf,
    _folder: TempDir,
}

impl Messages {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            socket,
            path,
            _folder: folder,
        }
    }

    /// A host that sends its messages here.
    fn host(&self) -> HostBuilder {
        host()
            .variable("NOTIFY_SOCKET", &self.path)
            .plugin("guest", guests::ECHOES_STATE)
    }

    /// The next message that contains this line.
    fn with(&self, line: &str) -> String {
        loop {
            let mut buffer = [0; 1 << 10];
            let bytes = self.socket.recv(&mut buffer).expect(line);
            let message = String::from_utf8_lossy(&buffer[..bytes]).into_owned();
            if message.lines().any(|found| found == line) {
                return message;
            }
        }
    }
}

#[test]
fn service_manager_learns_when_the_host_serves_and_when_it_stops() {
    let messages = Messages::new();
    let mut host = messages
        .host()
        .file("broken.wasm", "no component")
        .flag("--grace", "1h")
        .start();
    messages.with("READY=1");
    assert_eq!(host.weld("guest").schema().status(), 200);
    host.announcement("broken");
    host.terminate();
    let stopping = messages.with("STOPPING=1");
    // The grace, and some seconds for the last lines of the log.
    assert!(
        stopping.contains("EXTEND_TIMEOUT_USEC=3605000000"),
        "{stopping}"
    );
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

#[test]
fn status_says_how_many_connectors_are_loaded() {
    let messages = Messages::new();
    let _host = messages.host().file("broken.wasm", "no component").start();
    messages.with("STATUS=serving; connectors: 1 loaded, 1 failed to load");
}

#[test]
fn service_manager_learns_that_the_host_reads_its_settings_again() {
    let messages = Messages::new();
    let host = messages.host().start();
    messages.with("READY=1");
    host.signal(Signal::HUP);
    let reloading = messages.with("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    messages.with("READY=1");
    assert_eq!(host.weld("guest").schema().status(), 200);
}

#[test]
fn host_that_works_says_so_regularly_also_while_it_drains() {
    let messages = Messages::new();
    let host = messages
        .host()
        .variable("WATCHDOG_USEC", "100000")
        .flag("--drain", "1h")
        .flag("--grace", "1h")
        .start();
    for _ in 0..3 {
        messages.with("WATCHDOG=1");
    }
    host.terminate();
    messages.with("STOPPING=1");
    for _ in 0..3 {
        messages.with("WATCHDOG=1");
    }
    host.terminate();
}

#[test]
fn service_manager_that_is_gone_does_not_keep_the_host_from_serving() {
    let host = host()
        .variable("NOTIFY_SOCKET", "/no/such/socket")
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    host.log().wait_for_text("NOTIFY_SOCKET");
    assert_eq!(host.weld("guest").schema().status(), 200);
}

#[test]
fn passed_socket_is_served_and_stays_open() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut before = host()
        .socket(&socket)
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    assert_eq!(before.address(), address);
    before.weld("guest").good_page("rows", &json!({}));
    before.terminate();
    assert_eq!(before.wait_for_exit().code(), Some(0));
    // Accepted by the system, and answered by the next process.
    let weld = before.weld("guest");
    let early = weld.page_request("rows", &json!({})).begin().unwrap();
    let _after = host()
        .socket(&socket)
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    let answer = early.answer().unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text());
}

#[test]
fn host_with_a_passed_socket_serves_during_the_drain() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = host()
        .socket(&socket)
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--drain", "1h")
        .flag("--grace", "1h")
        .start();
    host.terminate();
    host.log().wait_for_text("the socket stays open");
    let answer = host.weld("guest").page("rows", &json!({}));
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.header("connection"), Some("close"));
    host.terminate();
}

#[test]
fn address_of_a_passed_socket_needs_a_key_like_any_other() {
    let socket = TcpListener::bind("0.0.0.0:0").unwrap();
    let failure = host().socket(&socket).fail();
    assert_eq!(failure.status.code(), Some(1));
    let said = failure.stderr.join("\n");
    assert!(said.contains("without a key"), "{said}");
}

#[test]
fn sockets_that_cannot_be_served_are_refused() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
    let passing = |variables: &str| {
        let shell = format!("exec 3<&0 0</dev/null; export LISTEN_PID=$$ {variables}");
        let builder = host().socket(&socket);
        let failure = builder.after(&shell).fail();
        assert_eq!(failure.status.code(), Some(1), "{variables}");
        failure.stderr.join("\n")
    };
    let said = passing("LISTEN_FDS=many");
    assert!(said.contains("LISTEN_FDS is `many`"), "{said}");
    let said = passing("LISTEN_FDS=2");
    assert!(said.contains("passed 2 sockets"), "{said}");
    let failure = host().after("export LISTEN_PID=$$ LISTEN_FDS=1").fail();
    let said = failure.stderr.join("\n");
    assert!(
        said.contains("descriptor 3, which is not a socket"),
        "{said}"
    );
    drop(connected);
}

#[test]
fn sockets_for_another_process_are_left_alone() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .after("export LISTEN_PID=1 LISTEN_FDS=1")
        .start();
    assert_eq!(host.weld("guest").schema().status(), 200);
}
