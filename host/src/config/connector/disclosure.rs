//! The text of a `NAME.toml` without its secrets, for messages.

use std::ops::Range;

use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::report;

/// What a value is replaced by.
const HIDDEN: &str = "…";
/// Enclose the digest of a hidden value in a line's identity. Private characters, which no file has for long.
const MARKS: [char; 2] = ['\u{F8F0}', '\u{F8F1}'];

/// Sections whose values are not secret.
const OPEN_SECTIONS: [&str; 3] = ["network", "limits", "rate-limit"];
/// Keys of a credential whose values are not secret. All others are hidden, unknown ones too.
const OPEN_KEYS: [&str; 35] = [
    "algorithm",
    "audience",
    "authorize-url",
    "backdate",
    "body",
    "client-auth",
    "cookie",
    "expires-in",
    "expires-in-path",
    "expires-in-unit",
    "grant",
    "header",
    "key-encoding",
    "key-file",
    "kind",
    "login-url",
    "method",
    "per-request",
    "pkce",
    "prefix",
    "query",
    "ranges",
    "redirect-uri",
    "refresh-token-path",
    "refresh-url",
    "scope-separator",
    "scopes",
    "scopes-in-renewals",
    "token-cookie",
    "token-header",
    "token-path",
    "token-types",
    "token-url",
    "urls",
    "variables",
];
/// Keys of a credential that have a table of values, in which `env` and `file` may be names of values.
const TABLES: [&str; 5] = [
    "claims",
    "extra",
    "headers",
    "parameters",
    "request-headers",
];

/// A line of a file without secrets.
#[derive(Debug, Clone)]
pub(crate) struct DisclosedLine {
    /// The line as it may be shown.
    pub(crate) text: String,
    /// Differs between lines that differ in a hidden value only.
    identity: String,
}

impl PartialEq for DisclosedLine {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

/// The lines of a file, with `…` in place of values that may be secret: those of `[env]`, keys, and those of credentials
/// unless their key is known to have no secret. References such as `{ env = "VAR" }` are shown. `None` if it is not TOML.
pub(crate) fn disclosed(text: &str) -> Option<Vec<DisclosedLine>> {
    if text.contains(MARKS) {
        return None;
    }
    let root = DeTable::parse(text).ok()?;
    let mut hidden = Vec::new();
    for (key, value) in root.get_ref() {
        visit(value, &mut vec![key.get_ref()], &mut hidden);
    }
    hidden.sort_by_key(|span: &Range<usize>| span.start);
    let mut replaced = String::new();
    let mut end = 0;
    for span in hidden {
        let digest = report::hexadecimal(&Sha256::digest(text.get(span.clone())?));
        replaced.push_str(text.get(end..span.start)?);
        let [open, close] = MARKS;
        replaced.push_str(&format!("\"{HIDDEN}\"{open}{digest}{close}"));
        end = span.end;
    }
    replaced.push_str(text.get(end..)?);
    let lines = replaced.lines().map(|line| DisclosedLine {
        text: without_secret_comment(&without_marks(line)),
        identity: line.to_owned(),
    });
    Some(lines.collect())
}

/// Collects the places of the values that are hidden.
fn visit<'d>(
    value: &'d Spanned<DeValue<'d>>,
    path: &mut Vec<&'d str>,
    hidden: &mut Vec<Range<usize>>,
) {
    match value.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                path.push(key.get_ref());
                visit(value, path, hidden);
                path.pop();
            }
        }
        DeValue::Array(items) => {
            for item in items {
                visit(item, path, hidden);
            }
        }
        DeValue::Boolean(_) => {}
        _ if is_open(path) => {}
        _ => hidden.push(value.span()),
    }
}

/// Whether the value with this path may be shown.
fn is_open(path: &[&str]) -> bool {
    let is_reference = |last: &str| ["env", "file"].contains(&last);
    match *path {
        [section, ..] if OPEN_SECTIONS.contains(&section) => true,
        ["auth", _, key, ..] if OPEN_KEYS.contains(&key) => true,
        ["auth", _, key, _, last] if TABLES.contains(&key) => is_reference(last),
        ["auth", _, key, last] if !TABLES.contains(&key) => is_reference(last),
        ["env", _, last] | ["api-key", last] => is_reference(last),
        _ => false,
    }
}

fn without_marks(line: &str) -> String {
    let mut plain = String::new();
    for (number, part) in line.split(MARKS).enumerate() {
        // Every second part is a digest.
        if number % 2 == 0 {
            plain.push_str(part);
        }
    }
    plain
}

/// The line without a value in its comment, such as a key that was commented out.
fn without_secret_comment(line: &str) -> String {
    let Some(begin) = comment(line) else {
        return line.to_owned();
    };
    let (code, comment) = line.split_at(begin);
    let comment = match comment.split_once('=') {
        Some((key, value)) if !value.trim().is_empty() => format!("{key}= {HIDDEN}"),
        _ => {
            let words: Vec<_> = comment
                .split(' ')
                .map(|word| if looks_secret(word) { HIDDEN } else { word })
                .collect();
            words.join(" ")
        }
    };
    format!("{code}{comment}")
}

/// Where a line's comment begins: at the first `#` that is not in quotes.
fn comment(line: &str) -> Option<usize> {
    let mut quote = None;
    let mut is_escaped = false;
    for (place, letter) in line.char_indices() {
        match (quote, letter) {
            _ if is_escaped => is_escaped = false,
            (Some('"'), '\\') => is_escaped = true,
            (Some(open), letter) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '#') => return Some(place),
            _ => {}
        }
    }
    None
}

/// Whether a word is long and mixed like a key, and no URL.
fn looks_secret(word: &str) -> bool {
    let has = |is: fn(&char) -> bool| word.chars().any(|letter| is(&letter));
    word.len() >= 20
        && !word.contains("://")
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let lines = disclosed(text).expect(text);
        let lines: Vec<_> = lines.into_iter().map(|line| line.text).collect();
        lines.join("\n")
    }

    #[test]
    fn secrets_are_hidden_wherever_they_are() {
        let text = r##"
api-key = ["hunter2", { env = "OLD_KEY" }]
# token = "hunter2"
# an old one: hunter2hunter2hunter2hunter2
[env]
URL = "https://hunter2.example.com"   # the URL
file = "hunter2"
REGION = { env = "REGION", secret = false }
DOTTED.file = "region.txt"
MANY = """
hunter2
# hunter2"""
"a # b" = 'hunter2'
[env.env]
env = "VAR"
[network]
allow = ["https://api.example.com"]
[auth.api]
urls = ["https://api.example.com"]
kind = "oauth2"
username = "hunter2"
password = 'hunter2'
client-id = "hunter2"
client-secret = { file = "secret.txt" }
scopes = ["read"]
headers = { file = "hunter2", env = "hunter2", X-Key = { env = "KEY" } }
parameters.password = "hunter2"
claims = { iss = "hunter2", numbers = [1, 22], since = 1999-01-01 }
pkce = true
new-key = "hunter2"
[limits]
calls = 5
[other]
x = "hunter2"
"##;
        let shown = shown(text);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains("22") && !shown.contains("1999"), "{shown}");
        for line in [
            r#"api-key = ["…", { env = "OLD_KEY" }]"#,
            "# token = …",
            "# an old one: …",
            r#"URL = "…"   # the URL"#,
            r#"REGION = { env = "REGION", secret = false }"#,
            r#"DOTTED.file = "region.txt""#,
            r#"MANY = "…""#,
            r#""a # b" = "…""#,
            r#"env = "VAR""#,
            r#"allow = ["https://api.example.com"]"#,
            r#"kind = "oauth2""#,
            r#"client-secret = { file = "secret.txt" }"#,
            r#"scopes = ["read"]"#,
            r#"headers = { file = "…", env = "…", X-Key = { env = "KEY" } }"#,
            "pkce = true",
            "calls = 5",
        ] {
            assert!(
                shown.lines().any(|found| found == line),
                "{line} in {shown}"
            );
        }
    }

    #[test]
    fn lines_with_other_secrets_differ_although_they_look_alike() {
        let line = |text: &str| disclosed(text).expect(text).remove(0);
        let [one, other] = ["api-key = 'a'", "api-key = 'b'"].map(line);
        assert!(one != other && one.text == other.text);
        assert!(one == line("api-key = 'a'"));
        assert!(disclosed("api-key = ").is_none());
        assert!(disclosed("# \u{F8F0}").is_none());
    }
}
