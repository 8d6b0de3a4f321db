//! Requests to an allowed host that are malformed, or forged to look like something else.

use super::attempt::{Attempt, RefusedBy};
use serde_json::{Value, json};

const URL: &str = "http://api.example.net/";

/// URLs, each with a part of the message.
const URLS: &[(&str, &str)] = &[
    ("", "is not a valid URL"),
    ("api.example.net", "is not a valid URL"),
    ("//api.example.net/", "is not a valid URL"),
    ("/path", "is not a valid URL"),
    ("http://", "is not a valid URL"),
    ("http://:80/", "is not a valid URL"),
    ("http://api.example.net:99999/", "is not a valid URL"),
    ("http://api.example.net:port/", "is not a valid URL"),
    ("http://api example.net/", "is not a valid URL"),
    ("http://api.example.net%00.evil.net/", "is not a valid URL"),
    ("http://api.example.net^.evil.net/", "is not a valid URL"),
    ("http://<api.example.net>/", "is not a valid URL"),
    ("http://xn--example-com.net/", "is not a valid URL"),
    // Characters that look like a slash, a dot and a question mark.
    ("http://evil.net／api.example.net/", "is not a valid URL"),
    ("http://api.example.net․evil.net/", "is not a valid URL"),
    ("http://evil.net？.api.example.net/", "is not a valid URL"),
    ("http://api.example.net./", "is not a valid host name"),
    ("http://example.com./", "is not a valid host name"),
    ("http://x.example.com./", "is not a valid host name"),
    (
        "http://x.example.com.evil.net./",
        "is not a valid host name",
    ),
    ("http://.example.com/", "is not a valid host name"),
    ("http://localhost./", "is not a valid host name"),
    ("http://x..example.com/", "is not a valid host name"),
    ("http:/api.example.net/", "`://` and a host"),
    ("http:api.example.net", "`://` and a host"),
    ("http:///api.example.net/", "`://` and a host"),
    (" http://api.example.net/", "`://` and a host"),
    ("http://api.example.net:0/", "port is 0"),
    // Schemes.
    ("ftp://api.example.net/", "only `http` and `https`"),
    ("file:///etc/passwd", "only `http` and `https`"),
    ("gopher://api.example.net:70/_", "only `http` and `https`"),
    ("ws://api.example.net/", "only `http` and `https`"),
    ("unix:///var/run/docker.sock", "only `http` and `https`"),
    ("data:text/plain,x", "only `http` and `https`"),
    ("javascript:alert(1)", "only `http` and `https`"),
    ("blob:http://api.example.net/x", "only `http` and `https`"),
    (
        "view-source:http://api.example.net/",
        "only `http` and `https`",
    ),
    // User names, and hosts behind them.
    ("http://user@api.example.net/", "user name or password"),
    ("http://user:word@api.example.net/", "user name or password"),
    ("http://:word@api.example.net/", "user name or password"),
    ("http://@api.example.net/", "user name or password"),
    ("http://:@api.example.net/", "user name or password"),
    ("http://api.example.net@evil.net/", "user name or password"),
    (
        "http://api.example.net:80@evil.net/",
        "user name or password",
    ),
    ("http://api.example.net@127.0.0.1/", "user name or password"),
    (
        "http://api.example.net%2f@evil.net/",
        "user name or password",
    ),
    (
        "http://api.example.net%23@evil.net/",
        "user name or password",
    ),
    ("http://evil.net@api.example.net/", "user name or password"),
    ("http://a@b@api.example.net/", "user name or password"),
    // Backslashes and control characters.
    ("http:\\\\api.example.net\\", "backslashes"),
    ("http://api.example.net\\@evil.net/", "backslashes"),
    ("http://evil.net\\@api.example.net/", "backslashes"),
    ("http://api.example.net/\\..\\x", "backslashes"),
    ("http://api.exam\tple.net/", "control characters"),
    ("http://api.example.net/\n", "control characters"),
    (
        "http://api.example.net/x\r\nhost: evil.net",
        "control characters",
    ),
    (
        "http://api.example.net/?x\r\nhost: evil.net",
        "control characters",
    ),
    ("http://api.example.net\0.evil.net/", "control characters"),
    ("\u{1}http://api.example.net/", "control characters"),
    ("http://api.example.net/\u{7f}", "control characters"),
    ("http://api.example.net/\u{85}", "control characters"),
];

const METHODS: &[&str] = &[
    "CONNECT", "connect", "TRACE", "trace", "Trace", "", "GE T", "GET /", "GET\r\n", "G\0T", "GÉT",
];

/// Headers that frame the message or control a proxy.
const RESERVED: &[(&str, &str)] = &[
    ("Host", "evil.net"),
    ("host", "api.example.net"),
    ("HOST", "169.254.169.254"),
    ("Transfer-Encoding", "chunked"),
    ("transfer-encoding", "identity"),
    ("Connection", "close"),
    ("connection", "x-token, keep-alive"),
    ("Keep-Alive", "timeout=5"),
    ("Upgrade", "h2c"),
    ("TE", "trailers"),
    ("Trailer", "x-later"),
    ("Expect", "100-continue"),
    ("Via", "1.1 evil.net"),
    ("Proxy-Authorization", "Basic eDp4"),
    ("Proxy-Connection", "keep-alive"),
    ("Proxy-Authenticate", "Basic"),
    ("proxy-x", "y"),
    // `wasi:http` accepts only the length of the actual body, and there is no body here.
    ("Content-Length", "3"),
    ("content-length", "0x3"),
];

/// Invalid names and values of headers, each with a part of the message.
const MALFORMED: &[(&str, &str, &str)] = &[
    ("x-split", "a\r\nhost: evil.net", "contains characters"),
    ("x-line", "a\nb", "contains characters"),
    ("x-return", "a\rb", "contains characters"),
    ("x-null", "a\0b", "contains characters"),
    ("x-delete", "a\u{7f}b", "contains characters"),
    ("x-a\r\nhost", "evil.net", "is not a valid header name"),
    ("x-a\0", "b", "is not a valid header name"),
    ("x a", "b", "is not a valid header name"),
    ("host ", "evil.net", "is not a valid header name"),
    (" host", "evil.net", "is not a valid header name"),
    ("host:", "evil.net", "is not a valid header name"),
    ("", "b", "is not a valid header name"),
    ("x-é", "b", "is not a valid header name"),
    (":authority", "evil.net", "is not a valid header name"),
];

pub(crate) fn attempts() -> Vec<Attempt> {
    let form = |request: Value, what| Attempt::request("rules", request, RefusedBy::Form(what));
    let header = |name: &str, value: &str, what| {
        form(json!({ "url": URL, "headers": [[name, value]] }), what)
    };
    let urls = URLS
        .iter()
        .map(|(url, what)| form(json!({ "url": url }), what));
    let methods = METHODS.iter().map(|method| {
        form(
            json!({ "url": URL, "method": method }),
            "is not an allowed method",
        )
    });
    let reserved = RESERVED
        .iter()
        .map(|(name, value)| header(name, value, "is set by the host"));
    let malformed = MALFORMED
        .iter()
        .map(|(name, value, what)| header(name, value, what));
    let many: Vec<(String, &str)> = (0..257).map(|n| (format!("x-{n}"), "v")).collect();
    let long = [("x-long", "v".repeat(65 << 10))];
    let query = format!("{URL}?{}", "q".repeat(100 << 10));
    let lengths = [["content-length", "3"], ["content-length", "4"]];
    let measures = [
        form(
            json!({ "url": URL, "headers": lengths }),
            "is set by the host",
        ),
        form(json!({ "url": query }), "longer than 64KiB"),
        form(
            json!({ "url": URL, "headers": many }),
            "exceed the limit of 256 headers or 64KiB",
        ),
        form(
            json!({ "url": URL, "headers": long }),
            "exceed the limit of 256 headers or 64KiB",
        ),
    ];
    urls.chain(methods)
        .chain(reserved)
        .chain(malformed)
        .chain(measures)
        .collect()
}
