//! Paths of an API as people write them, for a quota that not all of them share.

use std::str::FromStr;

/// No pattern is longer.
const MAX_BYTES: usize = 256;

/// The path of a URL, as it stands there, in which `*` is any text: `/search*`, `/v1/*/reports`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(String);

/// Why a text is no pattern of paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathPatternError {
    /// It doesn't begin with a slash.
    #[error("not a path: write it from its first slash, such as \"/search*\"")]
    Form,
    /// It has a query, a fragment, a space or a letter that no path of a URL has.
    #[error(
        "a path has no query, no `#` and no spaces; write other letters as in a URL, such as \"/Z%C3%BCrich\""
    )]
    Letter,
    /// It is too long.
    #[error("too long: a path has at most 256 bytes")]
    TooLong,
}

impl PathPattern {
    /// Whether a path, from its first slash and without query, is one of these.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = path.strip_prefix(first) else {
            return false;
        };
        let mut last = None;
        for part in parts {
            // The part before this one may lie anywhere: the first place leaves the most for those behind it.
            if let Some(part) = last.replace(part) {
                let Some((_, after)) = rest.split_once(part) else {
                    return false;
                };
                rest = after;
            }
        }
        last.map_or(rest.is_empty(), |last| rest.ends_with(last))
    }

    /// Whether all paths that another pattern matches are matched by this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        // An asterisk of the other one is matched by one of this one only.
        self.matches(&other.0)
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PathPattern {
    type Err = PathPatternError;

    /// # Errors
    ///
    /// [`PathPatternError`] says what is wrong.
    fn from_str(text: &str) -> Result<Self, PathPatternError> {
        if !text.starts_with(['/', '*']) {
            return Err(PathPatternError::Form);
        }
        if text.len() > MAX_BYTES {
            return Err(PathPatternError::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(['?', '#']) {
            return Err(PathPatternError::Letter);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn star_is_any_text() {
        for (pattern, path, expected) in [
            ("/search*", "/search", true),
            ("/search*", "/search/code", true),
            ("/search*", "/searches", true),
            ("/search*", "/v1/search", false),
            ("/search", "/search", true),
            ("/search", "/search/", false),
            ("/v1/*/reports", "/v1/7/reports", true),
            ("/v1/*/reports", "/v1/7/8/reports", true),
            ("/v1/*/reports", "/v1/reports", false),
            ("*/reports", "/v1/7/reports", true),
            ("/a*a", "/a", false),
            ("/a*a", "/aa", true),
            ("/*b*d", "/abcd", true),
            ("/*b*d", "/adcb", false),
            ("*", "/", true),
            ("/**", "/x", true),
        ] {
            let pattern: PathPattern = pattern.parse().unwrap();
            assert_eq!(pattern.matches(path), expected, "{pattern:?} {path}");
        }
    }

    #[test]
    fn text_that_is_no_path_is_refused() {
        for (text, error) in [
            ("", PathPatternError::Form),
            ("search", PathPatternError::Form),
            ("https://a.example/search", PathPatternError::Form),
            ("/search?q=*", PathPatternError::Letter),
            ("/a b", PathPatternError::Letter),
            ("/café", PathPatternError::Letter),
        ] {
            assert_eq!(text.parse::<PathPattern>(), Err(error), "{text}");
        }
        let long = format!("/{}", "a".repeat(MAX_BYTES));
        assert_eq!(long.parse::<PathPattern>(), Err(PathPatternError::TooLong));
    }

    proptest! {
        #[test]
        fn path_matches_itself_and_what_a_star_leaves_out(before in "/[a-c/]{0,8}", left_out in "[a-c/]{0,8}", after in "[a-c/]{0,8}") {
            let path = format!("{before}{left_out}{after}");
            prop_assert!(path.parse::<PathPattern>().unwrap().matches(&path));
            let pattern = format!("{before}*{after}");
            prop_assert!(pattern.parse::<PathPattern>().unwrap().matches(&path));
        }
    }
}
