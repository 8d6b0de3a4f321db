//! What is wrong with a line that isn't TOML, in the words of someone who writes the file.

/// The longest key that messages show.
const SHOWN_BYTES: usize = 64;

/// Describes the mistake in a line; `message` is the parser's. Keys are quoted, but no values: they may be secrets.
pub(super) fn described(line: &str, message: &str) -> String {
    let line = line.trim();
    of_a_list(message)
        .or_else(|| of_a_section(line, message))
        .or_else(|| of_a_pair(line, message))
        .unwrap_or_else(|| format!("not valid TOML: {message}"))
}

/// A list or a table in braces may have several lines, so its mistakes are recognized by the parser's message alone.
fn of_a_list(message: &str) -> Option<String> {
    let is = |begin: &str| message.starts_with(begin);
    Some(
        if is("missing comma between array elements") {
            "a comma is missing between two values of the list"
        } else if is("missing comma between key-value pairs") {
            "a comma is missing between two keys in braces"
        } else if is("unclosed array,") {
            "the list has no closing `]`"
        } else if is("unclosed inline table") {
            "the braces have no closing `}`"
        } else if is("extra comma") {
            "there is a comma with nothing before it"
        } else {
            return None;
        }
        .to_owned(),
    )
}

fn of_a_section(line: &str, message: &str) -> Option<String> {
    if !line.starts_with('[') {
        return None;
    }
    let heading = line.split('#').next().unwrap_or_default();
    if message.starts_with("duplicate key") {
        Some("this section is there twice: write all of its keys under one heading".to_owned())
    } else if !heading.contains(']') {
        Some("the section's heading has no closing `]`".to_owned())
    } else {
        None
    }
}

fn of_a_pair(line: &str, message: &str) -> Option<String> {
    let Some((key, value)) = line.split_once('=') else {
        let key = line.split_once(':').map(|(key, _)| key);
        let is_like_yaml = key.is_some_and(is_key);
        return Some(if is_like_yaml {
            "write `=` instead of `:` between a key and its value".to_owned()
        } else {
            "this line has no `=`: write KEY = VALUE, or `#` before a comment".to_owned()
        });
    };
    let (key, value) = (key.trim(), value.trim());
    if key.is_empty() {
        return Some("there is no key before `=`".to_owned());
    }
    if !is_key(key) {
        return Some("a key with spaces or special characters must be in quotes".to_owned());
    }
    if message.starts_with("duplicate key") {
        return Some(format!("`{key}` is set twice: remove one of them"));
    }
    of_a_value(key, value, message)
}

fn of_a_value(key: &str, value: &str, message: &str) -> Option<String> {
    if value.is_empty() || value.starts_with('#') {
        return Some(format!(
            "`{key}` has no value: write one after `=`, text in quotes"
        ));
    }
    for quotes in ["\"\"\"", "'''", "\"", "'"] {
        if let Some(rest) = value.strip_prefix(quotes) {
            return Some(if !rest.contains(quotes) {
                format!("the value of `{key}` has no closing quote")
            } else if rest.contains('\\')
                && (message.contains("escape") || message.contains("unicode"))
            {
                format!(
                    "the value of `{key}` has a backslash with another meaning: write two, or single quotes around the value"
                )
            } else {
                format!(
                    "there is something after the value of `{key}`: write one key in each line, and `#` before a comment"
                )
            });
        }
    }
    if value.starts_with(['[', '{']) {
        return None;
    }
    let word = value.split(['#', ' ']).next().unwrap_or_default();
    if ["true", "false"]
        .iter()
        .any(|flag| word.eq_ignore_ascii_case(flag))
    {
        return Some(format!(
            "write the value of `{key}` in lower case: true or false"
        ));
    }
    if ["null", "none", "nil"]
        .iter()
        .any(|nothing| word.eq_ignore_ascii_case(nothing))
    {
        return Some(format!(
            "a value can't be empty: remove the line of `{key}`"
        ));
    }
    let is_like_a_number = |letter: char| letter.is_ascii_digit() || "+-._eE".contains(letter);
    if word.chars().all(is_like_a_number) {
        return Some(format!(
            "the value of `{key}` is not a valid number: {message}"
        ));
    }
    Some(format!(
        "the value of `{key}` must be in quotes: only numbers, true and false have none"
    ))
}

/// Whether the text is a key, possibly of several parts or in quotes, and short enough for a message.
pub(super) fn is_key(text: &str) -> bool {
    let text = text.trim();
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let is_quoted = |quote: char| {
        let inside = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        inside.is_some_and(|inside| {
            !inside.contains([quote, '\\']) && !inside.contains(char::is_control)
        })
    };
    let is_right = text.bytes().all(is_bare) || is_quoted('"') || is_quoted('\'');
    !text.is_empty() && text.len() <= SHOWN_BYTES && is_right
}
