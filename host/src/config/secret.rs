//! Text that must not be shown.

use std::fmt;

/// A secret such as a key or token: UTF-8 of any length.
///
/// It has no `Display`, its `Debug` hides the text, and it can't be compared with `==`, whose duration depends on how
/// much of a guess is right. Code that needs the text calls [`Secret::expose`], so every use can be searched for.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Accepts any text: if this could fail, the command line's error would quote the input.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for comparing and sending, never for logs or errors.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a client can send this as `Authorization: Bearer KEY`.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if no request could ever match the key.
    pub(super) fn check_as_key(&self) -> Result<(), KeyError> {
        if self.0.is_empty() {
            Err(KeyError::Empty)
        } else if self.0.contains(char::is_control) {
            Err(KeyError::ControlCharacter)
        } else if self.0.trim() != self.0 {
            Err(KeyError::SurroundingSpace)
        } else {
            Ok(())
        }
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a secret cannot be a key that clients send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// An empty key would let everyone in.
    #[error("the key is empty")]
    Empty,
    /// Usually a line break at the end.
    #[error(
        "the key contains a line break or another control character, which an HTTP header can't carry"
    )]
    ControlCharacter,
    /// HTTP removes white space from both ends of a header's value (RFC 9110, section 5.5).
    #[error("the key begins or ends with white space, which HTTP removes")]
    SurroundingSpace,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_text() {
        assert_eq!(
            format!("{:?}", Some(Secret::new("hunter2"))),
            "Some(Secret(…))"
        );
    }

    #[test]
    fn keys_that_a_header_cannot_carry_are_refused() {
        let cases = [
            ("abc", Ok(())),
            ("two words", Ok(())),
            ("", Err(KeyError::Empty)),
            ("abc\n", Err(KeyError::ControlCharacter)),
            ("a\0c", Err(KeyError::ControlCharacter)),
            (" abc", Err(KeyError::SurroundingSpace)),
            ("abc\u{a0}", Err(KeyError::SurroundingSpace)),
        ];
        for (text, expected) in cases {
            assert_eq!(Secret::new(text).check_as_key(), expected, "{text:?}");
        }
    }
}
