//! Checks of single values. Errors say what is wrong without quoting the value.

use http::{HeaderName, header};

use crate::config::reserved_header::is_reserved_header;

/// Reads a header's name, unless the host sets that header itself.
pub(super) fn header_name(text: &str) -> Result<HeaderName, String> {
    let name = HeaderName::from_bytes(text.as_bytes()).map_err(|_| {
        "a header's name may contain only letters, digits and `!#$%&'*+-.^_`|~`".to_owned()
    })?;
    if is_reserved_header(name.as_str()) || name == header::ACCEPT_ENCODING {
        return Err("the host sets this header itself: write another".to_owned());
    }
    if name == header::COOKIE {
        return Err("use `cookie = \"NAME\"` for a cookie, instead of its header".to_owned());
    }
    Ok(name)
}

/// Parts of names that mark a secret. Names with one of [`PLAIN_ENDS`], such as `subject_token_type`, don't.
const SECRET_WORDS: [&str; 9] = [
    "secret",
    "pass",
    "pwd",
    "key",
    "token",
    "credential",
    "auth",
    "assertion",
    "pin",
];
const PLAIN_ENDS: [&str; 4] = ["type", "url", "uri", "format"];

/// Whether the name of a parameter or a header suggests that its value is a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
        && !PLAIN_ENDS.iter().any(|end| name.ends_with(end))
}

/// Returns the text unless it is empty.
pub(super) fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("the value is empty".to_owned());
    }
    Ok(text.to_owned())
}

/// Returns the text unless it has line breaks or other control characters.
pub(super) fn without_controls(text: &str) -> Result<String, String> {
    if text.contains(char::is_control) {
        return Err("the value contains a line break or another control character".to_owned());
    }
    Ok(text.to_owned())
}

/// Returns the text unless it is empty or has several lines.
pub(super) fn line(text: &str) -> Result<String, String> {
    not_empty(text)?;
    without_controls(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_suggests_whether_its_value_is_a_secret() {
        for (name, expected) in [
            ("client_secret", true),
            ("X-Api-Key", true),
            ("Password", true),
            ("user_pwd", true),
            ("Authorization", true),
            ("apiCredential", true),
            ("refreshToken", true),
            ("subject_token_type", false),
            ("token_url", false),
            ("resource", false),
            ("X-Account", false),
        ] {
            assert_eq!(is_secret_name(name), expected, "{name}");
        }
    }
}
