//! The paths of the admin listener, what they require, and what they do.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::task::spawn_blocking;

use super::MetricsText;
use super::answer::{self, AdminAnswer};
use super::connector_list;
use super::log_level::{LogControl, LogLevel};
use super::refusal::AdminRefusal;
use crate::access_check::{AccessKeys, is_of_a_foreign_page, names_this_machine, permits};
use crate::connectors::{Connectors, ReloadHandle, ReportReader};
use crate::pages::CallMonitor;
use crate::report;

/// The largest body: more than the name of a level.
const MAX_BODY_BYTES: usize = 1 << 10;

/// How long a client may take to send it.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of an unknown level is quoted.
const MAX_QUOTED_BYTES: usize = 40;

const ALIVE_TEXT: &str = r#"{"status":"alive"}"#;

/// What the listener answers from.
pub(super) struct AdminService {
    pub(super) connectors: Arc<Connectors>,
    pub(super) calls: CallMonitor,
    pub(super) reload: ReloadHandle,
    pub(super) log: Option<Arc<dyn LogControl>>,
    pub(super) metrics: Option<MetricsText>,
    pub(super) keys: AccessKeys,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AdminRoute {
    Alive,
    Ready,
    Metrics,
    Connectors,
    Reload,
    Log,
}

impl AdminRoute {
    /// The route at a path, with empty segments anywhere.
    fn at(path: &str) -> Option<Self> {
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

    fn methods(self) -> &'static str {
        match self {
            Self::Alive | Self::Ready | Self::Metrics | Self::Connectors => "GET, HEAD",
            Self::Reload => "POST",
            Self::Log => "GET, HEAD, PUT",
        }
    }

    fn allows(self, method: &Method) -> bool {
        self.methods()
            .split(", ")
            .any(|allowed| allowed == method.as_str())
    }

    /// Whether it requires no key.
    fn is_a_probe(self) -> bool {
        matches!(self, Self::Alive | Self::Ready)
    }
}

impl AdminService {
    /// Answers one request. `may_be_of_a_browser` says whether a browser could have sent it.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        may_be_of_a_browser: bool,
    ) -> AdminAnswer {
        let (parts, body) = request.into_parts();
        let path = report::escaped(&report::shortened(parts.uri.path(), 100));
        match self.respond(&parts, body, may_be_of_a_browser).await {
            Ok(answer) => answer,
            Err(refusal) => {
                let kind = refusal.kind();
                tracing::info!(
                    status = kind.status(),
                    kind = kind.as_str(),
                    method = %parts.method,
                    path,
                    "the admin listener refused a request: {refusal}"
                );
                answer::refusal(&refusal)
            }
        }
    }

    async fn respond(
        &self,
        parts: &Parts,
        body: Incoming,
        may_be_of_a_browser: bool,
    ) -> Result<AdminAnswer, AdminRefusal> {
        let route = AdminRoute::at(parts.uri.path());
        let access = self.check(parts, may_be_of_a_browser);
        if !route.is_some_and(AdminRoute::is_a_probe) {
            access.map_err(AccessFault::refusal)?;
        }
        let route = route.ok_or(AdminRefusal::NotFound)?;
        if !route.allows(&parts.method) {
            return Err(AdminRefusal::Method {
                allowed: route.methods(),
            });
        }
        Ok(match route {
            AdminRoute::Alive => answer::json(StatusCode::OK, ALIVE_TEXT.to_owned()),
            AdminRoute::Ready => self.readiness(access.is_ok()),
            AdminRoute::Metrics => {
                let metrics = self.metrics.clone().ok_or(AdminRefusal::NoMetrics)?;
                // With a thousand connectors, this takes longer than a thread of the runtime should compute.
                let text = spawn_blocking(move || metrics()).await;
                answer::metrics(text.map_err(|_| AdminRefusal::MetricsInterrupted)?)
            }
            AdminRoute::Connectors => {
                let list = connector_list::json(&self.connectors, &self.calls);
                answer::json(StatusCode::OK, list)
            }
            AdminRoute::Reload => self.reload().await?,
            AdminRoute::Log if parts.method == Method::PUT => self.set_level(body).await?,
            AdminRoute::Log => answer::line(self.log()?.level().name()),
        })
    }

    /// Checks the key, or without one that no web page has made a browser send the request.
    fn check(&self, parts: &Parts, may_be_of_a_browser: bool) -> Result<(), AccessFault> {
        let headers = &parts.headers;
        if !permits(&self.keys, headers) {
            return Err(AccessFault::Key);
        }
        if !self.keys.is_empty() || !may_be_of_a_browser {
            return Ok(());
        }
        if !names_this_machine(headers) {
            return Err(AccessFault::Host);
        }
        if is_of_a_foreign_page(headers) {
            return Err(AccessFault::Origin);
        }
        Ok(())
    }

    fn readiness(&self, is_operator: bool) -> AdminAnswer {
        let reader = if is_operator {
            ReportReader::Operator
        } else {
            ReportReader::Stranger
        };
        let report = self.connectors.report(reader);
        let status = if report.is_ready() {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        answer::json(status, report.json())
    }

    async fn reload(&self) -> Result<AdminAnswer, AdminRefusal> {
        let summary = self.reload.reload().await?;
        tracing::info!(
            changes = summary.changes.len(),
            "looked at the plugins folder, as the admin listener was asked"
        );
        // Serializing these types can't fail: the keys of the map are strings.
        let text = serde_json::to_string(&summary).unwrap_or_default();
        Ok(answer::json(StatusCode::OK, text))
    }

    fn log(&self) -> Result<&dyn LogControl, AdminRefusal> {
        self.log.as_deref().ok_or(AdminRefusal::NoLog)
    }

    async fn set_level(&self, body: Incoming) -> Result<AdminAnswer, AdminRefusal> {
        let log = self.log()?;
        let text = read(body).await?;
        let level: LogLevel = text.parse().map_err(|_| {
            let quoted = report::shortened(text.trim(), MAX_QUOTED_BYTES);
            AdminRefusal::Level(report::escaped(&quoted))
        })?;
        let before = log.level();
        if !log.set_level(level) {
            return Err(AdminRefusal::NoLog);
        }
        // At a level that is logged before or after the change.
        tracing::warn!(%before, now = %level, "the admin listener was asked to change the log's level");
        Ok(answer::line(level.name()))
    }
}

/// Why somebody is not the operator.
#[derive(Debug, Clone, Copy)]
enum AccessFault {
    Key,
    Host,
    Origin,
}

impl AccessFault {
    fn refusal(self) -> AdminRefusal {
        match self {
            Self::Key => AdminRefusal::Unauthorized,
            Self::Host => AdminRefusal::ForeignHost,
            Self::Origin => AdminRefusal::ForeignOrigin,
        }
    }
}

async fn read(body: Incoming) -> Result<String, AdminRefusal> {
    let limited = Limited::new(body, MAX_BODY_BYTES).collect();
    match tokio::time::timeout(BODY_TIMEOUT, limited).await {
        Err(_) => Err(AdminRefusal::BodyTimeout {
            limit: BODY_TIMEOUT,
        }),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(AdminRefusal::BodyTooLarge {
                limit_bytes: MAX_BODY_BYTES as u64,
            })
        }
        Ok(Err(_)) => Err(AdminRefusal::BodyCut),
        Ok(Ok(body)) => Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned()),
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
