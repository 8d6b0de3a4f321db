//! The client's address in the log: that of the connection, or what a trusted proxy says.

use crate::{guests, host};
use weld_host_tests::host::Host;

/// A host with the connector `echo`, that trusts these proxies.
fn behind(proxies: &str) -> Host {
    host()
        .plugin("echo", guests::ECHOES_STATE)
        .flag("--trusted-proxies", proxies)
        .start()
}

/// The client in the log's line of a request with these headers.
fn client(host: &Host, headers: &[(&str, &str)]) -> String {
    let mut request = host.request("GET", "/echo/schema");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.send();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let id = answer.header("x-request-id").expect("every answer has one");
    let line = host.log().wait_for_text(id);
    let (_, client) = line
        .split_once("client=")
        .unwrap_or_else(|| panic!("{line}"));
    let end = client.find([' ', '}']).unwrap_or(client.len());
    client[..end].to_owned()
}

#[test]
fn header_of_an_untrusted_client_is_ignored() {
    let forged = [
        ("x-forwarded-for", "198.51.100.1"),
        ("forwarded", "for=198.51.100.1"),
    ];
    let without = host().plugin("echo", guests::ECHOES_STATE).start();
    for host in [without, behind("10.0.0.0/8,fd00::/8")] {
        assert_eq!(client(&host, &[]), "127.0.0.1");
        assert_eq!(client(&host, &forged[..1]), "127.0.0.1");
        assert_eq!(client(&host, &forged), "127.0.0.1");
    }
}

#[test]
fn client_is_whom_a_trusted_proxy_names() {
    let host = behind("127.0.0.0/8, 10.0.0.0/8");
    for (headers, expected) in [
        (&[][..], "127.0.0.1"),
        (&[("x-forwarded-for", "198.51.100.1")], "198.51.100.1"),
        (
            &[("x-forwarded-for", "1.1.1.1, 198.51.100.1:4711, 10.0.0.2")],
            "198.51.100.1",
        ),
        (
            &[
                ("x-forwarded-for", "1.1.1.1"),
                ("x-forwarded-for", "[2001:db8::7]:80"),
            ],
            "2001:db8::7",
        ),
        (
            &[(
                "forwarded",
                "for=1.1.1.1, for=\"[2001:db8::7]:80\";proto=https",
            )],
            "2001:db8::7",
        ),
        (&[("forwarded", "for=1.1.1.1, for=_hidden")], "127.0.0.1"),
        (
            &[("x-forwarded-for", "1.1.1.1, unknown, 10.0.0.2")],
            "10.0.0.2",
        ),
        (&[("x-forwarded-for", "<script>")], "127.0.0.1"),
        (
            &[("x-real-ip", "1.1.1.1"), ("via", "1.1 proxy")],
            "127.0.0.1",
        ),
    ] {
        assert_eq!(client(&host, headers), expected, "{headers:?}");
    }
}

#[test]
fn two_headers_that_disagree_are_not_believed_and_the_log_says_so_once() {
    let host = behind("127.0.0.1/32");
    let both = [
        ("x-forwarded-for", "198.51.100.1"),
        ("forwarded", "for=1.1.1.1"),
    ];
    for _ in 0..3 {
        assert_eq!(client(&host, &both), "127.0.0.1");
    }
    let warned = |line: &&String| line.contains("name different clients");
    assert_eq!(host.log().so_far().iter().filter(warned).count(), 1);
}

#[test]
fn reason_of_a_failed_load_is_not_told_to_a_client_behind_a_proxy_on_this_machine() {
    let builder = host().file("broken.wasm", "no component");
    let host = builder.flag("--trusted-proxies", "127.0.0.1").start();
    let reason = |headers: &[(&str, &str)]| {
        let mut request = host
            .request("GET", "/broken/schema")
            .header("host", "localhost");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let text = request.send().text();
        assert!(text.contains("connector_unavailable"), "{text}");
        text.contains("the connector failed to load: ")
    };
    // A proxy may name no client, and loopback of the proxy's client is another machine's.
    assert!(!reason(&[]));
    for value in ["198.51.100.1", "127.0.0.1"] {
        assert!(!reason(&[("x-forwarded-for", value)]), "{value}");
    }
}

#[test]
fn network_that_cannot_be_meant_is_refused_with_the_right_form() {
    for (value, expected) in [
        ("", "not a network: write an address such as"),
        ("10.0.0.0/8,", "not a network"),
        ("proxy.example.com", "proxy.example.com: not a network"),
        ("::ffff:10.0.0.1", "write \"10.0.0.1\""),
        (
            "fd00::/8,10.0.0.1/8",
            "10.0.0.1/8: the address has bits set after its prefix: write \"10.0.0.0/8\"",
        ),
        ("10.0.0.0/33", "must be a number from 0 to 32"),
    ] {
        let failure = host().flag("--trusted-proxies", value).fail();
        assert_eq!(failure.status.code(), Some(1), "{failure:?}");
        let told = failure.stderr.join("\n");
        assert!(
            told.contains(expected) && told.contains("--trusted-proxies"),
            "{told}"
        );
    }
}
