use tokio::net::TcpListener;

use super::*;

fn proxy(text: &str) -> ProxyAddress {
    text.parse().unwrap()
}

fn by_name() -> TunnelTarget {
    TunnelTarget::Host("api.example.com".to_owned(), 443)
}

fn by_address(port: u16) -> TunnelTarget {
    TunnelTarget::Resolved(SocketAddr::from(([93, 184, 215, 14], port)))
}

/// What is said of a proxy's answer; `None` if it makes a connection.
fn said(answer: &str, target: &TunnelTarget) -> Option<(String, bool)> {
    let fault = judge(answer.as_bytes(), &proxy("http://proxy:3128"), target).err()?;
    Some((report::chain(&fault), fault.is_lasting()))
}

#[test]
fn any_success_without_a_page_makes_a_connection() {
    for answer in [
        "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.0 200 OK\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 299 Fine\nvia: 1.1 proxy\n\n",
    ] {
        assert_eq!(said(answer, &by_name()), None, "{answer:?}");
    }
}

#[test]
fn any_other_answer_is_explained() {
    for (answer, expected, is_lasting) in [
        ("HTTP/1.1 407 Who?\r\n\r\n", "requires a user", true),
        ("HTTP/1.0 401 Unauthorized\r\n\r\n", "(401)", true),
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>",
            "\"403 Forbidden\"; ask its operator to permit CONNECT to api.example.com:443",
            true,
        ),
        ("HTTP/1.1 405 \r\n\r\n", "\"405\"", true),
        ("HTTP/1.1 429 Slow down\r\n\r\n", "\"429 Slow down\"", false),
        (
            "HTTP/1.1 502 Bad Gateway\r\n\r\n",
            "\"502 Bad Gateway\"; it could not reach api.example.com:443",
            false,
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n",
            "\"302 Found\"",
            true,
        ),
        ("HTTP/1.1 200 OK\r\n\r\n<html>", "a page instead", true),
        (
            "HTTP/1.1 200 OK\r\nCONTENT-TYPE:  Text/HTML; charset=x\r\n\r\n",
            "a page instead",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nvia: pro",
            "closed the connection",
            false,
        ),
        ("<html>log in</html>", "\"<html>log in</html>\"", true),
        ("SSH-2.0-server\r\n", "\"SSH-2.0-server\"", true),
        ("HTTP/2 200 OK\r\n\r\n", "is not HTTP", true),
        ("HTTP/1.1\r\n\r\n", "is not HTTP", true),
        ("HTTP/1.1 2\u{e9}0 OK\r\n\r\n", "is not HTTP", true),
        ("\x16\x03\x01\0\u{1b}[2J", "is not HTTP", true),
    ] {
        let (told, lasting) = said(answer, &by_name()).expect(answer);
        assert!(told.contains(expected), "{answer:?}: {told}");
        assert_eq!(lasting, is_lasting, "{answer:?}: {told}");
        assert!(!told.contains('\u{1b}'), "{told:?}");
    }
    let long = format!("HTTP/1.1 500 {}\r\n\r\n", "x".repeat(9_000));
    let (told, _) = said(&long, &by_name()).unwrap();
    assert!(told.len() < 300, "{told}");
}

#[test]
fn refusal_says_what_may_help() {
    let refused = |target| said("HTTP/1.1 403 Forbidden\r\n\r\n", &target).unwrap().0;
    let (name, address) = (refused(by_name()), refused(by_address(443)));
    for told in [&name, &address] {
        assert!(!told.contains("only port 443"), "{told}");
    }
    assert!(!name.contains("--proxy-resolves"), "{name}");
    assert!(address.contains("--proxy-resolves"), "{address}");
    assert!(refused(by_address(80)).contains("only port 443"));
}

#[test]
fn password_is_shown_in_no_message() {
    let proxy = proxy("http://weld:hunter2@proxy:3128");
    let answer = b"HTTP/1.1 407 Denied\r\n\r\n";
    let fault = judge(answer, &proxy, &by_name()).unwrap_err();
    assert!(fault.to_string().contains("refused the user"), "{fault}");
}

/// The fault of a proxy that sends these bytes, again and again, until nobody reads them.
async fn fault_of(piece: &'static [u8], forever: bool) -> (ProxyFault, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    let sending = tokio::spawn(async move {
        let mut sent = 0;
        while server.write_all(piece).await.is_ok() {
            sent += piece.len();
            if !forever {
                break;
            }
        }
        sent
    });
    let fault = head(&mut client).await.expect_err("no end of a head");
    drop(client);
    (fault, sending.await.unwrap())
}

#[tokio::test]
async fn head_is_read_up_to_a_limit_and_no_further() {
    let (fault, _) = fault_of(b"HTTP/1.1 200 OK\r\n", true).await;
    assert!(matches!(fault, ProxyFault::TooLong), "{fault}");
    let (fault, _) = fault_of(b"", false).await;
    assert!(matches!(fault, ProxyFault::Closed(_)), "{fault}");
}
