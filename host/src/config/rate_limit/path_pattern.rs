//! Patterns for the paths of an API, for quotas that only some paths share.

use std::str::FromStr;

use crate::config::wildcard;

/// The longest pattern, in bytes.
const MAX_BYTES: usize = 256;

/// A pattern for the path of a URL, compared without decoding, in which `*` is any text: `/search*`, `/v1/*/reports`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(String);

/// Why a text is not a path pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathPatternError {
    /// The text doesn't begin with a slash.
    #[error("not a path: begin with the first slash, as in \"/search*\"")]
    Form,
    /// The text has a query, a fragment, a space or a character that a URL's path can't have.
    #[error(
        "a path may not contain a query, `#` or spaces: escape other characters as in a URL, as in \"/Z%C3%BCrich\""
    )]
    Letter,
    /// The text is too long.
    #[error("too long: write at most 256 bytes")]
    TooLong,
}

impl PathPattern {
    /// Whether a path, which begins with a slash and has no query, matches.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        wildcard::matches(&self.0, path)
    }

    /// Whether this pattern matches every path that the other one matches.
    pub(super) fn covers(&self, other: &Self) -> bool {
        // Only an asterisk of this pattern matches an asterisk of the other.
        self.matches(&other.0)
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PathPattern {
    type Err = PathPatternError;

    /// # Errors
    ///
    /// [`PathPatternError`] if the text is not a pattern.
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
    fn text_that_is_not_a_path_is_refused() {
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
        fn path_matches_itself_and_any_text_for_a_star(before in "/[a-c/]{0,8}", left_out in "[a-c/]{0,8}", after in "[a-c/]{0,8}") {
            let path = format!("{before}{left_out}{after}");
            prop_assert!(path.parse::<PathPattern>().unwrap().matches(&path));
            let pattern = format!("{before}*{after}");
            prop_assert!(pattern.parse::<PathPattern>().unwrap().matches(&path));
        }
    }
}
