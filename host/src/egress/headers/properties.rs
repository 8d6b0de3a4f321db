//! Properties of all headers and URLs of guests. `PROPTEST_CASES` makes the search longer.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::config::RESERVED_HEADERS;

/// Names that frame a message, in any case and disguise, among others and among bytes.
fn name() -> impl Strategy<Value = String> {
    let known = select(
        RESERVED_HEADERS
            .into_iter()
            .chain(["proxy-authorization", "proxy-", "accept-encoding"])
            .chain(["user-agent", "authorization", "x-host", "hosts", ":path"])
            .collect::<Vec<_>>(),
    );
    let cased = (known, any::<u32>()).prop_map(|(name, upper)| {
        name.chars()
            .enumerate()
            .map(|(place, letter)| match upper >> (place % 32) & 1 {
                1 => letter.to_ascii_uppercase(),
                _ => letter,
            })
            .collect::<String>()
    });
    let around = select(vec!["", " ", "\t", "\r\n", "\0", ":", "x"]);
    let disguised = (around.clone(), cased.clone(), around)
        .prop_map(|(before, name, after)| format!("{before}{name}{after}"));
    // Most names are valid, since an invalid one ends the whole request.
    prop_oneof![
        6 => cased,
        2 => "[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,12}",
        1 => disguised,
        1 => any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let splits = select(vec!["a\r\nhost: b", "a\nb", "a\rb", "\0", "\u{7f}"]);
    prop_oneof![
        6 => "[ -~]{0,20}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..20),
        1 => splits.prop_map(|text| text.as_bytes().to_vec()),
    ]
}

/// URLs that are mostly valid except for one part.
fn url_text() -> impl Strategy<Value = String> {
    let scheme = select(vec!["http", "https", "HTTP", "ftp"]);
    let slashes = select(vec![
        "://", "://", "://", ":/", ":", ":///", ":\\\\", ":/\t/",
    ]);
    let user = select(vec!["", "", "", "user@", "user:word@", "b.example@", "@"]);
    let host = select(vec![
        "a.example",
        "A.example",
        "é.example",
        "a。example",
        "ｅ.example",
        "a.example／b",
        "a.example.",
        "[::1]",
        "127.1",
        "0x7f",
        "%61.example",
        "a.example%00",
        "a.example\\",
        "a example",
        "",
    ]);
    let port = select(vec!["", "", "", ":80", ":443", ":8443", ":0", ":65536"]);
    let tail = vec(
        select(vec![
            "/",
            "/v1",
            "/..",
            "/%2e%2e",
            "/%0d%0a",
            "\r\n",
            "\t",
            " ",
            "\\",
            "?",
            "q=1",
            "#",
            "@b.example",
            "é",
            "\u{0}",
            "|",
        ]),
        0..5,
    );
    (scheme, slashes, user, host, port, tail).prop_map(
        |(scheme, slashes, user, host, port, tail)| {
            format!("{scheme}{slashes}{user}{host}{port}{}", tail.concat())
        },
    )
}

proptest! {
    #[test]
    fn sent_headers_never_frame_the_message(headers in vec((name(), value()), 1..4)) {
        let reserved = |name: &str| {
            let name = name.to_ascii_lowercase();
            RESERVED_HEADERS.contains(&name.as_str()) || name.starts_with("proxy-")
        };
        let sent = sent(&headers);
        if headers.iter().any(|(name, _)| reserved(name)) {
            prop_assert!(sent.is_err());
        }
        let Ok(sent) = sent else { return Ok(()) };
        for (name, value) in &sent {
            prop_assert!(!reserved(name.as_str()), "{name}");
            prop_assert!(name.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'), "{name}");
            prop_assert!(!value.as_bytes().iter().any(|byte| b"\r\n\0\x7f".contains(byte)), "{value:?}");
        }
        // The host decompresses, so it alone states which encodings it understands.
        let encodings: Vec<_> = sent.get_all(header::ACCEPT_ENCODING).iter().collect();
        prop_assert_eq!(encodings, [ACCEPTED_ENCODINGS]);
        let others = |name: &&(String, Vec<u8>)| !["accept-encoding", "user-agent"].contains(&name.0.to_ascii_lowercase().as_str());
        let kept = sent.iter().filter(|(name, _)| !["accept-encoding", "user-agent"].contains(&name.as_str())).count();
        prop_assert_eq!(kept, headers.iter().filter(others).count());
    }

    #[test]
    fn url_that_is_called_is_what_it_shows(text in url_text()) {
        let Ok(url) = url(&text) else { return Ok(()) };
        prop_assert!(!text.contains(['\r', '\n', '\t', '\0']));
        prop_assert!(url.username().is_empty() && url.password().is_none());
        let Ok(target) = target(&url) else { return Ok(()) };
        prop_assert_eq!(target.host(), url.host_str());
        prop_assert_eq!(target.port_u16(), url.port());
        prop_assert_eq!(target.query(), url.query());
        let line = target.to_string();
        prop_assert!(line.bytes().all(|byte| byte.is_ascii_graphic()), "{line:?}");
        // The host in the text is the host that is called: nothing before it, nothing after an `@`.
        let (_, rest) = text.split_once("://").expect("checked by `url`");
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        prop_assert!(!authority.contains('@') && !authority.contains('\\'), "{authority}");
    }
}
