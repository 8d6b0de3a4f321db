//! Where a request goes.

use std::sync::Arc;

use url::Url;

/// Where a request goes, and its origin as quotas, waits and logs name it. A copy costs nothing: each try has one.
#[derive(Debug, Clone)]
pub(super) struct CallTarget {
    url: Arc<Url>,
    /// Scheme, host and port, the port only if it isn't the scheme's.
    origin: Arc<str>,
}

impl CallTarget {
    pub(super) fn new(url: Url) -> Self {
        Self {
            origin: url.origin().ascii_serialization().into(),
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

    /// Changes what stands behind the origin.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Url)) {
        change(Arc::make_mut(&mut self.url));
    }
}
