//! Replaces secrets in JSON, which stays valid JSON.

use super::finder::Finder;
use super::replacer::OverlongText;

impl Finder {
    /// The JSON text with the secrets in its strings, names and numbers replaced; `None` if it has none. A number that
    /// is a secret becomes a string. A text that is not valid JSON doesn't become valid.
    ///
    /// # Errors
    ///
    /// [`OverlongText`] if the result would have more than `max_bytes`; then not much more than that was written.
    pub(crate) fn replaced_json(
        &self,
        text: &str,
        max_bytes: usize,
    ) -> Result<Option<String>, OverlongText> {
        if !self.is_in(text.as_bytes()) {
            return Ok(None);
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
            let left = max_bytes.checked_sub(replaced.len()).ok_or(OverlongText)?;
            match self.token(character, token, left)? {
                Some(text) => replaced.push_str(&serde_json::Value::from(text).to_string()),
                None => replaced.push_str(token),
            }
            rest = after;
        }
        if replaced.len() > max_bytes {
            return Err(OverlongText);
        }
        Ok(Some(replaced))
    }

    /// A token, which begins with this character, without its secrets; `None` if it has none.
    fn token(
        &self,
        first: char,
        token: &str,
        max_bytes: usize,
    ) -> Result<Option<String>, OverlongText> {
        let replaced = match first {
            '"' => match serde_json::from_str::<String>(token) {
                Ok(decoded) => self.replaced_within(decoded.as_bytes(), max_bytes)?,
                // Half of a surrogate pair is not valid text, but may be next to a secret.
                Err(_) => self.is_in(token.as_bytes()).then(|| b"[secret]".to_vec()),
            },
            '0'..='9' | '-' => self.replaced_within(token.as_bytes(), max_bytes)?,
            _ => None,
        };
        Ok(replaced.map(|text| String::from_utf8_lossy(&text).into_owned()))
    }
}

/// The length of the string at the beginning of a text, including its quotes.
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
            let replaced = finder.replaced_json(page, 100).unwrap();
            assert_eq!(replaced.as_deref(), expected, "{page}");
        }
    }

    #[test]
    fn a_text_that_replacements_make_too_long_is_refused() {
        let finder =
            Finder::new([("hunter2hunter3", "[secret of a long name]")].into_iter()).unwrap();
        let page = format!(r#"["{}"]"#, "hunter2hunter3 ".repeat(4));
        let replaced = finder.replaced_json(&page, 100).unwrap();
        assert_eq!(replaced.map(|text| text.len()), Some(100));
        assert_eq!(finder.replaced_json(&page, 99), Err(OverlongText));
        let pieces = format!(r#"["{0}","{0}"]"#, "hunter2hunter3");
        assert_eq!(finder.replaced_json(&pieces, 52), Err(OverlongText));
    }
}
