//! What the host holds for calls in addition to their sandboxes counts towards `--total-memory`. Names and schemas
//! are bounded.

use crate::{assert_error, guests, host};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use weld_host_tests::PATIENCE;
use weld_host_tests::host::Host;
use weld_host_tests::weld::Request;

/// A host with this much memory for all calls, a connector of huge pages and a small neighbor.
fn host_with_total_memory(total: &str) -> Host {
    host()
        .plugin("huge", guests::RETURNS_HUGE_PAGE)
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--total-memory", total)
        .start()
}

/// Sends a request for a page, and reads only the first line of the answer.
fn begin_to_read(host: &Host, request: &Request) -> (BufReader<TcpStream>, String) {
    let mut stream = TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&request.bytes()).unwrap();
    let mut stream = BufReader::with_capacity(64, stream);
    let mut status = String::new();
    stream.read_line(&mut status).unwrap();
    (stream, status)
}

#[test]
fn page_without_room_is_out_of_memory() {
    // Enough for the guest, which makes several copies of its page, but not for the host's copy as well.
    let host = host_with_total_memory("32MiB");
    let answer = host.weld("huge").page("5", &json!({}));
    let message = assert_error(&answer, 500, "out_of_memory");
    assert!(message.contains("--total-memory"), "{message}");
    let log = host.log().wait_for_text("out_of_memory");
    assert!(!log.contains("trace"), "the guest had its memory: {log}");
    host.weld("guest").good_page("rows", &json!({}));
    let smaller = host.weld("huge").page("2", &json!({}));
    assert_eq!(smaller.status(), 200, "{}", smaller.text());
}

#[test]
fn unread_pages_count_until_they_are_dropped() {
    let host = host_with_total_memory("100MiB");
    let page = |number: u32| {
        host.weld("huge")
            .page_request("10", &json!({ "n": number }))
    };
    let before = host.peak_memory();
    let mut stalled = Vec::new();
    let mut refused = 0;
    for number in 0..20 {
        let (stream, status) = begin_to_read(&host, &page(number));
        if status.contains("200") {
            stalled.push(stream);
        } else {
            assert!(status.contains("50"), "{status}");
            refused += 1;
        }
        host.weld("guest").good_page("rows", &json!({}));
    }
    assert!(stalled.len() >= 2 && refused >= 10, "{refused} refused");
    let taken = host.peak_memory() - before;
    assert!(taken < (100 + 64) << 20, "{taken}");
    drop(stalled);
    // Kept pages make room.
    for number in 100..110 {
        let answer = page(number).send();
        assert_eq!(answer.status(), 200, "page {number}: {}", answer.text());
    }
}

#[test]
fn body_without_room_is_out_of_memory() {
    let host = host_with_total_memory("8MiB");
    let filler = "x".repeat(5 << 20);
    let large = host
        .weld("guest")
        .page("rows", &json!({ "filler": filler }));
    let message = assert_error(&large, 500, "out_of_memory");
    assert!(message.contains("--total-memory"), "{message}");
    host.weld("guest").good_page("rows", &json!({}));
}

#[test]
fn names_of_more_than_a_kibibyte_are_refused() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .plugin("named", guests::DESCRIBES_MUCH)
        .config("named", "[env]\nNAME_BYTES = \"1024\"")
        .plugin("columns", guests::DESCRIBES_MUCH)
        .config("columns", "[env]\nCOLUMN_BYTES = \"1024\"")
        .plugin("fits", guests::DESCRIBES_MUCH)
        .config(
            "fits",
            "[env]\nNAME_BYTES = \"1023\"\nCOLUMN_BYTES = \"1023\"",
        )
        .start();
    let long = "x".repeat(1025);
    let message = assert_error(
        &host.weld("guest").page(&long, &json!({})),
        400,
        "bad_request",
    );
    assert!(message.contains("1024"), "{message}");
    host.weld("guest").good_page(&long[1..], &json!({}));
    for connector in ["named", "columns"] {
        let message = assert_error(&host.weld(connector).schema(), 500, "invalid_schema");
        assert!(message.contains("1024"), "{message}");
    }
    assert_eq!(host.weld("fits").schema().status(), 200);
}

#[test]
fn schema_over_its_size_is_refused_as_values_and_as_json() {
    let host = host()
        .plugin("handed", guests::DESCRIBES_MUCH)
        .config("handed", "[env]\nDEFAULT_BYTES = \"4194304\"")
        .plugin("written", guests::DESCRIBES_MUCH)
        .config("written", "[env]\nTABLES = \"1000\"\nESCAPED = \"1000\"")
        .plugin("allowed", guests::DESCRIBES_MUCH)
        .config(
            "allowed",
            "[env]\nTABLES = \"1000\"\nESCAPED = \"1000\"\n[limits]\nschema-size = \"8MiB\"",
        )
        .start();
    for connector in ["handed", "written"] {
        let message = assert_error(&host.weld(connector).schema(), 500, "schema_too_large");
        assert!(message.contains("limits.schema-size"), "{message}");
    }
    assert_eq!(host.weld("allowed").schema().status(), 200);
}

#[test]
fn endless_heads_take_no_more_than_their_share() {
    let host = host_with_total_memory("32MiB");
    let head = [
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx-filler: ".to_vec(),
        vec![b'x'; 60 << 10],
    ];
    let unfinished: Vec<TcpStream> = (0..60)
        .map(|_| {
            let mut stream = TcpStream::connect(host.address()).unwrap();
            // The host may close the connection before it has received everything.
            let _closed = stream.write_all(&head.concat());
            stream
        })
        .collect();
    host.log().wait_for_text("a sixteenth of --total-memory");
    host.weld("guest").good_page("rows", &json!({}));
    drop(unfinished);
}
