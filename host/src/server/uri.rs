//! Normalizes paths into the spelling that the router knows.
//!
//! tower-http's `NormalizePath` trims trailing slashes only. Weld joins paths naively, so empty segments can occur
//! anywhere.

use http::{HeaderMap, Request, Uri};
use weld_protocol::{MODE_HEADER, SCHEMA_MODE};

use super::probes;

/// The last segment of a schema's path.
const SCHEMA: &str = "schema";

/// Normalizes a request's path: `//schema` and `/beers//schema/` become `/schema` and `/beers/schema`. `/` and
/// `/beers` with the header `Weld-Mode: schema` become the same.
pub(super) fn normalize<B>(request: &mut Request<B>) {
    if let Some(path) = normalized(request.uri().path(), request.headers())
        && let Ok(uri) = Uri::try_from(path)
    {
        *request.uri_mut() = uri;
    }
}

/// `None` if the path is already in normal form.
fn normalized(path: &str, headers: &HeaderMap) -> Option<String> {
    let mut segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let adds_schema = match segments.as_slice() {
        [] => asks_for_schema(headers),
        [only] => {
            *only != SCHEMA && asks_for_schema(headers) && !probes::is_at(&format!("/{only}"))
        }
        _ => false,
    };
    if adds_schema {
        segments.push(SCHEMA);
    }
    let is_normal = path.len()
        == segments
            .iter()
            .map(|part| part.len() + 1)
            .sum::<usize>()
            .max(1)
        && path.starts_with('/');
    (!is_normal).then(|| format!("/{}", segments.join("/")))
}

/// The connector in a normalized path; `None` for the one behind the plain routes.
///
/// The segment is used literally, not decoded as axum's `Path` would: a connector's name has no character that needs
/// an escape.
pub(super) fn connector_name(path: &str) -> Option<&str> {
    let first = path.split('/').nth(1)?;
    (!first.is_empty() && first != SCHEMA).then_some(first)
}

/// Whether a normalized path is a schema's.
pub(super) fn is_schema(path: &str) -> bool {
    path.rsplit('/').next() == Some(SCHEMA)
}

fn asks_for_schema(headers: &HeaderMap) -> bool {
    headers.get(MODE_HEADER).is_some_and(|mode| {
        let mode = mode.as_bytes().trim_ascii();
        mode.eq_ignore_ascii_case(SCHEMA_MODE.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn path_of(path: &str, mode: Option<&'static str>) -> String {
        let headers = mode.into_iter().map(|mode| {
            let name = HeaderName::from_static(MODE_HEADER);
            (name, HeaderValue::from_static(mode))
        });
        normalized(path, &headers.collect()).unwrap_or_else(|| path.to_owned())
    }

    #[test]
    fn paths_are_read_however_weld_joins_them() {
        for (path, expected) in [
            ("/", "/"),
            ("", "/"),
            ("//", "/"),
            ("*", "/*"),
            ("/schema", "/schema"),
            ("//schema", "/schema"),
            ("/schema/", "/schema"),
            ("/beers", "/beers"),
            ("/beers/", "/beers"),
            ("//beers//", "/beers"),
            ("/beers/schema", "/beers/schema"),
            ("/beers//schema/", "/beers/schema"),
            ("/beers/other", "/beers/other"),
            ("//healthz/", "/healthz"),
            ("/beers/schema//more", "/beers/schema/more"),
            ("/be%65rs", "/be%65rs"),
        ] {
            assert_eq!(path_of(path, None), expected, "{path}");
            let is_rewritten = normalized(path, &HeaderMap::new()).is_some();
            assert_eq!(is_rewritten, path != expected, "{path}");
        }
    }

    #[test]
    fn the_mode_header_asks_for_the_schema() {
        for (path, mode, expected) in [
            ("/", "schema", "/schema"),
            ("/beers", "schema", "/beers/schema"),
            ("/beers/", "Schema", "/beers/schema"),
            ("/beers", "data", "/beers"),
            ("/schema", "schema", "/schema"),
            ("/beers/schema", "schema", "/beers/schema"),
            ("/beers/other", "schema", "/beers/other"),
            ("//healthz/", "schema", "/healthz"),
            ("/readyz", "schema", "/readyz"),
        ] {
            assert_eq!(path_of(path, Some(mode)), expected, "{path}, {mode}");
        }
    }

    #[test]
    fn paths_name_a_connector_or_the_one_behind_the_plain_routes() {
        for (path, name, schema) in [
            ("/", None, false),
            ("/schema", None, true),
            ("/beers", Some("beers"), false),
            ("/beers/schema", Some("beers"), true),
        ] {
            assert_eq!(
                (connector_name(path), is_schema(path)),
                (name, schema),
                "{path}"
            );
        }
    }
}
