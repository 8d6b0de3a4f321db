//! Wrong keys: how many a client may send, and what the right one and other clients notice of them.

use crate::{assert_error, guests, host};
use std::net::{IpAddr, Ipv4Addr};
use std::thread;
use weld_host_tests::connection::Connection;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::Message;
use weld_host_tests::process::own_memory;
use weld_host_tests::weld::Request;

/// How many wrong keys a client may send at once.
const AT_ONCE: usize = 20;

fn locked() -> HostBuilder {
    host()
        .plugin("echo", guests::ECHOES_STATE)
        .variable("WELD_API_KEY", "right")
}

fn request(host: &Host, key: &str) -> Request {
    host.request("GET", "/echo/schema")
        .header("authorization", &format!("Bearer {key}"))
}

fn ask_from(source: [u8; 4], host: &Host, key: &str) -> Message {
    let mut connection = Connection::open_from(IpAddr::from(source), host.address()).unwrap();
    connection.ask(&request(host, key)).unwrap()
}

#[test]
fn client_that_sends_many_wrong_keys_must_wait_but_the_right_key_passes() {
    let host = locked().start();
    for _ in 0..AT_ONCE {
        assert_error(&request(&host, "wrong").send(), 401, "unauthorized");
    }
    assert_eq!(request(&host, "right").send().status(), 200);
    for _ in 0..3 {
        let refused = request(&host, "wrong").send();
        let message = assert_error(&refused, 429, "too_many_attempts");
        assert!(message.contains("the right key"), "{message}");
        let wait = refused.header("retry-after").expect("how long to wait");
        let wait: u64 = wait.parse().unwrap();
        assert!((1..=6).contains(&wait), "{wait}");
        assert_eq!(refused.header("connection"), Some("close"));
        assert_eq!(request(&host, "right").send().status(), 200);
    }
    // Another address, and a request that guesses nothing.
    assert_error(
        &ask_from([127, 0, 0, 2], &host, "wrong"),
        401,
        "unauthorized",
    );
    let without = host.request("GET", "/echo/schema").send();
    assert_error(&without, 401, "unauthorized");
}

#[test]
fn burst_of_wrong_keys_is_one_warning_with_the_clients_address() {
    let host = locked().start();
    for _ in 0..AT_ONCE + 30 {
        ask_from([127, 0, 0, 7], &host, "wrong");
    }
    let last = ask_from([127, 0, 0, 8], &host, "wrong");
    host.log()
        .wait_for_text(last.header("x-request-id").unwrap());
    let lines = host.log().so_far();
    let about: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("too_many_attempts"))
        .collect();
    assert_eq!(about.len(), 1, "{about:?}");
    assert!(
        about[0].contains("WARN") && about[0].contains("client=127.0.0.7"),
        "{}",
        about[0]
    );
    let each = lines
        .iter()
        .filter(|line| line.contains("client=127.0.0.7"));
    assert_eq!(each.count(), AT_ONCE + 1, "the others are not logged");
}

#[test]
fn names_cannot_be_probed_by_too_many_wrong_keys() {
    let host = locked().file("broken.wasm", "no component").start();
    let ask = |path: &str| {
        let request = host
            .request("GET", path)
            .header("authorization", "Bearer wrong");
        request.send()
    };
    for _ in 0..AT_ONCE {
        ask("/echo/schema");
    }
    for path in [
        "/echo/schema",
        "/nobody/schema",
        "/broken",
        "/",
        "/no/such/path",
    ] {
        assert_error(&ask(path), 429, "too_many_attempts");
    }
}

#[test]
fn key_of_a_connector_is_guessed_no_faster_than_the_hosts() {
    let host = locked()
        .plugin("own", guests::ECHOES_STATE)
        .config("own", "api-key = \"its own\"")
        .start();
    let ask = |name: &str, key: &str| host.weld(name).with_key(key).schema();
    for number in 0..AT_ONCE {
        let name = ["own", "echo"][number % 2];
        assert_error(&ask(name, "wrong"), 401, "unauthorized");
    }
    for (name, wrong, right) in [("own", "right", "its own"), ("echo", "its own", "right")] {
        assert_error(&ask(name, wrong), 429, "too_many_attempts");
        assert_eq!(ask(name, right).status(), 200, "{name}");
    }
}

#[test]
fn clients_behind_a_trusted_proxy_are_counted_one_by_one_and_keep_its_connection() {
    let host = locked().flag("--trusted-proxies", "127.0.0.1/32").start();
    let mut proxy = Connection::open(host.address()).unwrap();
    let mut ask = |client: &str, key: &str| {
        let request = request(&host, key).header("x-forwarded-for", client);
        proxy.ask(&request).unwrap()
    };
    for number in 0..AT_ONCE {
        let one_network = format!("2001:db8:1:2::{number:x}");
        for client in ["198.51.100.1", &one_network] {
            assert_error(&ask(client, "wrong"), 401, "unauthorized");
        }
    }
    for client in ["198.51.100.1", "2001:db8:1:2:ffff::1"] {
        let refused = ask(client, "wrong");
        assert_error(&refused, 429, "too_many_attempts");
        assert_eq!(refused.header("connection"), None, "others use it, too");
        assert_eq!(ask(client, "right").status(), 200, "{client}");
    }
    for client in ["198.51.100.2", "2001:db8:1:3::1"] {
        assert_error(&ask(client, "wrong"), 401, "unauthorized");
    }
}

/// Sends ten wrong keys from each of these addresses in 127.0.0.0/8, and the right key from some of them.
fn guess_from(addresses: std::ops::Range<u32>, host: &Host) {
    for number in addresses {
        let source = Ipv4Addr::from_bits(0x7f01_0000 | number);
        let mut connection = Connection::open_from(source.into(), host.address()).unwrap();
        for _ in 0..10 {
            let answer = connection.ask(&request(host, "wrong")).unwrap();
            // A few addresses share their count with others.
            assert!(matches!(answer.status(), 401 | 429), "{}", answer.text());
            if answer.status() == 429 {
                connection = Connection::open_from(source.into(), host.address()).unwrap();
            }
        }
        if number % 10 == 0 {
            assert_eq!(
                connection.ask(&request(host, "right")).unwrap().status(),
                200
            );
        }
    }
}

#[test]
fn wrong_keys_from_thousands_of_addresses_take_no_memory_and_the_right_key_passes() {
    let host = locked()
        .flag("--log", "error")
        .flag("--trusted-proxies", "127.0.0.1/32")
        .start();
    let guess = |addresses: std::ops::Range<u32>| {
        let (first, last) = (addresses.start, addresses.end);
        let middle = first.midpoint(last);
        thread::scope(|scope| {
            scope.spawn(|| guess_from(first..middle, &host));
            guess_from(middle..last, &host);
        });
    };
    guess(0..200);
    let before = own_memory(host.id());
    guess(200..2_000);
    // Many more addresses, by way of a proxy.
    let mut proxy = Connection::open(host.address()).unwrap();
    for number in 0..10_000_u32 {
        let client = format!("2001:db8:{:x}:{:x}::1", number >> 8, number & 0xff);
        let wrong = request(&host, "wrong").header("x-forwarded-for", &client);
        let answer = proxy.ask(&wrong).unwrap();
        assert!(matches!(answer.status(), 401 | 429), "{}", answer.text());
    }
    let grown = own_memory(host.id()).saturating_sub(before);
    assert!(grown < 512 << 10, "{grown} bytes more");
    assert_eq!(request(&host, "right").send().status(), 200);
}
