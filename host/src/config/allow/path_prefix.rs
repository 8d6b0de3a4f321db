//! The path of an allow rule: which paths lie below it, however a request spells them.

/// How often a server may decode a path before we stop following it. One decoding is correct; two happen behind a
/// proxy. A path that still has escapes after four is refused: following them all would take quadratic time.
const MAX_DECODINGS: usize = 4;

/// The path that a rule permits, with everything below it. Empty means every path.
///
/// `/v1` permits `/v1` and all of `/v1/…`, but not `/v10`; `/v1/` permits all of `/v1/…` but not `/v1` itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PathPrefix(String);

impl PathPrefix {
    /// The prefix for a URL's path as the `url` crate normalizes it: it begins with a slash, and dot segments are
    /// resolved.
    pub(super) fn new(path: &str) -> Self {
        Self(if path == "/" {
            String::new()
        } else {
            path.to_owned()
        })
    }

    /// Whether a URL's path, normalized in the same way, lies below this prefix for every server.
    ///
    /// Escapes are compared without decoding: `/%76%31` is not `/v1`. An escaped slash below the prefix is fine, since
    /// some APIs have them in identifiers (`/projects/group%2Fproject`), unless a server that decodes it could climb
    /// out of the prefix: see [`climbs`].
    pub(super) fn permits(&self, path: &str) -> bool {
        if self.0.is_empty() {
            return true;
        }
        self.has_below(path) && !climbs(path)
    }

    /// Whether this prefix permits every path that the other one permits.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.0.is_empty() || self.has_below(&other.0)
    }

    fn has_below(&self, path: &str) -> bool {
        path.strip_prefix(&self.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.0.ends_with('/'))
    }
}

/// Whether some server could see a segment `..` in a path, and leave the folder before it.
///
/// Resolving dot segments before decoding, as the URL standard says, leaves `/v1/..%2fadmin` unchanged. Some servers
/// and proxies decode first, some decode twice (`%252e`), and some treat a backslash as a slash. Others cut a segment
/// at a semicolon (`/v1/..;/admin`), a space or a control character, or end the path at a decoded `?` or `#`.
pub(super) fn climbs(path: &str) -> bool {
    let mut path = path.as_bytes().to_vec();
    for _ in 0..MAX_DECODINGS {
        if has_parent_segment(&path) {
            return true;
        }
        let decoded = decode_once(&path);
        if decoded.len() == path.len() {
            return false;
        }
        path = decoded;
    }
    true
}

fn has_parent_segment(path: &[u8]) -> bool {
    path.split(|byte| matches!(byte, b'/' | b'\\'))
        .filter_map(|segment| {
            segment
                .split(|byte| matches!(byte, b';' | b'?' | b'#' | 0..=b' '))
                .next()
        })
        .any(|segment| segment == b"..")
}

fn decode_once(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&first, after)) = rest.split_first() {
        match (first, after) {
            (b'%', [high, low, tail @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                decoded.push(hexadecimal(*high) << 4 | hexadecimal(*low));
                rest = tail;
            }
            _ => {
                decoded.push(first);
                rest = after;
            }
        }
    }
    decoded
}

/// The value of a hexadecimal digit.
fn hexadecimal(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_at_segments() {
        let cases = [
            ("/", "/", true),
            ("/", "/v1/../%2e%2e%2f", true),
            ("/v1", "/v1", true),
            ("/v1", "/v1/", true),
            ("/v1", "/v1/x", true),
            ("/v1", "/v1//x", true),
            ("/v1", "/v10", false),
            ("/v1", "/v1;a=1", false),
            ("/v1", "/v", false),
            ("/v1", "/", false),
            ("/v1", "/V1", false),
            ("/v1", "/%76%31", false),
            ("/v1", "/v1%2fx", false),
            ("/v1/", "/v1/", true),
            ("/v1/", "/v1/x", true),
            ("/v1/", "/v1", false),
        ];
        for (prefix, path, expected) in cases {
            assert_eq!(
                PathPrefix::new(prefix).permits(path),
                expected,
                "{path} below {prefix}"
            );
        }
    }

    #[test]
    fn encoded_traversal_does_not_leave_the_prefix() {
        let cases = [
            ("/v1/group%2Fproject", true),
            ("/v1/100%25", true),
            ("/v1/100%", true),
            ("/v1/%zz", true),
            ("/v1/a..b", true),
            ("/v1/...", true),
            ("/v1/%e2%82%ac", true),
            ("/v1/%2e%2e%2fadmin", false),
            ("/v1/%2E%2E%2Fadmin", false),
            ("/v1/..%2fadmin", false),
            ("/v1/x%2f..%2f..%2fadmin", false),
            ("/v1/x%2f..", false),
            ("/v1/..%5cadmin", false),
            ("/v1/%2e%2e%5Cadmin", false),
            ("/v1/%252e%252e%252fadmin", false),
            ("/v1/%25252e%25252e%25252fadmin", false),
            ("/v1/%25%32%65%25%32%65%25%32%66admin", false),
            ("/v1/..;/admin", false),
            ("/v1/..;a=b/admin", false),
            ("/v1/..%3b/admin", false),
            ("/v1/..%00/admin", false),
            ("/v1/..%3fadmin", false),
            ("/v1/..%23", false),
            ("/v1/..%20/admin", false),
            ("/v1/%2525252525252525", false),
        ];
        for (path, expected) in cases {
            assert_eq!(PathPrefix::new("/v1").permits(path), expected, "{path}");
        }
    }
}
