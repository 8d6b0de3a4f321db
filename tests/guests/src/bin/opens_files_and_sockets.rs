//! Uses the standard library for what a sandbox must not allow, and reports each outcome in a row: `open`, or the
//! error.
//! The host must refuse all of it. The address to connect to and the file to read are in the state.

use serde_json::{Value, json};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use weld_test_guests::{Error, Page, connector, one_row};

fn fetch_page(_table: String, state: String) -> Result<Page, Error> {
    let wanted: Value =
        serde_json::from_str(&state).map_err(|error| Error::InvalidState(error.to_string()))?;
    let text = |key: &str| {
        wanted
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    one_row(&json!({
        "read_file": outcome(std::fs::read(text("file"))),
        "read_root": outcome(std::fs::read_dir("/")),
        "read_current_folder": outcome(std::fs::read_dir(".")),
        "write_file": outcome(std::fs::write("/tmp/weld-host-escape", "escaped")),
        "connect_tcp": outcome(TcpStream::connect(text("address"))),
        "listen_tcp": outcome(TcpListener::bind("127.0.0.1:0")),
        "bind_udp": outcome(UdpSocket::bind("127.0.0.1:0")),
        "send_udp": outcome(UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.send_to(b"x", text("address")))),
        "resolve_name": outcome("localhost:80".to_socket_addrs()),
        "read_stdin": outcome(read_stdin()),
    }))
}

fn outcome<T>(result: std::io::Result<T>) -> String {
    match result {
        Ok(_) => "open".to_owned(),
        Err(error) => format!("refused: {error}"),
    }
}

/// An end of input is as good as a refusal here.
fn read_stdin() -> std::io::Result<()> {
    match std::io::read_to_string(std::io::stdin())?.len() {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

connector!(fetch_page);
