//! The URLs of a connector.

use http::Uri;
use url::Url;

use super::error::SyncError;
use super::names::ServerName;

/// The two URLs of a connector.
#[derive(Debug)]
pub(super) struct ConnectorUrls {
    pub(super) schema: RequestUrl,
    pub(super) page: RequestUrl,
}

/// A URL to which requests are sent.
#[derive(Debug, Clone)]
pub(super) struct RequestUrl {
    pub(super) uri: Uri,
    /// The server for messages.
    pub(super) server: ServerName,
}

impl ConnectorUrls {
    /// Parses the URL as users give it to Weld: with or without a path and trailing slashes. A query is kept, since
    /// some platforms distinguish functions by it. `is_internal` says that messages must not show the URLs.
    ///
    /// # Errors
    ///
    /// [`SyncError`]: `Url` or `UrlCredentials`.
    pub(super) fn parse(text: &str, is_internal: bool) -> Result<Self, SyncError> {
        let refused = || SyncError::Url(text.to_owned());
        let base = Url::parse(text.trim()).map_err(|_| refused())?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(refused());
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(SyncError::UrlCredentials);
        }
        let request_url =
            |last: &str| RequestUrl::below(&base, last, is_internal).ok_or_else(refused);
        Ok(Self {
            schema: request_url("/schema")?,
            page: request_url("/")?,
        })
    }
}

impl RequestUrl {
    fn below(base: &Url, last: &str, is_internal: bool) -> Option<Self> {
        let mut url = base.clone();
        url.set_path(&format!("{}{last}", base.path().trim_end_matches('/')));
        url.set_fragment(None);
        let uri = url.as_str().parse().ok()?;
        url.set_query(None);
        Some(Self {
            uri,
            server: if is_internal {
                ServerName::Component
            } else {
                ServerName::Url(url.into())
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_connectors_url_is_accepted() {
        for (text, schema, page) in [
            ("http://h", "http://h/schema", "http://h/"),
            (
                "https://h:8443/",
                "https://h:8443/schema",
                "https://h:8443/",
            ),
            (
                " http://h/beers ",
                "http://h/beers/schema",
                "http://h/beers/",
            ),
            (
                "http://[::1]:80/a/b//",
                "http://[::1]/a/b/schema",
                "http://[::1]/a/b/",
            ),
            (
                "HTTP://h/f?code=x",
                "http://h/f/schema?code=x",
                "http://h/f/?code=x",
            ),
            ("http://h/f#top", "http://h/f/schema", "http://h/f/"),
        ] {
            let urls = ConnectorUrls::parse(text, false).unwrap();
            assert_eq!(urls.schema.uri.to_string(), schema, "{text}");
            assert_eq!(urls.page.uri.to_string(), page, "{text}");
        }
    }

    #[test]
    fn neither_a_query_nor_an_internal_url_is_shown() {
        let shown = |is_internal| {
            let urls = ConnectorUrls::parse("http://h/f?code=secret", is_internal).unwrap();
            urls.schema.server.to_string()
        };
        assert_eq!(shown(false), "http://h/f/schema");
        assert_eq!(shown(true), "the connector");
    }

    #[test]
    fn invalid_urls_are_refused() {
        for text in [
            "",
            "beers",
            "h:8080/beers",
            "/beers",
            "ftp://h/",
            "http://",
            "file:///beers",
        ] {
            assert!(
                matches!(ConnectorUrls::parse(text, false), Err(SyncError::Url(_))),
                "{text}"
            );
        }
        for text in ["http://me@h/", "http://me:key@h/"] {
            assert!(
                matches!(
                    ConnectorUrls::parse(text, false),
                    Err(SyncError::UrlCredentials)
                ),
                "{text}"
            );
        }
    }
}
