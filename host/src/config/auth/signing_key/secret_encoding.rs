//! Encodings of a shared secret.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// `key-encoding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config::auth) enum SecretEncoding {
    /// With or without padding.
    Base64,
    /// The same alphabet with `-` and `_`.
    Base64Url,
    Hexadecimal,
}

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

impl SecretEncoding {
    pub(in crate::config::auth) const ALL: [Self; 3] =
        [Self::Base64, Self::Base64Url, Self::Hexadecimal];

    pub(in crate::config::auth) fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Hexadecimal => "hex",
        }
    }

    /// The bytes; `None` if the text is empty or in another encoding.
    pub(super) fn decode(self, text: &str) -> Option<Vec<u8>> {
        let bytes = match self {
            Self::Base64 => GeneralPurpose::new(&alphabet::STANDARD, CONFIG)
                .decode(text)
                .ok()?,
            Self::Base64Url => GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG)
                .decode(text)
                .ok()?,
            Self::Hexadecimal => hexadecimal(text)?,
        };
        (!bytes.is_empty()).then_some(bytes)
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let (pairs, []) = text.as_bytes().as_chunks() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}
