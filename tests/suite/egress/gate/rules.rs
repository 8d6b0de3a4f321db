//! Requests outside of the rules: other hosts, ports, schemes, methods and paths than the allowed ones.

use super::attempt::{Attempt, RefusedBy};
use serde_json::json;

/// The rules allow `http://*.example.com`, `http://api.example.net`, `https://tls.example.net`,
/// `http://ports.example.net:8080`, and `GET,POST http://paths.example.net/v1`.
const URLS: &[&str] = &[
    // A wildcard covers only subdomains.
    "http://example.com/",
    "http://evilexample.com/",
    "http://x.evilexample.com/",
    "http://x.example.com.evil.net/",
    "http://example.com.evil.net/",
    "http://x.example.co/",
    "http://x.example.comm/",
    "http://x-example.com/",
    "http://xn--pi-7kc.example.net/",
    // A plain name covers only itself.
    "http://x.api.example.net/",
    "http://api.example.net.evil.net/",
    "http://apiexample.net/",
    "http://api-example.net/",
    "http://api/",
    "http://evil.net/api.example.net",
    "http://evil.net/?http://api.example.net/",
    "http://evil.net/#http://api.example.net/",
    "http://evil.net?@api.example.net/",
    // Ports and schemes.
    "http://api.example.net:81/",
    "http://api.example.net:8080/",
    "http://api.example.net:443/",
    "https://api.example.net/",
    "https://api.example.net:80/",
    "https://x.example.com/",
    "http://tls.example.net/",
    "http://tls.example.net:443/",
    "https://tls.example.net:8443/",
    "http://ports.example.net/",
    "http://ports.example.net:80/",
    "http://ports.example.net:18080/",
    "https://ports.example.net:8080/",
    // Paths, plain and in the forms that servers decode.
    "http://paths.example.net/",
    "http://paths.example.net/v10",
    "http://paths.example.net/V1",
    "http://paths.example.net/v2/v1",
    "http://paths.example.net//v1",
    "http://paths.example.net/./v2",
    "http://paths.example.net/v1/../v2",
    "http://paths.example.net/v1/%2e%2e/v2",
    "http://paths.example.net/v1/.%2E/v2",
    "http://paths.example.net/v1/..%2fv2",
    "http://paths.example.net/v1/..%2Fv2",
    "http://paths.example.net/v1/..%5cv2",
    "http://paths.example.net/v1/%252e%252e/v2",
    "http://paths.example.net/v1/%252e%252e%252fv2",
    "http://paths.example.net/v1/..;/v2",
    "http://paths.example.net/v1/..%00/v2",
    "http://paths.example.net/v1/..%3b/v2",
    "http://paths.example.net/v1/x/..%2f..%2f..%2fv2",
];

/// Names that look like an allowed one, or are converted into another name. `wasi:http` accepts plain letters only.
const UNICODE_URLS: &[&str] = &[
    // Cyrillic а and е, Greek ο, dotless ı: different names.
    "http://аpi.example.net/",
    "http://api.еxample.net/",
    "http://x.example.cοm/",
    "http://apı.example.net/",
    // Full-width letters and dots are converted to plain ones, of a name outside of the rules.
    "http://ｅxample.com/",
    "http://example。com/",
    "http://ｅｖｉｌ.net/",
    "http://x.example.com。evil.net/",
    "http://%65xample.com/",
    "http://example%2ecom/",
    // A path can't begin there.
    "http://evil.net#@api.example.net/",
];

const METHODS: &[&str] = &[
    "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "get", "Post", "PURGE",
];

pub(crate) fn attempts() -> Vec<Attempt> {
    let urls = URLS
        .iter()
        .map(|url| Attempt::get("rules", url, RefusedBy::Rule));
    let unicode = UNICODE_URLS
        .iter()
        .map(|url| Attempt::get("rules", url, RefusedBy::Rule).beyond_wasi());
    let methods = METHODS.iter().map(|method| {
        let request = json!({ "url": "http://paths.example.net/v1/x", "method": method });
        Attempt::request("rules", request, RefusedBy::Rule)
    });
    // A rule for an address covers only that address.
    let addresses = [
        "http://10.1.2.4/",
        "http://10.1.2.3:8080/",
        "https://10.1.2.3/",
        "http://[::ffff:10.1.2.3]/",
        "http://[64:ff9b::10.1.2.3]/",
        "http://[2002:a01:203::]/",
        "http://[fd00::2]:8080/",
        "http://169.254.169.253/",
        "http://10.1.2.3.example.net/",
    ]
    .map(|url| Attempt::get("literals", url, RefusedBy::Rule));
    urls.chain(unicode)
        .chain(methods)
        .chain(addresses)
        .collect()
}
