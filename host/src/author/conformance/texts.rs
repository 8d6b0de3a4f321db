//! Bodies in many encodings, which every language must decode in the same way.

use serde::Deserialize;

/// The cases, which the kits' tests use too.
const TEXTS: &str = include_str!(env!("WELD_TEXT_CASES"));

/// A body with its text.
#[derive(Debug, Deserialize)]
pub(super) struct TextCase {
    /// A description of the body, for messages.
    pub(super) what: String,
    /// The header `Content-Type`; `None` if there is none.
    #[serde(rename = "type")]
    pub(super) content_type: Option<String>,
    /// The body in hexadecimal.
    bytes: String,
    /// `None` if the body must be refused.
    pub(super) text: Option<String>,
    /// The kits that must read it; `None` for all.
    kits: Option<Vec<String>>,
}

impl TextCase {
    /// The body.
    pub(super) fn body(&self) -> Vec<u8> {
        let (pairs, _) = self.bytes.as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
        pairs
            .iter()
            .map(byte)
            .collect::<Option<_>>()
            .unwrap_or_default()
    }
}

/// The cases that concern every language.
pub(super) fn all() -> Vec<TextCase> {
    let cases: Vec<TextCase> = serde_json::from_str(TEXTS).unwrap_or_default();
    cases
        .into_iter()
        .filter(|case| case.kits.is_none())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_a_body_in_hexadecimal() {
        let cases = all();
        assert!(cases.len() > 20);
        for case in cases {
            assert_eq!(case.body().len() * 2, case.bytes.len(), "{}", case.what);
        }
    }
}
