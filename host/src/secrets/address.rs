//! Recognizes addresses, which aren't secrets although they are as long as one.

use url::Url;

/// Shorter values are not searched for, since that would damage ordinary words.
pub(crate) const MIN_SECRET_BYTES: usize = 12;

/// Common top-level domains. A value with another ending may be a secret that contains dots.
const ENDS: [&str; 24] = [
    "ai", "app", "at", "au", "ca", "ch", "cloud", "co", "com", "de", "dev", "es", "eu", "fr", "in",
    "io", "it", "jp", "net", "nl", "org", "se", "uk", "us",
];

/// Whether a value is an address without a secret: an `http` or `https` URL in which only the host's name is as long as
/// one, or such a name alone. An API's address often comes from the environment, and appears in rows, in cursors and in
/// the advice about rules.
pub(super) fn is_plain_address(value: &str) -> bool {
    is_plain_url(value) || is_plain_host(value)
}

fn is_plain_url(value: &str) -> bool {
    Url::parse(value).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && url
                .path()
                .split('/')
                .all(|part| part.len() < MIN_SECRET_BYTES)
    })
}

/// In lower case, with a common top-level domain. No label is as long as a secret, unless it has only letters and
/// hyphens.
fn is_plain_host(value: &str) -> bool {
    let parts: Vec<_> = value.split('.').collect();
    let is_plain = |part: &&str| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| is_letter(byte) || byte.is_ascii_digit())
            && (part.len() < MIN_SECRET_BYTES || part.bytes().all(is_letter))
    };
    parts.len() > 1
        && parts.last().is_some_and(|end| ENDS.contains(end))
        && parts.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_apis_are_plain_but_possible_secrets_are_not() {
        for plain in [
            "https://api.example.com",
            "https://api.example.com/v2/",
            "http://127.0.0.1:9100/x",
            "api.example.com",
            "my-development-store.myshopify.com",
            "shop-1.example.co.uk",
            "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
        ] {
            assert!(is_plain_address(plain), "{plain}");
        }
        for secret in [
            "https://user:pass@api.example.com",
            "https://api.example.com/?key=hunter2",
            "https://hooks.example.com/T0123456789AB",
            "hunter2hunter3",
            "correct.horse.battery",
            "eyJhbGciOi.eyJzdWIi.c2lnbmF0",
            "SG.abcdefgh.ijklmnop",
            "0123456789abcdef.example.com",
            "hunter2hunter3.io",
            "Api.Example.com",
            "api..com",
            "api.example.com/T0123456789AB",
            "com",
        ] {
            assert!(!is_plain_address(secret), "{secret}");
        }
    }
}
