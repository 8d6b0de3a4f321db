//! The limits of the admin listener's connections.

use super::{get, with_admin};
use crate::host;
use weld_host_tests::connection::Connection;
use weld_host_tests::http::Kind;
use weld_host_tests::until;
use weld_host_tests::weld::Request;

#[test]
fn connections_beyond_the_maximum_wait_until_one_is_closed() {
    let (_host, admin) = with_admin(host());
    let mut open: Vec<_> = (0..64)
        .map(|_| {
            let mut connection = Connection::open(admin).unwrap();
            connection.send(b"GET /healthz HTTP/1.1\r\nho").unwrap();
            connection
        })
        .collect();
    let waiting = Request::new(admin, "GET", "/healthz").begin().unwrap();
    // One more, which is accepted after the other, is not answered in the time in which the open ones are.
    for connection in &mut open[..10] {
        connection.send(b"st: localhost\r\n\r\n").unwrap();
        assert_eq!(connection.read(Kind::Response).unwrap().status(), 200);
    }
    assert!(waiting.is_unanswered());
    open.pop();
    assert_eq!(waiting.answer().unwrap().status(), 200);
}

#[test]
fn client_that_sends_too_slowly_or_too_much_is_cut_off() {
    let (_host, admin) = with_admin(host());
    let mut idle = Connection::open(admin).unwrap();
    let mut slow = Connection::open(admin).unwrap();
    slow.send(b"GET /healthz HTTP/1.1\r\nho").unwrap();
    let body = Request::new(admin, "PUT", "/log").header("content-length", "5");
    let body = body.begin().unwrap();
    let large = Request::new(admin, "GET", "/healthz").header("x-large", &"x".repeat(20 << 10));
    assert_eq!(large.send().status(), 431);
    assert!(body.is_unanswered());
    assert_eq!(body.answer().unwrap().status(), 408);
    assert!(
        slow.read(Kind::Response)
            .map_or(true, |answer| answer.status() == 408)
    );
    assert!(idle.read(Kind::Response).is_err());
    until("it answers", || get(admin, "/healthz").status() == 200);
}
