//! Secrets taken out of JSON, which stays JSON.

use super::Finder;

impl Finder {
    /// The JSON text with the secrets of its strings, names and numbers replaced; none where it has none. A number that
    /// is a secret becomes a string. What is no JSON comes back as some text that is none, either.
    pub(crate) fn replaced_json(&self, text: &str) -> Option<String> {
        if !self.is_in(text.as_bytes()) {
            return None;
        }
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let length = match character {
                '"' => string_bytes(rest),
                '0'..='9' | '-' => rest.find(ends_number).unwrap_or(rest.len()),
                _ => rest.find(begins_token).unwrap_or(rest.len()),
            };
            let (token, after) = rest.split_at(length);
            match character {
                '"' => self.string(token, &mut replaced),
                '0'..='9' | '-' => self.number(token, &mut replaced),
                _ => replaced.push_str(token),
            }
            rest = after;
        }
        Some(replaced)
    }

    fn string(&self, token: &str, replaced: &mut String) {
        let Ok(decoded) = serde_json::from_str::<String>(token) else {
            // Half of a surrogate pair is no text, but may stand beside a secret.
            match self.is_in(token.as_bytes()) {
                true => replaced.push_str("\"[secret]\""),
                false => replaced.push_str(token),
            }
            return;
        };
        match self.replaced_text(&decoded) {
            Some(text) => replaced.push_str(&serde_json::Value::from(text).to_string()),
            None => replaced.push_str(token),
        }
    }

    fn number(&self, token: &str, replaced: &mut String) {
        match self.replaced_text(token) {
            Some(text) => replaced.push_str(&serde_json::Value::from(text).to_string()),
            None => replaced.push_str(token),
        }
    }
}

/// How long the string is that a text begins with, its quotes included.
fn string_bytes(text: &str) -> usize {
    let mut is_escaped = false;
    for (place, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

fn ends_number(character: char) -> bool {
    !matches!(character, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')
}

fn begins_token(character: char) -> bool {
    matches!(character, '"' | '0'..='9' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_stays_json() {
        let secrets = [
            ("nhunter2hunter2", "[secret a]"),
            ("123456789012", "[secret b]"),
            ("quo\"te\\quo\"te\\", "[secret c]"),
        ];
        let finder = Finder::new(secrets.into_iter()).unwrap();
        for (page, expected) in [
            (
                r#"[{"a":"x nhunter2hunter2"}]"#,
                Some(r#"[{"a":"x [secret a]"}]"#),
            ),
            (r#"[{"nhunter2hunter2":1}]"#, Some(r#"[{"[secret a]":1}]"#)),
            (
                r#"[{"a":"\nhunter2hunter2"}]"#,
                Some(r#"[{"a":"\nhunter2hunter2"}]"#),
            ),
            (
                r#"[{"a":123456789012,"b":1}]"#,
                Some(r#"[{"a":"[secret b]","b":1}]"#),
            ),
            (
                r#"[{"a":-1234567890123e5}]"#,
                Some(r#"[{"a":"-[secret b]3e5"}]"#),
            ),
            (
                r#"[{"a":"quo\"te\\quo\u0022te\\","b":"\""}]"#,
                Some(r#"[{"a":"[secret c]","b":"\""}]"#),
            ),
            (
                r#"[{"a":"\ud800 nhunter2hunter2"}]"#,
                Some(r#"[{"a":"[secret]"}]"#),
            ),
            (r#"[{"a":"nhunter2"}]"#, None),
        ] {
            assert_eq!(finder.replaced_json(page).as_deref(), expected, "{page}");
        }
    }
}
