//! The maps of a trial: requests for some origins go to a server on this machine instead.
//!
//! They apply once a request has passed the rules, has its credential and has been admitted. So rules, `[auth]`,
//! pool, governor and log use the original URL. A map changes the path that is sent, the `Host` header, the address
//! that is dialed, and a `Location` on the way back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{self, HeaderMap, HeaderValue};
use http::{Uri, uri};
use url::Url;

use super::outgoing::Outgoing;
use crate::config::HostMap;

/// The maps of one process. Clones share their state.
#[derive(Clone, Default)]
pub struct HostMaps(Arc<[UsedMap]>);

struct UsedMap {
    map: HostMap,
    is_used: AtomicBool,
}

/// A request's map, for its response.
pub(super) struct MappedExchange<'a> {
    maps: &'a HostMaps,
    map: &'a HostMap,
}

impl HostMaps {
    /// Uses these maps, at most one for each origin.
    #[must_use]
    pub fn new(maps: Vec<HostMap>) -> Self {
        let maps = maps.into_iter().map(|map| UsedMap {
            map,
            is_used: AtomicBool::new(false),
        });
        Self(maps.collect())
    }

    /// The maps that no request has used: they may name another host than the connector does.
    pub fn unused(&self) -> impl Iterator<Item = &HostMap> {
        let unused = self
            .0
            .iter()
            .filter(|used| !used.is_used.load(Ordering::Relaxed));
        unused.map(|used| &used.map)
    }

    /// Whether requests for this URL go elsewhere.
    pub(super) fn has(&self, url: &Url) -> bool {
        self.0.iter().any(|used| used.map.is_of(url))
    }

    /// Where the connections for this URL go instead; `None` if it isn't mapped.
    pub(super) fn addresses(&self, uri: &Uri) -> Option<&[SocketAddr]> {
        if self.0.is_empty() {
            return None;
        }
        let origin = uri::Builder::new()
            .scheme(uri.scheme()?.clone())
            .authority(uri.authority()?.clone())
            .path_and_query("/");
        let url = Url::parse(&origin.build().ok()?.to_string()).ok()?;
        let used = self.0.iter().find(|used| used.map.is_of(&url))?;
        Some(used.map.addresses())
    }

    /// Rewrites a request that is about to be sent for the mapped server. Its origin stays, since the pool finds the
    /// connection by it. `None` if it isn't mapped.
    pub(super) fn enter(&self, request: &mut Outgoing) -> Option<MappedExchange<'_>> {
        let used = self
            .0
            .iter()
            .find(|used| used.map.is_of(request.target.url()))?;
        used.is_used.store(true, Ordering::Relaxed);
        let map = &used.map;
        let path = map.mapped_path(request.target.url().path());
        request.target.change(|url| url.set_path(&path));
        if let Ok(host) = HeaderValue::from_str(map.authority()) {
            request.headers.insert(header::HOST, host);
        }
        Some(MappedExchange { maps: self, map })
    }

    /// The original URL of a URL on a mapped server. If several maps lead to one server, the map with the longest
    /// path applies, and among equals the request's own.
    fn original(&self, url: &Url, own: &HostMap) -> Option<Url> {
        let maps = self.0.iter().map(|used| &used.map);
        maps.filter_map(|map| Some((map.prefix_length(), map == own, map.original_url(url)?)))
            .max_by_key(|(length, is_own, _)| (*length, *is_own))
            .map(|(_, _, url)| url)
    }
}

impl MappedExchange<'_> {
    /// Rewrites a `Location` as the original server would have written it: a URL on a mapped server becomes the
    /// original URL, which the rules then judge. Anything else stays as it is.
    pub(super) fn restore(&self, headers: &mut HeaderMap) {
        let Some(location) = headers.get(header::LOCATION) else {
            return;
        };
        let Some(text) = location.to_str().ok().map(str::trim) else {
            return;
        };
        let original = if text.starts_with('/') && !text.starts_with("//") {
            // Relative to the original host, it would contain the mapped path.
            self.map.original_path(text).map(|path| {
                let slash = if path.starts_with('/') { "" } else { "/" };
                format!("{slash}{path}")
            })
        } else {
            let base = || Url::parse(&format!("http://{}/", self.map.authority()));
            let url = base().and_then(|base| base.join(text)).ok();
            let is_absolute = text.starts_with("//") || Url::parse(text).is_ok();
            url.filter(|_| is_absolute)
                .and_then(|url| self.maps.original(&url, self.map))
                .map(String::from)
        };
        let original = original.and_then(|text| HeaderValue::try_from(text).ok());
        if let Some(original) = original {
            headers.insert(header::LOCATION, original);
        }
    }
}
