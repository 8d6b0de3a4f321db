//! What a path and its headers ask for.

use http::HeaderMap;
use weld_protocol::{MODE_HEADER, SCHEMA_MODE};

/// What a path and its headers ask for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted<'a> {
    /// `None` is the connector behind the plain routes.
    Schema(Option<&'a str>),
    Page(Option<&'a str>),
    Nothing,
}

impl<'a> Wanted<'a> {
    /// Reads a path, empty segments passed over: Weld joins paths naively, so `//schema` and `/beers//schema` are
    /// meant as `/schema` and `/beers/schema`.
    pub(super) fn read(path: &'a str, headers: &HeaderMap) -> Self {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let segments = [segments.next(), segments.next(), segments.next()];
        match segments {
            [Some("schema"), None, _] => Self::Schema(None),
            [Some("schema"), ..] => Self::Nothing,
            [Some(name), Some("schema"), None] => Self::Schema(Some(name)),
            [name, None, _] if asks_for_schema(headers) => Self::Schema(name),
            [name, None, _] => Self::Page(name),
            _ => Self::Nothing,
        }
    }

    /// `page` or `schema`, or `nothing`.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Schema(_) => "schema",
            Self::Page(_) => "page",
            Self::Nothing => "nothing",
        }
    }

    /// The connector's name in the path.
    pub(super) fn connector(&self) -> Option<&'a str> {
        match self {
            Self::Schema(name) | Self::Page(name) => *name,
            Self::Nothing => None,
        }
    }
}

fn asks_for_schema(headers: &HeaderMap) -> bool {
    headers.get(MODE_HEADER).is_some_and(|mode| {
        let mode = mode.as_bytes().trim_ascii();
        mode.eq_ignore_ascii_case(SCHEMA_MODE.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn paths_are_read_however_weld_joins_them() {
        let none = HeaderMap::new();
        for (path, expected) in [
            ("/", Wanted::Page(None)),
            ("", Wanted::Page(None)),
            ("//", Wanted::Page(None)),
            ("/schema", Wanted::Schema(None)),
            ("//schema", Wanted::Schema(None)),
            ("/schema/", Wanted::Schema(None)),
            ("/beers", Wanted::Page(Some("beers"))),
            ("/beers/", Wanted::Page(Some("beers"))),
            ("//beers//", Wanted::Page(Some("beers"))),
            ("/beers/schema", Wanted::Schema(Some("beers"))),
            ("/beers//schema/", Wanted::Schema(Some("beers"))),
            ("/beers/other", Wanted::Nothing),
            ("/beers/schema/more", Wanted::Nothing),
            ("/schema/schema", Wanted::Nothing),
        ] {
            assert_eq!(Wanted::read(path, &none), expected, "{path}");
        }
    }

    #[test]
    fn the_mode_header_asks_for_the_schema() {
        for (mode, expected) in [
            ("schema", Wanted::Schema(Some("beers"))),
            ("Schema", Wanted::Schema(Some("beers"))),
            ("data", Wanted::Page(Some("beers"))),
        ] {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static(MODE_HEADER),
                HeaderValue::from_static(mode),
            )]);
            assert_eq!(Wanted::read("/beers", &headers), expected, "{mode}");
        }
    }
}
