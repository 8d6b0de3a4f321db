//! The text of a PEM key as it survives environments, JSON and copying.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// As many characters stand in a line of PEM.
const LINE_CHARACTERS: usize = 64;

/// The block of a private key, with its line breaks where they belong: in a variable they are often the two characters
/// `\n`, or blanks, and the whole stands in quotes or is base64 once more.
///
/// # Errors
///
/// What is wrong with it, in a line that quotes none of it.
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
    Err(no_private_key(&text, &labels))
}

/// The text without a byte-order mark, quotes around it and escapes within.
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

/// A PEM text that is base64 as a whole.
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

/// The block of this label, its lines as PEM has them.
fn block(label: &str, rest: &str) -> Result<String, String> {
    if label == "OPENSSH PRIVATE KEY" {
        return Err(
            "the key has OpenSSH's own form; convert a copy of it with `ssh-keygen -p -m PKCS8 -N '' -f KEY`"
                .to_owned(),
        );
    }
    let Some((body, _)) = rest.split_once(END) else {
        return Err(format!(
            "the key is cut short: the line `{END}{label}{DASHES}` is missing, as where a variable takes one line only"
        ));
    };
    if label.contains("ENCRYPTED") || body.contains("ENCRYPTED") {
        return Err(
            "the key is encrypted; decrypt it with `openssl pkey -in KEY -out DECRYPTED`"
                .to_owned(),
        );
    }
    let body: String = body
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    if let Some(place) = body.chars().position(|letter| !is_of_base64(letter)) {
        return Err(format!(
            "between `{BEGIN}{label}{DASHES}` and its end stands base64 alone, and character {} is of another kind",
            place.saturating_add(1)
        ));
    }
    if STANDARD.decode(&body).is_err() {
        return Err(format!(
            "the base64 between `{BEGIN}{label}{DASHES}` and its end is not whole; line breaks may have become other \
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

/// What a text is that has no private key.
fn no_private_key(text: &str, labels: &[&str]) -> String {
    if labels.iter().any(|label| label.ends_with("PUBLIC KEY")) {
        return "this is a public key; the host signs with the private key that belongs to it"
            .to_owned();
    }
    if labels.iter().any(|label| label.ends_with("CERTIFICATE")) {
        return "this is a certificate; the host signs with the private key that belongs to it"
            .to_owned();
    }
    if text.contains("PRIVATE KEY") {
        return format!(
            "the key must begin with a line such as `{BEGIN}PRIVATE KEY{DASHES}`, with five dashes on either side"
        );
    }
    if text.starts_with("PuTTY-User-Key-File") {
        return "the key has PuTTY's own form; export it as OpenSSH key, and convert that with `ssh-keygen -p -m PKCS8 -N '' -f KEY`".to_owned();
    }
    let is_base64 = |letter: char| is_of_base64(letter) || letter.is_whitespace();
    if text.len() > LINE_CHARACTERS && text.chars().all(is_base64) {
        return format!(
            "this is base64 alone; the lines `{BEGIN}PRIVATE KEY{DASHES}` before it and `{END}PRIVATE KEY{DASHES}` after it are part of the key"
        );
    }
    "this is no private key in PEM, which begins with \"-----BEGIN PRIVATE KEY-----\", nor a JWK"
        .to_owned()
}
