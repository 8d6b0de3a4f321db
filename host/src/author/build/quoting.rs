//! Paths in commands that a person may copy.

use std::path::Path;

/// A path as a word for a shell, in quotes if it needs them. A name that begins with a dash would be a flag.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+:@%,=".contains(letter);
    let text = if text.starts_with('-') {
        format!("./{text}")
    } else {
        text.into_owned()
    };
    if !text.is_empty() && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text of a kit or of a tool that runs in a project's folder, for an author who may be in another one: the commands
/// that it advises name the folder. `shown` is the folder as the author names it.
pub(crate) fn commands_for(shown: &Path, text: String) -> String {
    if shown == Path::new(".") {
        return text;
    }
    let folder = quoted(shown);
    text.replace("`npm install", &format!("`npm install --prefix {folder}"))
        .replace(
            "`weld-host build --",
            &format!("`weld-host build {folder} --"),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_if_a_shell_would_change_them() {
        for (path, word) in [
            ("shop", "shop"),
            ("../a-b/shop.eu", "../a-b/shop.eu"),
            ("My Shop", "'My Shop'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("-x", "./-x"),
            ("", "''"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}
