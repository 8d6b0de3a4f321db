//! Addresses, which are no secrets though they are as long as one.

use url::Url;

/// Shorter values are not looked for: ordinary words would be torn.
pub(super) const MIN_SECRET_BYTES: usize = 12;

/// Whether a value is an `http` or `https` URL that can hold no secret, since nothing in it is as long as one but its
/// host's name. An API's address often comes from the environment, and stands in rows and cursors.
pub(super) fn is_plain_address(value: &str) -> bool {
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
