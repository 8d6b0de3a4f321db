//! Checks of single values. Their errors say what is wrong, and don't quote the value.

use http::{HeaderName, header};

use crate::config::reserved_header::is_reserved_header;

/// A header's name, unless the host sets that header itself.
pub(super) fn header_name(text: &str) -> Result<HeaderName, String> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| "a header's name holds letters, digits and `!#$%&'*+-.^_`|~`".to_owned())?;
    if is_reserved_header(name.as_str()) || name == header::ACCEPT_ENCODING {
        return Err("this header is the host's to set".to_owned());
    }
    if name == header::COOKIE {
        return Err("write `cookie` with the name of the cookie".to_owned());
    }
    Ok(name)
}

/// Parts of names that secrets have, and ends of names that none has, such as `subject_token_type`.
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

/// Whether the name of a parameter or a header says that its value is a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
        && !PLAIN_ENDS.iter().any(|end| name.ends_with(end))
}

/// A text that is not empty.
pub(super) fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(text.to_owned())
}

/// A text without line breaks and other control characters.
pub(super) fn without_controls(text: &str) -> Result<String, String> {
    if text.contains(char::is_control) {
        return Err("it holds a line break or another control character".to_owned());
    }
    Ok(text.to_owned())
}

/// A text that is not empty and stands on one line.
pub(super) fn line(text: &str) -> Result<String, String> {
    not_empty(text)?;
    without_controls(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whether_its_value_is_a_secret() {
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
