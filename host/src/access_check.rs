//! Whether a request may be answered: its bearer key, and whether a web page or a proxy sends it. A leaf, for the
//! listeners.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::Authority;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::config::Secret;
use crate::lock::RwLock;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The headers that proxies add.
const FORWARDING: [&str; 7] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "cf-connecting-ip",
];

/// Keys, each of which gives access. They are stored as digests, computed once. All digests have the same length, so
/// the time of a comparison reveals neither a key's length nor how much of it was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccessKeys {
    digests: Vec<[u8; 32]>,
}

impl AccessKeys {
    /// These keys; the list may be empty.
    pub(crate) fn new(keys: &[Secret]) -> Self {
        Self {
            digests: keys
                .iter()
                .map(|key| Sha256::digest(key.expose()).into())
                .collect(),
        }
    }

    /// Whether there are no keys, so that every request is permitted.
    pub(crate) fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.digests.len()
    }

    /// Whether `token` is one of the keys.
    pub(crate) fn contain(&self, token: &[u8]) -> bool {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let equal = self
            .digests
            .iter()
            .fold(Choice::from(0), |found, key| found | key.ct_eq(&digest));
        equal.into()
    }
}

/// Keys that can be replaced while they are in use. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct SharedKeys(Arc<RwLock<Arc<AccessKeys>>>);

impl SharedKeys {
    /// These keys; the list may be empty.
    pub(crate) fn new(keys: &[Secret]) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(AccessKeys::new(keys)))))
    }

    /// The keys that count now.
    pub(crate) fn get(&self) -> Arc<AccessKeys> {
        self.0.read().clone()
    }

    /// Lets these keys count from now on. An empty list changes nothing, since it would permit every request. Returns whether
    /// the keys are others now.
    pub(crate) fn replace(&self, keys: &AccessKeys) -> bool {
        let mut current = self.0.write();
        let is_new = !keys.is_empty() && **current != *keys;
        if is_new {
            *current = Arc::new(keys.clone());
        }
        is_new
    }
}

/// What a request's key permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyCheck {
    /// It is one of the keys, or there are no keys.
    Permitted,
    /// There is no `Authorization`.
    Missing,
    /// Anything else: another key, another scheme, several headers.
    Wrong,
}

impl KeyCheck {
    /// Checks the key of a request with these headers.
    pub(crate) fn of(keys: &AccessKeys, headers: &HeaderMap) -> Self {
        if keys.is_empty() || bearer(headers).is_some_and(|token| keys.contain(token)) {
            Self::Permitted
        } else if headers.contains_key(header::AUTHORIZATION) {
            Self::Wrong
        } else {
            Self::Missing
        }
    }
}

/// Whether the request's `Host` is a name of this machine. A request without that header does not come from a
/// browser.
pub(crate) fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else {
        return true;
    };
    is_this_machine(host.as_bytes())
}

/// Whether the browser says that a web page of another host sent the request: by `Origin` (RFC 6454, section 7),
/// which is `null` for a page that hides its origin, or by `Sec-Fetch-Site` (Fetch Metadata). A page's script can set
/// neither.
pub(crate) fn is_of_a_foreign_page(headers: &HeaderMap) -> bool {
    let is_foreign = |origin: &HeaderValue| {
        let host = origin.as_bytes().split(|byte| *byte == b'/').nth(2);
        !host.is_some_and(is_this_machine)
    };
    let is_cross_site = |site: &HeaderValue| site.as_bytes().trim_ascii() == b"cross-site";
    headers.get_all(header::ORIGIN).iter().any(is_foreign)
        || headers.get_all(SEC_FETCH_SITE).iter().any(is_cross_site)
}

/// Whether a proxy says that it passes on somebody else's request.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    FORWARDING.iter().any(|name| headers.contains_key(*name))
}

fn is_this_machine(authority: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(authority) else {
        return false;
    };
    let host = authority.host().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

/// The token of `Authorization: Bearer TOKEN`; the scheme is case-insensitive (RFC 9110, section 11.1). `None` if the
/// header occurs twice, since it is unclear which one counts.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let value = value.as_bytes().trim_ascii();
    let (scheme, token) = value.split_at_checked("bearer".len())?;
    let begins_apart = token.first().is_some_and(u8::is_ascii_whitespace);
    (scheme.eq_ignore_ascii_case(b"bearer") && begins_apart).then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (header::AUTHORIZATION, value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_a_right_key_passes() {
        let keys = AccessKeys::new(&["first".to_owned().into(), "second".to_owned().into()]);
        for (values, expected) in [
            (&["Bearer first"][..], KeyCheck::Permitted),
            (&["Bearer second"], KeyCheck::Permitted),
            (&["bearer first"], KeyCheck::Permitted),
            (&["BEARER   first  "], KeyCheck::Permitted),
            (&["Bearer firs"], KeyCheck::Wrong),
            (&["Bearer first2"], KeyCheck::Wrong),
            (&["Bearer"], KeyCheck::Wrong),
            (&["Bearer "], KeyCheck::Wrong),
            (&["Bearerfirst"], KeyCheck::Wrong),
            (&["Basic first"], KeyCheck::Wrong),
            (&["first"], KeyCheck::Wrong),
            (&[""], KeyCheck::Wrong),
            (&[], KeyCheck::Missing),
            (&["Bearer first", "Bearer first"], KeyCheck::Wrong),
        ] {
            assert_eq!(
                KeyCheck::of(&keys, &headers(values)),
                expected,
                "{values:?}"
            );
        }
    }

    #[test]
    fn replaced_keys_count_at_once_and_none_never_do() {
        let shared = SharedKeys::new(&["old".to_owned().into()]);
        let clone = shared.clone();
        assert!(!shared.replace(&AccessKeys::new(&[])));
        assert!(clone.get().contain(b"old"));
        assert!(shared.replace(&AccessKeys::new(&["new".to_owned().into()])));
        assert!(clone.get().contain(b"new") && !clone.get().contain(b"old"));
        assert!(!shared.replace(&clone.get()), "they are the same");
    }

    #[test]
    fn pages_of_other_hosts_are_recognized() {
        for (name, value, expected) in [
            ("origin", "https://evil.example.com", true),
            ("origin", "http://localhost.example.com:8080", true),
            ("origin", "http://192.168.1.7", true),
            ("origin", "null", true),
            ("origin", "", true),
            ("origin", "file://", true),
            ("origin", "http://localhost:3000", false),
            ("origin", "http://127.0.0.1:8080", false),
            ("origin", "http://[::1]:8080", false),
            ("sec-fetch-site", "cross-site", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "same-origin", false),
            ("sec-fetch-site", "none", false),
            ("accept", "*/*", false),
        ] {
            let name = HeaderName::from_static(name);
            let headers = HeaderMap::from_iter([(name.clone(), value.parse().unwrap())]);
            assert_eq!(is_of_a_foreign_page(&headers), expected, "{name}: {value}");
        }
        let several = [
            (header::ORIGIN, "http://localhost"),
            (header::ORIGIN, "null"),
        ];
        let several = several.map(|(name, value)| (name, HeaderValue::from_static(value)));
        assert!(is_of_a_foreign_page(&several.into_iter().collect()));
    }

    #[test]
    fn requests_that_a_proxy_passes_on_are_recognized() {
        assert!(!is_forwarded(&HeaderMap::new()));
        for name in ["Forwarded", "Via", "X-Forwarded-For", "X-Real-IP"] {
            let name = HeaderName::try_from(name).unwrap();
            let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static("x"))]);
            assert!(is_forwarded(&headers), "{name}");
        }
    }

    #[test]
    fn names_of_this_machine_are_recognized() {
        for (host, expected) in [
            ("localhost", true),
            ("LOCALHOST:8080", true),
            ("127.0.0.1:8080", true),
            ("127.9.9.9", true),
            ("[::1]:8080", true),
            ("example.com", false),
            ("localhost.example.com", false),
            ("127.0.0.1.example.com:80", false),
            ("10.0.0.1", false),
            ("[::2]", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(names_this_machine(&headers), expected, "{host}");
        }
        assert!(names_this_machine(&HeaderMap::new()));
    }

    #[test]
    fn without_keys_everyone_passes() {
        for values in [&[][..], &["Bearer any"]] {
            let check = KeyCheck::of(&AccessKeys::new(&[]), &headers(values));
            assert_eq!(check, KeyCheck::Permitted, "{values:?}");
        }
    }
}
