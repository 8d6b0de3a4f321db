//! Requests to an allowed host that are malformed, or forged to look like something else.

use super::attempt::{Attempt, RefusedBy};
use serde_json::{Value, json};

const URL: &str = "http://api.example.net/";

/// URLs, each with a part of the message.
const URLS: &[(&str, &str)] = &[
    ("", "is no URL"),
    ("api.example.net", "is no URL"),
    ("//api.example.net/", "is no URL"),
    ("/path", "is no URL"),
    ("http://", "is no URL"),
    ("http://:80/", "is no URL"),
    ("http://api.example.net:99999/", "is no URL"),
    ("http://api.example.net:port/", "is no URL"),
    ("http://api example.net/", "is no URL"),
    ("http://api.example.net%00.evil.net/", "is no URL"),
    ("http://api.example.net^.evil.net/", "is no URL"),
    ("http://<api.example.net>/", "is no URL"),
    ("http://xn--example-com.net/", "is no URL"),
    // Characters that look like a slash, a dot and a question mark.
    ("http://evil.net／api.example.net/", "is no URL"),
    ("http://api.example.net․evil.net/", "is no URL"),
    ("http://evil.net？.api.example.net/", "is no URL"),
    ("http://api.example.net./", "no name that can be looked up"),
    ("http://example.com./", "no name that can be looked up"),
    ("http://x.example.com./", "no name that can be looked up"),
    (
        "http://x.example.com.evil.net./",
        "no name that can be looked up",
    ),
    ("http://.example.com/", "no name that can be looked up"),
    ("http://localhost./", "no name that can be looked up"),
    ("http://x..example.com/", "no name that can be looked up"),
    ("http:/api.example.net/", "`://` and a host"),
    ("http:api.example.net", "`://` and a host"),
    ("http:///api.example.net/", "`://` and a host"),
    (" http://api.example.net/", "`://` and a host"),
    ("http://api.example.net:0/", "port is 0"),
    // Schemes.
    ("ftp://api.example.net/", "only http and https"),
    ("file:///etc/passwd", "only http and https"),
    ("gopher://api.example.net:70/_", "only http and https"),
    ("ws://api.example.net/", "only http and https"),
    ("unix:///var/run/docker.sock", "only http and https"),
    ("data:text/plain,x", "only http and https"),
    ("javascript:alert(1)", "only http and https"),
    ("blob:http://api.example.net/x", "only http and https"),
    ("view-source:http://api.example.net/", "only http and https"),
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
    ("x-split", "a\r\nhost: evil.net", "holds characters"),
    ("x-line", "a\nb", "holds characters"),
    ("x-return", "a\rb", "holds characters"),
    ("x-null", "a\0b", "holds characters"),
    ("x-delete", "a\u{7f}b", "holds characters"),
    ("x-a\r\nhost", "evil.net", "is no header name"),
    ("x-a\0", "b", "is no header name"),
    ("x a", "b", "is no header name"),
    ("host ", "evil.net", "is no header name"),
    (" host", "evil.net", "is no header name"),
    ("host:", "evil.net", "is no header name"),
    ("", "b", "is no header name"),
    ("x-é", "b", "is no header name"),
    (":authority", "evil.net", "is no header name"),
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
            "no method that can be sent",
        )
    });
    let reserved = RESERVED
        .iter()
        .map(|(name, value)| header(name, value, "is the host's to set"));
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
            "is the host's to set",
        ),
        form(json!({ "url": query }), "longer than 65536 bytes"),
        form(
            json!({ "url": URL, "headers": many }),
            "too many or too long",
        ),
        form(
            json!({ "url": URL, "headers": long }),
            "too many or too long",
        ),
    ];
    urls.chain(methods)
        .chain(reserved)
        .chain(malformed)
        .chain(measures)
        .collect()
}
