//! The admin listener on a Unix domain socket.

use crate::host;
use rustix::process::Signal;
use std::fs;
use std::io::{BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use tempfile::TempDir;
use weld_host_tests::PATIENCE;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::{Kind, Message};

fn ask(socket: &Path, head: &str) -> Message {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes())
        .unwrap();
    let answer = Message::read(&mut BufReader::new(stream), Kind::Response);
    answer.unwrap().expect("an answer")
}

fn at(socket: &Path) -> HostBuilder {
    host().flag("--admin", &format!("unix:{}", socket.display()))
}

fn announced(host: &Host, socket: &Path) {
    host.stdout()
        .wait_for_text(&format!("admin listener on unix:{}", socket.display()));
}

#[test]
fn socket_is_for_this_user_alone_and_ends_with_the_host() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("admin.sock");
    let mut host = at(&socket).start();
    announced(&host, &socket);
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // No browser can reach it, so its clients may name any host.
    let answer = ask(&socket, "GET /connectors HTTP/1.1\r\nhost: weld-host");
    assert_eq!(answer.status(), 200, "{}", answer.text());
    host.terminate();
    assert_eq!(host.wait_for_exit().code(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn socket_of_a_dead_process_is_replaced() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("admin.sock");
    let mut killed = at(&socket).start();
    announced(&killed, &socket);
    killed.signal(Signal::KILL);
    killed.wait_for_exit();
    assert!(socket.exists(), "nobody removed it");
    let host = at(&socket).start();
    announced(&host, &socket);
    assert_eq!(
        ask(&socket, "GET /healthz HTTP/1.1\r\nhost: x").status(),
        200
    );
}

#[test]
fn socket_of_a_living_process_and_other_files_are_kept() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("admin.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    let file = folder.path().join("notes.txt");
    fs::write(&file, "mine").unwrap();
    let missing = folder.path().join("none/admin.sock");
    for (path, expected) in [
        (&socket, "another process listens"),
        (&file, "is not a socket"),
        (&missing, "can't create the socket"),
    ] {
        let failure = at(path).fail();
        assert_eq!(failure.status.code(), Some(1));
        let error = failure.stderr.join("\n");
        let path = path.display().to_string();
        assert!(
            error.contains(expected) && error.contains(&path) && error.contains("--admin"),
            "{error}"
        );
    }
    assert!(UnixStream::connect(&socket).is_ok());
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}
