//! The header `Link` (RFC 8288), in which APIs give the URL of the next page.

use super::resolve::resolved;

/// A link of a response, such as to its next page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    url: String,
    attributes: Vec<(String, String)>,
}

impl Link {
    /// The link's target: an absolute URL with its query. Request it unchanged.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The value of an attribute; the name's case is ignored. An example is `results`, with which an API says that the
    /// next page has no rows.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let is_it = |known: &str| known.eq_ignore_ascii_case(name);
        let found = self.attributes.iter().find(|(known, _)| is_it(known));
        found.map(|(_, value)| value.as_str())
    }
}

/// Returns the link's URL, for [`Cursor::next`](crate::paging::Cursor::next).
impl From<Link> for String {
    fn from(link: Link) -> Self {
        link.url
    }
}

/// The first link with the relation `relation` in a header such as `<https://…?page=2>; rel="next"`. `base` is the URL
/// of the response.
pub(super) fn find(header: &str, relation: &str, base: &str) -> Option<Link> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (target, mut after) = after.split_once('>')?;
        let mut attributes: Vec<(String, String)> = Vec::new();
        while let Some((name, value, further)) = attribute(after) {
            after = further;
            // If a name occurs twice, the first attribute counts.
            if !attributes.iter().any(|(known, _)| *known == name) {
                attributes.push((name, value));
            }
        }
        let mut link = Link {
            url: String::new(),
            attributes,
        };
        let relations = link.attribute("rel").unwrap_or_default();
        if relations
            .split_ascii_whitespace()
            .any(|one| one.eq_ignore_ascii_case(relation))
        {
            link.url = resolved(base, target.trim_ascii());
            return Some(link);
        }
        rest = after;
    }
}

/// The attribute at the beginning of a text: its name in lower case, its value, and the rest of the text.
fn attribute(text: &str) -> Option<(String, String, &str)> {
    let is_between = |character: char| matches!(character, ';' | ' ' | '\t');
    let text = text.trim_start_matches(is_between);
    let is_end =
        |character: char| is_between(character) || matches!(character, '=' | ',' | '"' | '<');
    let (name, after) = text.split_at(text.find(is_end).unwrap_or(text.len()));
    if name.is_empty() {
        return None;
    }
    let (value, after) = match after.trim_ascii_start().strip_prefix('=') {
        Some(value) => read_value(value.trim_ascii_start()),
        None => (String::new(), after),
    };
    Some((name.to_ascii_lowercase(), value, after))
}

/// The value at the beginning of a text, without its quotes, and the rest of the text.
fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let is_end = |character: char| matches!(character, ';' | ',' | ' ' | '\t');
        let (value, after) = text.split_at(text.find(is_end).unwrap_or(text.len()));
        let value = value.strip_prefix('\'').unwrap_or(value);
        return (value.strip_suffix('\'').unwrap_or(value).to_owned(), after);
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    (value, characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Deserialize)]
    struct Case {
        what: String,
        url: String,
        link: Vec<String>,
        rel: String,
        target: Option<String>,
        #[serde(default)]
        attributes: BTreeMap<String, String>,
    }

    #[test]
    fn links_are_read_as_in_the_other_kits() {
        let Ok(text) = std::fs::read_to_string("../link.json") else {
            // A copy of this folder doesn't include the table of cases.
            return;
        };
        let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
        assert!(cases.len() > 30);
        for case in cases {
            let mut headers = case.link.iter();
            let found = headers.find_map(|header| find(header, &case.rel, &case.url));
            let url = found.as_ref().map(|link| link.url().to_owned());
            assert_eq!(url, case.target, "{}", case.what);
            for (name, value) in &case.attributes {
                let attribute = found.as_ref().and_then(|link| link.attribute(name));
                assert_eq!(attribute, Some(value.as_str()), "{}: {name}", case.what);
            }
        }
    }

    #[test]
    fn a_broken_header_has_no_links() {
        for header in ["", "next", "<https://x", "<https://x>; rel", "rel=next"] {
            assert_eq!(find(header, "next", "https://x"), None, "{header}");
        }
    }
}
