//! The target of a request.

use std::sync::Arc;

use url::{Position, Url};

/// The target of a request, and its origin as quotas, waits and logs name it. Copies are cheap, since each try has
/// one.
#[derive(Debug, Clone)]
pub(super) struct CallTarget {
    url: Arc<Url>,
    /// Scheme, host and port, the port only if it isn't the scheme's.
    origin: Arc<str>,
}

impl CallTarget {
    pub(super) fn new(url: Url) -> Self {
        Self {
            origin: origin_of(&url).into(),
            url: Arc::new(url),
        }
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn origin(&self) -> &Arc<str> {
        &self.origin
    }

    pub(super) fn into_url(self) -> Url {
        Arc::unwrap_or_clone(self.url)
    }

    /// Changes the part after the origin.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Url)) {
        change(Arc::make_mut(&mut self.url));
    }
}

/// The origin as [`url::Origin::ascii_serialization`] writes it. An HTTP URL contains it, around the user
/// information, so it need not be assembled for each call.
fn origin_of(url: &Url) -> String {
    match url.scheme() {
        "http" | "https" => {
            let server = &url[Position::BeforeHost..Position::AfterPort];
            [url.scheme(), "://", server].concat()
        }
        _ => url.origin().ascii_serialization(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_is_written_as_urls_define_it() {
        for text in [
            "https://api.example.com",
            "https://api.example.com:443/v1?q=1#here",
            "http://api.example.com:443/",
            "http://user:secret@api.example.com:80/",
            "HTTPS://user@API.Example.com:8443/a@b:1",
            "https://gr\u{fc}n.example/",
            "http://[2001:DB8::1]:8080/",
            "http://0x7f.1/",
            "ftp://files.example.com/",
            "data:text/plain,a",
        ] {
            let url = Url::parse(text).unwrap();
            let expected = url.origin().ascii_serialization();
            assert_eq!(**CallTarget::new(url).origin(), *expected, "{text}");
        }
    }
}
