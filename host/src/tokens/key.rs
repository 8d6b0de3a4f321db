//! The key that encrypts tokens.

use std::fmt;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const KEY_DIGITS: usize = KEY_BYTES * 2;
/// Makes the identifier a digest that no other use of the key could produce.
const ID_LABEL: &[u8] = b"weld-host token key identifier\0";

/// The length of a key's identifier, in bytes.
pub(super) const ID_BYTES: usize = 8;

/// 32 random bytes, cleared from memory when dropped. Its `Debug` hides them.
#[derive(Clone)]
pub struct TokenKey(Zeroizing<[u8; KEY_BYTES]>);

impl TokenKey {
    /// A new key from the system's random numbers.
    ///
    /// # Errors
    ///
    /// The system provides no random numbers.
    pub fn random() -> std::io::Result<Self> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// Reads 64 hexadecimal digits, or base64 in either alphabet, with or without padding. Surrounding white space is
    /// ignored.
    ///
    /// # Errors
    ///
    /// [`TokenKeyError`], which doesn't quote the text.
    pub fn parse(text: &str) -> Result<Self, TokenKeyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TokenKeyError::Empty);
        }
        let bytes = if text.len() == KEY_DIGITS {
            from_hexadecimal(text)
        } else {
            from_base64(text)
        };
        let bytes = bytes.ok_or(TokenKeyError::Encoding)?;
        let length = bytes.len();
        let bytes = <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
            .map_err(|_| TokenKeyError::Length(length))?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The key in padded base64, which [`parse`](Self::parse) reads.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(general_purpose::STANDARD.encode(*self.0))
    }

    /// The key's identifier, which reveals nothing else about the key.
    pub(super) fn id(&self) -> [u8; ID_BYTES] {
        let digest = Sha256::new_with_prefix(ID_LABEL).chain_update(*self.0);
        let digest: [u8; KEY_BYTES] = digest.finalize().into();
        let mut id = [0; ID_BYTES];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        id
    }

    pub(super) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

/// Keys are equal if their identifiers are, so the time of a comparison says nothing about a key.
impl PartialEq for TokenKey {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

fn from_hexadecimal(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    let digits = Zeroizing::new(digits?);
    let (pairs, _) = digits.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| high << 4 | low);
    Some(Zeroizing::new(bytes.collect()))
}

fn from_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [STANDARD, URL_SAFE].iter().find_map(|alphabet| {
        let engine = GeneralPurpose::new(alphabet, lenient);
        engine.decode(text).ok().map(Zeroizing::new)
    })
}

/// Why a text is not a valid key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenKeyError {
    /// The text is empty.
    #[error("the token key is empty: make one with `weld-host auth key`")]
    Empty,
    /// The text is in neither encoding.
    #[error(
        "the token key is neither base64 nor 64 hexadecimal digits: make one with `weld-host auth key`"
    )]
    Encoding,
    /// The key is too short or too long; a password would be.
    #[error(
        "the token key has {0} bytes instead of {KEY_BYTES}: make one with `weld-host auth key`"
    )]
    Length(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_each_of_its_forms() {
        let bytes: [u8; KEY_BYTES] = std::array::from_fn(|place| [251, 62, 255, 7][place % 4]);
        let hexadecimal = crate::report::hexadecimal(&bytes);
        let forms = [
            hexadecimal.to_uppercase(),
            hexadecimal,
            general_purpose::STANDARD.encode(bytes),
            general_purpose::STANDARD_NO_PAD.encode(bytes),
            general_purpose::URL_SAFE.encode(bytes),
            general_purpose::URL_SAFE_NO_PAD.encode(bytes),
            format!("  {}\r\n", general_purpose::STANDARD.encode(bytes)),
        ];
        for form in forms {
            let key = TokenKey::parse(&form).unwrap_or_else(|error| panic!("{form}: {error}"));
            assert_eq!(*key.0, bytes, "{form}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_key_is_refused_without_quoting_it() {
        let cases = [
            ("", TokenKeyError::Empty),
            (" \n", TokenKeyError::Empty),
            ("correct horse battery staple", TokenKeyError::Encoding),
            (&"g".repeat(64), TokenKeyError::Encoding),
            (&"ab".repeat(16), TokenKeyError::Length(24)),
            ("c2hvcnQ=", TokenKeyError::Length(5)),
        ];
        for (text, expected) in cases {
            let error = TokenKey::parse(text).expect_err(text);
            assert_eq!(error, expected, "{text:?}");
            let message = error.to_string();
            assert!(message.contains("auth key"), "{message}");
            assert!(
                text.trim().is_empty() || !message.contains(text.trim()),
                "{message}"
            );
        }
    }

    #[test]
    fn a_random_key_is_read_back_and_is_unique() {
        let key = TokenKey::random().expect("random numbers");
        let again = TokenKey::parse(&key.to_base64()).expect("its own form");
        assert_eq!(key.id(), again.id());
        assert_ne!(key.id(), TokenKey::random().expect("random numbers").id());
        assert_eq!(format!("{key:?}"), "TokenKey(…)");
    }
}
