//! Clients that read slowly or not at all.

use crate::{guests, host};
use serde_json::json;
use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};
use weld_host_tests::PATIENCE;
use weld_host_tests::host::Host;
use weld_host_tests::http::{Kind, Message};

const WRITE_TIMEOUT: Duration = Duration::from_millis(600);

/// More than the system buffers for a client that reads nothing.
const MEGABYTES: &str = "40";

/// How much a slow client reads at a time. On the loopback interface, smaller reads are reported to the sender only
/// later.
const LITTLE_BYTES: usize = 128 << 10;

fn slow_host() -> Host {
    host()
        .plugin("guest", guests::RETURNS_HUGE_PAGE)
        .flag("--write-timeout", "600ms")
        .start()
}

/// A client that has requested a large page and read nothing of it.
fn asked(host: &Host) -> TcpStream {
    let request = host.weld("guest").page_request(MEGABYTES, &json!({}));
    let mut stream = TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&request.bytes()).unwrap();
    stream
}

/// Reads small pieces with pauses, until several times the timeout has passed.
struct Drip {
    stream: TcpStream,
    began: Instant,
}

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.began.elapsed() > WRITE_TIMEOUT * 4 {
            return self.stream.read(buffer);
        }
        thread::sleep(WRITE_TIMEOUT / 6);
        let little = buffer.len().min(LITTLE_BYTES);
        self.stream.read(&mut buffer[..little])
    }
}

#[test]
fn client_that_reads_nothing_is_cut_off_and_its_page_is_kept_for_the_next() {
    let host = slow_host();
    let stalled = asked(&host);
    host.log().wait_for_text("--write-timeout");
    let answer = host.weld("guest").page(MEGABYTES, &json!({}));
    assert_eq!(answer.status(), 200);
    let joined = |line: &str| line.contains("joined=true");
    host.log().wait_for("the kept page", joined);
    let cut_off = Message::read(&mut BufReader::new(stalled), Kind::Response);
    assert!(cut_off.is_err(), "the first answer was complete");
}

#[test]
fn client_that_reads_slowly_gets_its_page() {
    let host = slow_host();
    let stream = asked(&host);
    let began = Instant::now();
    let mut dripping = BufReader::with_capacity(64 << 10, Drip { stream, began });
    let answer = Message::read(&mut dripping, Kind::Response).unwrap();
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200);
    let lines = host.log().so_far();
    assert!(
        !lines.iter().any(|line| line.contains("--write-timeout")),
        "{lines:?}"
    );
}
