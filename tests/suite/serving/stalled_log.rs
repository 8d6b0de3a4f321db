//! A log that nobody reads, or that can't be written.

use crate::{guests, host};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::lines::Lines;
use weld_host_tests::until;

/// A named pipe, which holds as much as the system allows.
struct Pipe {
    path: PathBuf,
    /// Both ends, so that opening one does not wait for the other.
    ends: File,
    _folder: TempDir,
}

impl Pipe {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("log");
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let ends = OpenOptions::new().read(true).write(true).open(&path);
        Self {
            ends: ends.unwrap(),
            path,
            _folder: folder,
        }
    }

    /// Writes to it until it is full.
    fn fill(&self) {
        let flags = fcntl_getfl(&self.ends).unwrap();
        fcntl_setfl(&self.ends, flags | OFlags::NONBLOCK).unwrap();
        while (&self.ends).write(&[b'\n'; 1 << 10]).is_ok() {}
    }
}

/// A host that logs to this file, with a connector that logs as much as it may, and a neighbor.
fn host_that_logs_to(path: &str) -> HostBuilder {
    host()
        .after(&format!("exec 2>{path}"))
        .plugin("chatty", guests::PRINTS_ENDLESSLY)
        .config("chatty", "[limits]\nlog-lines = 5000")
        .plugin("guest", guests::ECHOES_STATE)
}

/// Makes the connector log several times more than is buffered, and sends requests to the neighbor all the while.
fn log_more_than_is_kept(host: &Host) {
    for page in 0..40 {
        let state = json!({ "page": page });
        host.weld("chatty").good_page("control_characters", &state);
        host.weld("guest").good_page("rows", &state);
    }
}

#[test]
fn unread_log_delays_no_page_and_says_what_it_lost() {
    let pipe = Pipe::new();
    let host = host_that_logs_to(pipe.path.to_str().unwrap()).start();
    log_more_than_is_kept(&host);
    let log = Lines::capture(pipe.ends.try_clone().unwrap());
    let lost = log.wait_for_text("some of its lines are lost");
    assert!(lost.contains("ERROR") && lost.contains("lines="), "{lost}");
    let lines = log.so_far();
    assert!(lines.iter().any(|line| line.contains("flood")));
    host.weld("guest").good_page("afterwards", &json!({}));
    log.wait_for_text("afterwards");
}

#[test]
fn host_with_an_unread_log_still_ends() {
    let pipe = Pipe::new();
    let mut host = host_that_logs_to(pipe.path.to_str().unwrap()).start();
    log_more_than_is_kept(&host);
    host.terminate();
    assert!(host.wait_for_exit().success());
}

#[test]
fn host_with_unread_output_still_ends() {
    let pipe = Pipe::new();
    pipe.fill();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut host = host()
        .after(&format!("exec 1>{}", pipe.path.display()))
        .plugin("guest", guests::ECHOES_STATE)
        .file("broken.wasm", "no component")
        .flag("--listen", &address.to_string())
        .start_unread("broken");
    host.weld("guest").good_page("rows", &json!({}));
    host.terminate();
    assert!(host.wait_for_exit().success());
}

#[test]
fn last_lines_of_the_log_are_written_before_the_end() {
    let pipe = Pipe::new();
    let mut host = host_that_logs_to(pipe.path.to_str().unwrap()).start();
    // More than a pipe holds.
    host.weld("chatty")
        .good_page("control_characters", &json!({}));
    host.weld("guest").good_page("the last", &json!({}));
    host.terminate();
    until("the host no longer listens", || {
        TcpStream::connect(host.address()).is_err()
    });
    let log = Lines::capture(pipe.ends);
    assert!(host.wait_for_exit().success());
    log.wait_for_text("the last");
    log.wait_for_text("shutting down");
}

#[test]
fn log_on_a_full_disk_delays_nothing() {
    let mut host = host_that_logs_to("/dev/full").start();
    log_more_than_is_kept(&host);
    host.terminate();
    assert!(host.wait_for_exit().success());
}

#[test]
fn log_without_a_reader_delays_nothing_and_continues_with_the_next_reader() {
    let pipe = Pipe::new();
    let mut host = host_that_logs_to(pipe.path.to_str().unwrap()).start();
    let path = pipe.path.clone();
    let Pipe { ends, _folder, .. } = pipe;
    drop(ends);
    log_more_than_is_kept(&host);
    let log = Lines::capture(File::open(path).unwrap());
    until("the log continues", || {
        host.weld("guest").good_page("again", &json!({}));
        log.so_far().iter().any(|line| line.contains("again"))
    });
    log.wait_for_text("some of its lines are lost");
    host.terminate();
    assert!(host.wait_for_exit().success());
}
