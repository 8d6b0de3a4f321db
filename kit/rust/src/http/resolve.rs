//! Relative URLs (RFC 3986, section 5.2).

/// `target` as an absolute URL, relative to the absolute URL `base`. An absolute target stays unchanged, since it may
/// be signed.
pub(super) fn resolved(base: &str, target: &str) -> String {
    if has_scheme(target) {
        return target.to_owned();
    }
    let (scheme, after_scheme) = base.split_once("://").unwrap_or(("https", base));
    if target.starts_with("//") {
        return format!("{scheme}:{target}");
    }
    let authority_end = after_scheme
        .find(['/', '?', '#'])
        .unwrap_or(after_scheme.len());
    let (authority, rest) = after_scheme.split_at(authority_end);
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (rest, None),
    };
    let path_end = target.find(['?', '#']).unwrap_or(target.len());
    let (target_path, target_rest) = target.split_at(path_end);
    let merged = if target_path.is_empty() {
        path.to_owned()
    } else if target_path.starts_with('/') {
        without_dots(target_path)
    } else {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        without_dots(&format!("{folder}/{target_path}"))
    };
    let slash = if merged.starts_with('/') { "" } else { "/" };
    let query = match query {
        // The target has no path or query: the base's query stays.
        Some(query) if target_path.is_empty() && !target_rest.starts_with('?') => {
            format!("?{query}")
        }
        _ => String::new(),
    };
    format!("{scheme}://{authority}{slash}{merged}{query}{target_rest}")
}

/// Whether a URL begins with a scheme, such as `https:`.
fn has_scheme(url: &str) -> bool {
    let Some((scheme, _)) = url.split_once(':') else {
        return false;
    };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "+.-".contains(character))
}

/// A path without its segments `.` and `..`; the latter leads to the folder above.
fn without_dots(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let mut pieces = path.split('/').skip(1).peekable();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        match piece {
            "." | ".." => {
                if piece == ".." {
                    parts.pop();
                }
                if is_last {
                    parts.push("");
                }
            }
            other => parts.push(other),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 3986, section 5.4, in the generic syntax of HTTP URLs.
    #[test]
    fn relative_urls_are_resolved_as_in_the_standard() {
        let base = "http://a/b/c/d;p?q";
        for (target, expected) in [
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("g#s", "http://a/b/c/g#s"),
            ("g?y#s", "http://a/b/c/g?y#s"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g#s/../x", "http://a/b/c/g#s/../x"),
        ] {
            assert_eq!(resolved(base, target), expected, "{target}");
        }
        assert_eq!(resolved("https://a", "b?c"), "https://a/b?c");
        assert_eq!(resolved("https://a?x=/y", "?z"), "https://a/?z");
        assert_eq!(resolved("https://a#/y", "/b"), "https://a/b");
    }
}
