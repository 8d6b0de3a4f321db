//! A text that must be one of a few names.

use crate::report;

/// The longest wrong name that a message quotes.
const QUOTED_BYTES: usize = 24;

/// The one of `all` whose name is `text`. `what` says what it is, such as `kind`.
///
/// # Errors
///
/// None has this name; the message lists the names, or the one that was probably meant.
pub(super) fn chosen<T>(
    what: &str,
    text: &str,
    all: impl IntoIterator<Item = T>,
    name: impl Fn(&T) -> &'static str,
) -> Result<T, String> {
    let mut names = Vec::new();
    for choice in all {
        if name(&choice) == text {
            return Ok(choice);
        }
        names.push(name(&choice));
    }
    let quoted = if is_word(text) {
        format!(" \"{text}\"")
    } else {
        String::new()
    };
    Err(match report::nearest(text, names.iter().copied()) {
        Some(nearest) => format!("no such {what}{quoted}: did you mean \"{nearest}\"?"),
        None => format!("no such {what}{quoted}: write one of {}", names.join(", ")),
    })
}

/// Whether a message may quote the text: a short word is a wrong name. Anything else may be a secret at the wrong key.
fn is_word(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= QUOTED_BYTES && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_names_are_quoted_unless_they_may_be_secrets() {
        let kinds = ["api-key", "basic", "bearer"];
        let choose = |text| chosen("kind", text, kinds, |kind| kind);
        assert_eq!(choose("basic"), Ok("basic"));
        for (text, message) in [
            (
                "bearrer",
                "no such kind \"bearrer\": did you mean \"bearer\"?",
            ),
            (
                "api_key",
                "no such kind \"api_key\": did you mean \"api-key\"?",
            ),
            (
                "password",
                "no such kind \"password\": write one of api-key, basic, bearer",
            ),
            (
                "s3cr3t",
                "no such kind: write one of api-key, basic, bearer",
            ),
            ("a\nb", "no such kind: write one of api-key, basic, bearer"),
            ("", "no such kind: write one of api-key, basic, bearer"),
        ] {
            assert_eq!(choose(text), Err(message.to_owned()), "{text:?}");
        }
        let long = "x".repeat(1 << 20);
        assert!(choose(&long).is_err_and(|message| message.len() < 100));
    }
}
