//! Names the URL that redirected a request.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use url::Url;

use crate::report;
use crate::secrets::Secrets;

/// How much of the URL that redirects is shown, in bytes.
const SHOWN_BYTES: usize = 200;

/// The URL that redirected a request, as messages show it; empty for a request of the connector itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RedirectNote(Option<Arc<str>>);

impl RedirectNote {
    /// A redirect by this URL, which is shown without its query.
    pub(super) fn by(url: &Url, secrets: &Secrets) -> Self {
        let url = format!("{}{}", url.origin().ascii_serialization(), url.path());
        let shown = report::shortened(&secrets.shown(url), SHOWN_BYTES);
        Self(Some(shown.into()))
    }
}

impl Display for RedirectNote {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(url) => write!(formatter, " ({url} redirected there)"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_that_redirects_is_shown_without_query_and_secrets() {
        let secrets = Secrets::of("shop");
        secrets.add("hunter2hunter2", "auth.shop");
        for (url, expected) in [
            (
                "https://api.example.com/go?to=x",
                " (https://api.example.com/go redirected there)",
            ),
            (
                "https://api.example.com/bot/hunter2hunter2",
                " (https://api.example.com/bot/[secret auth.shop] redirected there)",
            ),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(RedirectNote::by(&url, &secrets).to_string(), expected);
        }
        assert_eq!(RedirectNote::default().to_string(), "");
    }
}
