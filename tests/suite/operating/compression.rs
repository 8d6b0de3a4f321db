//! Answers that are compressed for clients that accept it.

use super::client::{TlsConnection, encrypted};
use crate::{assert_error, guests, host};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use weld_host_tests::PATIENCE;
use weld_host_tests::host::Host;
use weld_host_tests::http::{Kind, Message};
use weld_host_tests::weld::Request;

/// The beginning of each encoding.
const GZIP: &[u8] = b"\x1f\x8b\x08";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

fn page(host: &Host, table: &str, accepts: &str) -> Request {
    let request = host.weld("guest").page_request(table, &json!({}));
    match accepts {
        "" => request,
        accepts => request.header("accept-encoding", accepts),
    }
}

fn gunzipped(answer: &Message) -> Value {
    let mut text = String::new();
    let mut decoder = GzDecoder::new(answer.body.as_slice());
    decoder.read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn answers_have_the_encoding_that_the_client_prefers() {
    let host = host().plugin("guest", guests::MAKES_ROWS).start();
    let plain = page(&host, "100", "").send();
    for (accepts, encoding) in [
        ("", None),
        ("identity", None),
        ("gzip", Some("gzip")),
        ("gzip;q=0", None),
        ("gzip;q=0, *", Some("zstd")),
        ("gzip, deflate", Some("gzip")),
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("zstd;q=0.1, gzip;q=0.2", Some("gzip")),
        ("br", Some("br")),
        ("deflate", None),
    ] {
        let answer = page(&host, "100", accepts).send();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.header("content-encoding"), encoding, "{accepts}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{accepts}");
        let length = answer.body.len().to_string();
        assert_eq!(answer.header("content-length"), Some(length.as_str()));
        match encoding {
            None => assert_eq!(answer.body, plain.body),
            Some(encoding) => {
                assert!(answer.body.len() < plain.body.len() / 3, "{accepts}");
                match encoding {
                    "gzip" => {
                        assert!(answer.body.starts_with(GZIP));
                        assert_eq!(gunzipped(&answer), plain.json());
                    }
                    "zstd" => assert!(answer.body.starts_with(ZSTD)),
                    _ => {}
                }
            }
        }
    }
    let log = host.log();
    log.wait_for("the encoding", |line| {
        line.contains("encoding=\"gzip\"") && line.contains("sent_bytes=")
    });
}

#[test]
fn small_answers_and_errors_stay_plain_unless_that_is_refused() {
    let host = host().plugin("guest", guests::MAKES_ROWS).start();
    let small = page(&host, "0", "gzip").send();
    assert_eq!(small.header("content-encoding"), None);
    assert_eq!(small.json()["insert"], json!([]));
    let refused = page(&host, "0", "gzip, identity;q=0").send();
    assert_eq!(refused.header("content-encoding"), Some("gzip"));
    assert_eq!(gunzipped(&refused)["insert"], json!([]));
    let error = page(&host, "no number", "gzip").send();
    assert_eq!(error.header("content-encoding"), None);
    assert_error(&error, 404, "unknown_table");
}

#[test]
fn compression_can_be_turned_off() {
    let host = host()
        .plugin("guest", guests::MAKES_ROWS)
        .switch("--no-compression")
        .start();
    let answer = page(&host, "100", "gzip").send();
    assert_eq!(answer.header("content-encoding"), None);
    assert_eq!(answer.json()["insert"].as_array().unwrap().len(), 100);
}

/// Text that hardly any encoding makes shorter: random digits, in a state that the guest returns twice.
fn random_state() -> Value {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let text = std::iter::repeat_with(|| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        char::from(b'0' + u8::try_from(seed % 64).unwrap())
    });
    let text: String = text
        .map(|digit| if digit == '\\' { 'x' } else { digit })
        .take(4 << 20)
        .collect();
    json!({ "random": text })
}

/// How many calls have ended for requests, according to the log of a host that logs everything.
fn calls(host: &Host, marker: &dyn Fn(&str)) -> usize {
    let marked = format!("nobody-{}", host.log().so_far().len());
    marker(&marked);
    host.log().wait_for_text(&marked);
    let has_ended = |line: &&String| line.contains("call ended") && line.contains("request_id");
    host.log().so_far().iter().filter(has_ended).count()
}

#[test]
fn compressed_page_of_a_connection_that_breaks_is_kept() {
    let config = "[limits]\nstate-size = \"8MiB\"";
    for encoding in ["gzip", "zstd", "br"] {
        let host = host()
            .plugin("guest", guests::ECHOES_STATE)
            .config("guest", config)
            .flag("--max-body", "16MiB")
            .flag("--log", "debug")
            .start();
        let request = host
            .weld("guest")
            .page_request("rows", &random_state())
            .header("accept-encoding", encoding);
        let mut cut = TcpStream::connect(host.address()).unwrap();
        cut.write_all(&request.bytes()).unwrap();
        cut.read_exact(&mut [0; 10_000]).unwrap();
        drop(cut);
        let marker = |name: &str| drop(host.weld(name).schema());
        let answer = request.clone().send();
        assert_eq!(answer.header("content-encoding"), Some(encoding));
        assert_eq!(calls(&host, &marker), 1, "{encoding}: the page was kept");
        request.send();
        assert_eq!(calls(&host, &marker), 2, "{encoding}: it was delivered");
    }
}

#[test]
fn client_that_reads_nothing_of_a_compressed_page_is_cut_off() {
    let builder = || {
        host()
            .plugin("guest", guests::ECHOES_STATE)
            .config("guest", "[limits]\nstate-size = \"8MiB\"")
            .flag("--max-body", "16MiB")
            .flag("--write-timeout", "600ms")
            .flag("--log", "debug")
    };
    let state = random_state();
    for is_encrypted in [false, true] {
        let host = if is_encrypted {
            encrypted(builder())
        } else {
            builder()
        }
        .start();
        let request = host
            .weld("guest")
            .page_request("rows", &state)
            .header("accept-encoding", "gzip");
        let stalled: Box<dyn Read> = if is_encrypted {
            let mut client = TlsConnection::open(host.address()).unwrap();
            client.receive_little();
            client.send(&request.bytes()).unwrap();
            Box::new(client.into_reader())
        } else {
            let mut client = TcpStream::connect(host.address()).unwrap();
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            rustix::net::sockopt::set_socket_recv_buffer_size(&client, 4 << 10).unwrap();
            client.write_all(&request.bytes()).unwrap();
            Box::new(client)
        };
        host.log().wait_for_text("--write-timeout");
        let marker = |name: &str| {
            let schema = host.request("GET", &format!("/{name}"));
            if is_encrypted {
                TlsConnection::open(host.address())
                    .unwrap()
                    .ask(&schema)
                    .unwrap();
            } else {
                schema.send();
            }
        };
        let whole = if is_encrypted {
            TlsConnection::open(host.address())
                .unwrap()
                .ask(&request)
                .unwrap()
        } else {
            request.send()
        };
        assert_eq!(whole.status(), 200);
        assert_eq!(calls(&host, &marker), 1, "the page was kept");
        let cut_off = Message::read(&mut BufReader::new(stalled), Kind::Response);
        assert!(cut_off.is_err(), "the first answer was complete");
    }
}
