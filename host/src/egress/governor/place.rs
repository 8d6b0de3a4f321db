//! Where a call goes within its origin, which distinguishes the quotas of one origin.

use std::hash::{DefaultHasher, Hasher};

use super::rate::Paces;

/// Segments of a path beyond these say nothing about the quota that a call spends.
const MAX_SEGMENTS: usize = 4;

/// A segment longer than this is an id, not a word.
const MAX_WORD_BYTES: usize = 32;

/// Where a call goes, as far as its quota may depend on that. It uses digests, since paths may be long and contain
/// secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallPlace {
    /// The path's first segments; ids, such as numbers, count as equal.
    pub(super) shape: u64,
    /// Its first segment alone.
    pub(super) beginning: u64,
    /// The configured rule for this path.
    pub(super) rule: Option<usize>,
}

impl CallPlace {
    /// The place of a path in the form that the URL contains.
    pub(super) fn of(path: &str, paces: &Paces) -> Self {
        let mut shape = DefaultHasher::new();
        let mut beginning = None;
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        for segment in segments.take(MAX_SEGMENTS) {
            shape.write(if is_word(segment) {
                segment.as_bytes()
            } else {
                b"*"
            });
            shape.write_u8(b'/');
            beginning.get_or_insert_with(|| shape.finish());
        }
        Self {
            shape: shape.finish(),
            beginning: beginning.unwrap_or_default(),
            rule: paces.rules.iter().position(|rule| rule.matches(path)),
        }
    }
}

/// Whether a segment is a word of the API, and not an id.
fn is_word(segment: &str) -> bool {
    let is_version = segment.len() <= 4 && segment.starts_with(['v', 'V']);
    segment.len() <= MAX_WORD_BYTES
        && (is_version || !segment.bytes().any(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RateLimitConfig;

    fn place(path: &str) -> CallPlace {
        CallPlace::of(path, &Paces::of(&RateLimitConfig::default()))
    }

    #[test]
    fn paths_that_differ_by_an_id_alone_have_one_shape() {
        for (one, other, is_one) in [
            ("/beers/1", "/beers/2", true),
            ("/beers/1", "/beers/7f9c24e8", true),
            ("/beers/", "/beers", true),
            ("/beers", "/brewers", false),
            ("/search/code", "/search/issues", false),
            ("/v1/beers", "/v2/beers", false),
            ("/", "", true),
            ("/a/b/c/d/e", "/a/b/c/d/f", true),
            ("/ab", "/a/b", false),
        ] {
            let (one, other) = (place(one), place(other));
            assert_eq!(one.shape == other.shape, is_one, "{one:?} {other:?}");
        }
        assert_eq!(
            place("/search/code").beginning,
            place("/search/issues").beginning
        );
        assert_ne!(place("/search/code").beginning, place("/code").beginning);
    }
}
