//! Repairs the text of a PEM key that went through environment variables, JSON or copying.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The number of characters in a line of PEM.
const LINE_CHARACTERS: usize = 64;

/// The block of a private key, with proper line breaks. In a variable these have often become the two characters `\n`,
/// or spaces, and the whole is often quoted or encoded as base64 once more.
///
/// # Errors
///
/// What is wrong with the text, in one line that doesn't quote it.
pub(super) fn private_block(text: &str) -> Result<String, String> {
    let text = plain(text);
    let text = match inner(&text) {
        Some(inner) => plain(&inner),
        None => text,
    };
    let mut labels = Vec::new();
    let mut rest = text.as_str();
    while let Some((_, begun)) = rest.split_once(BEGIN) {
        let Some((label, body)) = begun.split_once(DASHES) else {
            break;
        };
        let label = label.trim();
        if label.ends_with("PRIVATE KEY") {
            return block(label, body);
        }
        labels.push(label);
        rest = body;
    }
    Err(not_a_private_key(&text, &labels))
}

/// The text without a byte-order mark, surrounding quotes and escapes.
fn plain(text: &str) -> String {
    let quotes = |letter: char| matches!(letter, '"' | '\'' | '\u{FEFF}') || letter.is_whitespace();
    let text = text.trim_matches(quotes);
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        while letters.next_if_eq(&'\\').is_some() {}
        match letters.next() {
            Some('n' | 'r' | 't') | None => plain.push('\n'),
            Some(other) => plain.push(other),
        }
    }
    plain
}

/// The decoded text if the whole PEM file is encoded as base64.
fn inner(text: &str) -> Option<String> {
    if text.contains(BEGIN) {
        return None;
    }
    let text: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    let decoded = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    decoded.contains(BEGIN).then_some(decoded)
}

/// The block with this label, split into lines as PEM requires.
fn block(label: &str, rest: &str) -> Result<String, String> {
    if label == "OPENSSH PRIVATE KEY" {
        return Err(
            "the key is in OpenSSH's own format: convert a copy of it with `ssh-keygen -p -m PKCS8 -N '' -f KEY`"
                .to_owned(),
        );
    }
    let Some((body, _)) = rest.split_once(END) else {
        return Err(format!(
            "the key is truncated: the line `{END}{label}{DASHES}` is missing; the variable may hold only the key's first line"
        ));
    };
    if label.contains("ENCRYPTED") || body.contains("ENCRYPTED") {
        return Err(
            "the key is encrypted: decrypt it with `openssl pkey -in KEY -out DECRYPTED`"
                .to_owned(),
        );
    }
    let body: String = body
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    if let Some(place) = body.chars().position(|letter| !is_of_base64(letter)) {
        return Err(format!(
            "the text between `{BEGIN}{label}{DASHES}` and its end must be base64, but character {} is not",
            place.saturating_add(1)
        ));
    }
    if STANDARD.decode(&body).is_err() {
        return Err(format!(
            "the base64 between `{BEGIN}{label}{DASHES}` and its end is incomplete; line breaks may have become other \
             characters"
        ));
    }
    let mut block = format!("{BEGIN}{label}{DASHES}\n");
    for (place, letter) in body.chars().enumerate() {
        if place > 0 && place.is_multiple_of(LINE_CHARACTERS) {
            block.push('\n');
        }
        block.push(letter);
    }
    block.push_str(&format!("\n{END}{label}{DASHES}\n"));
    Ok(block)
}

fn is_of_base64(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '=')
}

/// Why a text contains no private key.
fn not_a_private_key(text: &str, labels: &[&str]) -> String {
    if labels.iter().any(|label| label.ends_with("PUBLIC KEY")) {
        return "this is a public key, but the host signs with a private key: write the private key that belongs to it"
            .to_owned();
    }
    if labels.iter().any(|label| label.ends_with("CERTIFICATE")) {
        return "this is a certificate, but the host signs with a private key: write the private key that belongs to it"
            .to_owned();
    }
    if text.contains("PRIVATE KEY") {
        return format!(
            "the key must begin with a line such as `{BEGIN}PRIVATE KEY{DASHES}`, with five dashes on both sides"
        );
    }
    if text.starts_with("PuTTY-User-Key-File") {
        return "the key is in PuTTY's own format: export it as an OpenSSH key, and convert that with `ssh-keygen -p -m PKCS8 -N '' -f KEY`".to_owned();
    }
    let is_base64 = |letter: char| is_of_base64(letter) || letter.is_whitespace();
    if text.len() > LINE_CHARACTERS && text.chars().all(is_base64) {
        return format!(
            "this is only the key's base64: include the line `{BEGIN}PRIVATE KEY{DASHES}` before it and the line `{END}PRIVATE KEY{DASHES}` after it"
        );
    }
    "this is neither a private key in PEM, which begins with \"-----BEGIN PRIVATE KEY-----\", nor a JWK"
        .to_owned()
}
