//! Header values that name their parts: `total=100; remaining=99; resets=41`, `api-usage=18/5000`,
//! `{"limit":100,"remaining":99}`.

use super::header_name::QuotaHeaderName;
use super::header_words::HeaderRole;

/// More pairs than any such header has.
const MAX_PAIRS: usize = 16;

/// The longest name of a pair.
const MAX_KEY_BYTES: usize = 32;

/// The pairs of a value that describe a quota: the parsed name, and the text next to it. `None` if the value is not a
/// list of pairs.
pub(super) fn pairs(text: &str) -> Option<Vec<(QuotaHeaderName, &str)>> {
    let text = text.trim();
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    let parts = inner.unwrap_or(text).split([';', ',']).map(str::trim);
    let mut pairs = Vec::new();
    for part in parts.filter(|part| !part.is_empty()).take(MAX_PAIRS) {
        let (key, value) = part.split_once(['=', ':'])?;
        let key = bare(key);
        if !is_key(key) {
            return None;
        }
        // Salesforce names the app in parentheses after the numbers.
        let value = value.split('(').next().unwrap_or_default();
        pairs.push((
            QuotaHeaderName::of_key(&key.to_ascii_lowercase()),
            bare(value),
        ));
    }
    (!pairs.is_empty()).then_some(pairs)
}

/// The text next to the first name with this role.
pub(super) fn text_of(text: &str, role: fn(HeaderRole) -> bool) -> Option<&str> {
    let found = pairs(text)?
        .into_iter()
        .find(|(name, _)| name.role.is_some_and(role));
    found.map(|(_, value)| value)
}

fn is_key(key: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    key.len() <= MAX_KEY_BYTES
        && key.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && key.bytes().all(is_plain)
}

fn bare(text: &str) -> &str {
    text.trim().trim_matches('"').trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::governor::moment::NumberUnit;

    #[test]
    fn pairs_are_read_in_every_spelling() {
        let read = |text| {
            let pairs = pairs(text)?;
            let read = |(name, value): (QuotaHeaderName, _)| (name.quota, name.role, value);
            Some(pairs.into_iter().map(read).collect::<Vec<_>>())
        };
        let reset = HeaderRole::Reset(NumberUnit::Seconds);
        for text in [
            "total=100; remaining=99; resets=41",
            "limit=100, remaining=99, reset=41",
            r#"{"Limit": 100, "remaining":"99", "reset": 41}"#,
            "Limit: 100; Left: 99; Reset: 41;",
        ] {
            let expected = [
                (HeaderRole::Limit, "100"),
                (HeaderRole::Remaining, "99"),
                (reset, "41"),
            ];
            let expected = expected.map(|(role, value)| (String::new(), Some(role), value));
            assert_eq!(read(text), Some(expected.to_vec()), "{text}");
        }
        assert_eq!(
            read("api-usage=25/5000; per-app-api-usage=17/250(appName=sample-app)"),
            Some(vec![
                ("api".to_owned(), Some(HeaderRole::Used), "25/5000"),
                ("per-app-api".to_owned(), Some(HeaderRole::Used), "17/250"),
            ])
        );
        for text in [
            "",
            "{}",
            "100",
            "39/40",
            "100, 100;w=60",
            "20:1,100:120",
            "\"daily\";r=5;t=30",
            "6m0s",
            "2026-11-24T00:00:30Z",
            "Tue, 24 Nov 2026 00:00:30 GMT",
            "a b=1",
            "=1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(
            pairs(&"a=1,".repeat(100)).map(|pairs| pairs.len()),
            Some(MAX_PAIRS)
        );
    }
}
