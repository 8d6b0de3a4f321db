//! `PORT`, by which platforms name the port to listen on: an invalid or taken one is an error that names it.

use crate::{guests, host};
use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use weld_host_tests::host::HostBuilder;

/// A host that gets its address from `PORT`, and has a key.
fn on_port(port: impl AsRef<OsStr>) -> HostBuilder {
    host()
        .without("--listen")
        .variable("PORT", port)
        .variable("WELD_API_KEY", "key")
}

/// The only line that a host writes which refuses to start.
fn refusal(builder: HostBuilder) -> String {
    let failure = builder.fail();
    assert_eq!(failure.status.code(), Some(1), "{failure:?}");
    let [line] = &*failure.stderr else {
        panic!("{failure:?}");
    };
    line.clone()
}

#[test]
fn invalid_port_is_refused_by_name() {
    for port in [
        &b"http"[..],
        b"",
        b"65536",
        b"-1",
        b" 80",
        b"tcp://10.0.0.1:80",
        b"80\xff",
    ] {
        let line = refusal(on_port(OsStr::from_bytes(port)));
        assert!(
            line.contains("environment variable PORT") && line.contains("--listen"),
            "{line}"
        );
    }
}

#[test]
fn taken_port_is_refused_by_name() {
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let line = refusal(on_port(port.to_string()));
    assert!(
        line.contains(&format!("0.0.0.0:{port}"))
            && line.contains("another server")
            && line.contains("PORT or --listen"),
        "{line}"
    );
    // A host that got its address from elsewhere doesn't mention it.
    let line = refusal(host().flag("--listen", &format!("127.0.0.1:{port}")));
    assert!(!line.contains("PORT"), "{line}");
}

#[test]
fn address_in_a_flag_or_variable_takes_precedence_over_the_port() {
    let by_flag = host()
        .plugin("guest", guests::ECHOES_STATE)
        .variable("PORT", "not a port")
        .start();
    assert!(by_flag.address().ip().is_loopback());
    let by_variable = host()
        .plugin("guest", guests::ECHOES_STATE)
        .without("--listen")
        .variable("WELD_LISTEN", "127.0.0.1:0")
        .variable("PORT", "not a port")
        .start();
    assert!(by_variable.address().ip().is_loopback());
}
