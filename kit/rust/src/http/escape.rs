//! Escaping of text in URLs and forms.

use std::fmt::Write as _;

/// Percent-encodes a text for use within a URL, such as an id in a path: everything except letters, digits and `-._~`.
///
/// ```
/// let url = format!("https://api.example.com/shops/{}", weld_connector::escape("North & South/2"));
/// assert_eq!(url, "https://api.example.com/shops/North%20%26%20South%2F2");
/// ```
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// `name=value`, both escaped.
pub(super) fn pair(name: &str, value: &str) -> String {
    format!("{}={}", escape(name), escape(value))
}

/// Adds a pair to the query of a URL, before its fragment if it has one.
pub(super) fn add_to_query(url: &mut String, name: &str, value: &str) {
    let end = url.find('#').unwrap_or(url.len());
    let separator = match url.get(..end).and_then(|url| url.split_once('?')) {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    url.insert_str(end, &format!("{separator}{}", pair(name, value)));
}

/// A URL for messages: without query, fragment and user, which may contain secrets.
pub(crate) fn without_query(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let url = url.get(..end).unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let authority = rest.split('/').next().unwrap_or(rest);
    match authority.rsplit_once('@') {
        Some((user, _)) => {
            let after_user = rest.get(user.len().saturating_add(1)..).unwrap_or_default();
            format!("{scheme}://{after_user}")
        }
        None => url.to_owned(),
    }
}

/// The names of the parameters in the query of a URL.
pub(super) fn names_in_query(url: &str) -> Vec<String> {
    let url = url.split('#').next().unwrap_or_default();
    let Some((_, query)) = url.split_once('?') else {
        return Vec::new();
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| unescape(pair.split('=').next().unwrap_or_default()))
        .collect()
}

/// Reverses [`escape`], and reads `+` as a space.
pub(crate) fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let code = rest
            .strip_prefix('%')
            .and_then(|after| u8::from_str_radix(after.get(..2)?, 16).ok());
        let taken = match (character, code) {
            (_, Some(byte)) => {
                bytes.push(byte);
                3
            }
            ('+', None) => {
                bytes.push(b' ');
                1
            }
            (other, None) => {
                bytes.extend(other.to_string().bytes());
                other.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_appended_to_the_query() {
        for (url, expected) in [
            ("https://x/a", "https://x/a?q=a%26b%20c%2B%C3%B6"),
            ("https://x/a?", "https://x/a?q=a%26b%20c%2B%C3%B6"),
            ("https://x/a?p=1", "https://x/a?p=1&q=a%26b%20c%2B%C3%B6"),
            ("https://x/a?p=1&", "https://x/a?p=1&q=a%26b%20c%2B%C3%B6"),
            ("https://x/a#f?g", "https://x/a?q=a%26b%20c%2B%C3%B6#f?g"),
        ] {
            let mut url = url.to_owned();
            add_to_query(&mut url, "q", "a&b c+ö");
            assert_eq!(url, expected);
        }
    }

    #[test]
    fn names_of_query_parameters_are_read() {
        for (url, names) in [
            ("https://x/a", &[][..]),
            ("https://x/a?", &[]),
            ("https://x/a?b=1&&c&d=", &["b", "c", "d"]),
            (
                "https://x/a?filter%5Bn%5D=1&a+b=2#?c=3",
                &["filter[n]", "a b"],
            ),
        ] {
            assert_eq!(names_in_query(url), names, "{url}");
        }
    }

    #[test]
    fn unescape_reverses_escape() {
        for text in ["", "a&b c+ö", "100%", "%zz%", "日本\n\0"] {
            assert_eq!(unescape(&escape(text)), text);
        }
        assert_eq!(unescape("a+b%"), "a b%");
    }

    #[test]
    fn messages_show_a_url_without_its_possible_secrets() {
        for (url, shown) in [
            ("https://x/a?api_token=s", "https://x/a"),
            ("https://user:s@x/a@b#s", "https://x/a@b"),
            ("https://x:8443", "https://x:8443"),
            ("nonsense?s", "nonsense"),
        ] {
            assert_eq!(without_query(url), shown);
        }
    }
}
