//! The paths of the admin listener, and their methods.

use http::Method;

/// A path of the admin listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AdminRoute {
    Alive,
    Ready,
    Metrics,
    Connectors,
    Reload,
    Log,
}

impl AdminRoute {
    /// The route at a path, with empty segments anywhere.
    pub(super) fn at(path: &str) -> Option<Self> {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let route = match segments.next()? {
            "healthz" => Self::Alive,
            "readyz" => Self::Ready,
            "metrics" => Self::Metrics,
            "connectors" => Self::Connectors,
            "reload" => Self::Reload,
            "log" => Self::Log,
            _ => return None,
        };
        segments.next().is_none().then_some(route)
    }

    pub(super) fn methods(self) -> &'static str {
        match self {
            Self::Alive | Self::Ready | Self::Metrics | Self::Connectors => "GET, HEAD",
            Self::Reload => "POST",
            Self::Log => "GET, HEAD, PUT",
        }
    }

    pub(super) fn allows(self, method: &Method) -> bool {
        self.methods()
            .split(", ")
            .any(|allowed| allowed == method.as_str())
    }

    /// Whether it requires no key.
    pub(super) fn is_a_probe(self) -> bool {
        matches!(self, Self::Alive | Self::Ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found_by_every_spelling_of_their_paths() {
        for (path, expected) in [
            ("/healthz", Some(AdminRoute::Alive)),
            ("//readyz/", Some(AdminRoute::Ready)),
            ("/metrics/", Some(AdminRoute::Metrics)),
            ("/connectors", Some(AdminRoute::Connectors)),
            ("/reload", Some(AdminRoute::Reload)),
            ("/log", Some(AdminRoute::Log)),
            ("/", None),
            ("/connectors/beers", None),
            ("/Log", None),
            ("/beers", None),
        ] {
            assert_eq!(AdminRoute::at(path), expected, "{path}");
        }
    }

    #[test]
    fn each_route_has_its_methods() {
        for (route, method, expected) in [
            (AdminRoute::Alive, Method::HEAD, true),
            (AdminRoute::Metrics, Method::POST, false),
            (AdminRoute::Reload, Method::POST, true),
            (AdminRoute::Reload, Method::GET, false),
            (AdminRoute::Log, Method::PUT, true),
            (AdminRoute::Log, Method::POST, false),
        ] {
            assert_eq!(route.allows(&method), expected, "{route:?} {method}");
        }
    }
}
