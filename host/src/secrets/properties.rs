//! Properties of any secret, in any form, cut at any position, within any text.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::{Finder, Replacer};

fn base64(bytes: &[u8], alphabet: &[u8; 64], is_padded: bool) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut bits = [0_u8; 3];
        bits[..group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes([0, bits[0], bits[1], bits[2]]);
        for place in 0..4 {
            if place <= group.len() {
                text.push(char::from(
                    alphabet[(bits >> (18 - 6 * place)) as usize & 63],
                ));
            } else if is_padded {
                text.push('=');
            }
        }
    }
    text
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The secret as another program would write it, in the form with this number.
fn spelled(secret: &str, form: usize) -> String {
    let percent = |keeps: &dyn Fn(u8) -> bool, is_upper: bool| -> String {
        secret
            .bytes()
            .map(|byte| match (keeps(byte), is_upper) {
                (true, _) => char::from(byte).to_string(),
                (false, true) => format!("%{byte:02X}"),
                (false, false) => format!("%{byte:02x}"),
            })
            .collect()
    };
    match form {
        0 => secret.to_owned(),
        1 => percent(
            &|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte),
            true,
        ),
        2 => percent(
            &|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte),
            false,
        ),
        3 => percent(&|_| false, true),
        4 => url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        5 => serde_json::to_string(secret)
            .unwrap()
            .trim_matches('"')
            .to_owned(),
        6 => secret
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect(),
        7 => secret
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04X}"))
            .collect(),
        8 => secret
            .replace('\\', "\\\\")
            .replace('/', "\\/")
            .replace('"', "\\\""),
        9 => base64(secret.as_bytes(), STANDARD, true),
        10 => base64(secret.as_bytes(), STANDARD, false),
        11 => base64(secret.as_bytes(), URL_SAFE, true),
        12 => base64(secret.as_bytes(), URL_SAFE, false).replace('-', "%2D"),
        _ => base64(secret.as_bytes(), STANDARD, true).replace('/', "\\/"),
    }
}

/// Passes a text through a replacer, cut at random positions.
fn replaced(finder: &Arc<Finder>, text: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut replacer = Replacer::new(finder.clone());
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    let mut output = Vec::new();
    for piece in cuts.windows(2) {
        let piece = Bytes::copy_from_slice(&text[piece[0]..piece[1]]);
        output.extend_from_slice(&replacer.push(&piece));
    }
    output.extend_from_slice(&replacer.finish());
    output
}

proptest! {
    /// The surrounding text has other letters than secrets and their forms, so that it doesn't contain any by chance.
    #[test]
    fn every_form_of_a_secret_is_replaced_and_all_other_text_kept(
        secret in "[a-zA-Z0-9/+ \"\\\\%&=.\u{e9}\u{1f511}_-]{10,40}[a-z]{2}",
        form in 0..14_usize,
        before in "[\u{430}-\u{44f}<>;]{0,30}",
        after in "[\u{430}-\u{44f}<>;]{0,30}",
        cuts in proptest::collection::vec(0..10_000_usize, 0..40),
    ) {
        let finder = Arc::new(Finder::new([(secret.as_str(), "[secret s]")].into_iter()).unwrap());
        let text = format!("{before}{}{after}", spelled(&secret, form));
        let output = replaced(&finder, text.as_bytes(), &cuts);
        prop_assert_eq!(String::from_utf8(output).unwrap(), format!("{before}[secret s]{after}"));
    }

    #[test]
    fn base64_of_a_longer_text_does_not_contain_the_secret(
        secret in "[a-zA-Z0-9/+_-]{12,40}",
        before in "[a-z:]{0,7}",
        after in "[a-z:]{0,7}",
        cuts in proptest::collection::vec(0..10_000_usize, 0..40),
    ) {
        let finder = Arc::new(Finder::new([(secret.as_str(), "[]")].into_iter()).unwrap());
        let whole = format!("{before}{secret}{after}");
        for alphabet in [STANDARD, URL_SAFE] {
            let text = base64(whole.as_bytes(), alphabet, true);
            let output = replaced(&finder, text.as_bytes(), &cuts);
            let output = String::from_utf8(output).unwrap();
            prop_assert!(output.contains("[]"), "{output}");
            // The base64 of `before` and `after`, and the ends of the secret that share a character with it.
            prop_assert!(output.len() <= 2 + (before.len() + after.len()).div_ceil(3) * 4 + 8, "{output}");
        }
    }

    #[test]
    fn a_text_without_secrets_stays_as_it_is(
        text in proptest::collection::vec(any::<u8>(), 0..300),
        cuts in proptest::collection::vec(0..10_000_usize, 0..20),
    ) {
        let finder = Arc::new(Finder::new([("hunter2hunter2", "[]")].into_iter()).unwrap());
        prop_assert_eq!(replaced(&finder, &text, &cuts), text);
    }

    /// Parts of the secret's own letters: partial matches, matches, overlaps.
    #[test]
    fn the_positions_of_cuts_do_not_matter(
        text in "(abab|abababababababababababab|%61|b|a|\\\\u0062|Y|WJhYm){0,60}",
        cuts in proptest::collection::vec(0..10_000_usize, 0..60),
    ) {
        let secrets = [("abababababac", "[1]"), ("babacabacabaca", "[2]")];
        let finder = Arc::new(Finder::new(secrets.into_iter()).unwrap());
        let whole = replaced(&finder, text.as_bytes(), &[]);
        prop_assert!(!finder.is_in(&whole) || whole.len() < text.len());
        prop_assert_eq!(replaced(&finder, text.as_bytes(), &cuts), whole);
    }
}
