//! The parts of a failure's message that are the same for every table.

/// Shorter words with digits are statuses and counts rather than ids.
const ID_LENGTH: usize = 8;

/// The message without what differs from table to table although the cause is the same: the table's name, the paths of
/// URLs, and words like ids and times.
pub(super) fn of_failure(message: &str, table: Option<&str>) -> String {
    let words = message.split_inclusive([' ', '\n', '"', '\'', '`', ',', ';', '(', ')', '<', '>']);
    words.map(|word| of_word(word, table)).collect()
}

/// A word with the separator that ends it.
fn of_word(word: &str, table: Option<&str>) -> String {
    if let Some((scheme, rest)) = word.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        return format!("{scheme}://{} ", host.trim_end_matches(is_end));
    }
    let bare = word.trim_end_matches(is_end);
    let is_table = table.is_some_and(|table| bare.trim_matches(is_mark) == table);
    let is_path = bare.starts_with('/');
    let is_id = bare.len() >= ID_LENGTH && bare.bytes().any(|byte| byte.is_ascii_digit());
    if is_table || is_path || is_id {
        let end = word.strip_prefix(bare).unwrap_or_default();
        return format!("…{end}");
    }
    word.to_owned()
}

fn is_end(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '"' | '\'' | '`' | ',' | ';' | '(' | ')' | '<' | '>')
}

fn is_mark(letter: char) -> bool {
    letter.is_ascii_punctuation() && letter != '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_paths_and_ids_make_no_difference() {
        for (one, other) in [
            ("API_KEY is missing", "API_KEY is missing"),
            (
                "GET https://api.example.com/v1/a?page=1: 404 Not Found",
                "GET https://api.example.com/v1/b: 404 Not Found",
            ),
            (
                "could not read a: it is down",
                "could not read b: it is down",
            ),
            ("table 'a' failed", "table 'b' failed"),
            ("GET /a: 500", "GET /b: 500"),
            (
                "500: {\"request\": \"7f3a-99b1c0\"}",
                "500: {\"request\": \"88fe-000fff\"}",
            ),
        ] {
            assert_eq!(of_failure(one, Some("a")), of_failure(other, Some("b")));
        }
    }

    #[test]
    fn other_causes_differ() {
        for (one, other) in [
            ("API_KEY is missing", "API_URL is missing"),
            (
                "GET https://a.example.com/x: 404",
                "GET https://b.example.com/x: 404",
            ),
            (
                "GET https://a.example.com/x: 404",
                "GET https://a.example.com/x: 500",
            ),
            ("KeyError: 'name'", "KeyError: 'id'"),
        ] {
            assert_ne!(of_failure(one, Some("a")), of_failure(other, Some("b")));
        }
    }
}
