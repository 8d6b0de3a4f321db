//! The header `Link` (RFC 8288), in which APIs tell the URL of the next page.

/// The URL with the relation `relation` among the links of a header, such as `<https://…?page=2>; rel="next"`.
pub(super) fn find<'a>(header: &'a str, relation: &str) -> Option<&'a str> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (url, after) = after.split_once('>')?;
        // A comma within quotes, as in a title, is no end; one before the next `<` is.
        let parameters = after.split_once(", <").or_else(|| after.split_once(",<"));
        let parameters = parameters.map_or(after, |(parameters, _)| parameters);
        if parameters.split(';').any(|one| is_relation(one, relation)) {
            return Some(url);
        }
        rest = after;
    }
    None
}

fn is_relation(parameter: &str, relation: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return false;
    };
    name.trim().eq_ignore_ascii_case("rel")
        && value
            .trim_matches([' ', '"', ','])
            .split(' ')
            .any(|one| one.eq_ignore_ascii_case(relation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_other_links() {
        let header = r#"<https://x/a?page=1>; rel="prev", <https://x/a?page=3&q=a,b>; title="a, b"; rel="next last""#;
        assert_eq!(find(header, "next"), Some("https://x/a?page=3&q=a,b"));
        assert_eq!(find(header, "prev"), Some("https://x/a?page=1"));
        assert_eq!(find(header, "first"), None);
        assert_eq!(find("<https://x/b>;rel=next", "next"), Some("https://x/b"));
    }

    #[test]
    fn a_broken_header_has_no_links() {
        for header in ["", "next", "<https://x", "<https://x>; rel", "rel=next"] {
            assert_eq!(find(header, "next"), None, "{header}");
        }
    }
}
