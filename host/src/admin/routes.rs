//! What the paths of the admin listener require, and what they do.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::MetricsText;
use super::answer::{self, AdminAnswer};
use super::connector_list;
use super::keys::AdminKeys;
use super::listener::AdminOrigin;
use super::log_level::{LogControl, LogLevel};
use super::refusal::AdminRefusal;
use super::route::AdminRoute;
use super::settings::{SettingsControl, SettingsSummary};
use crate::access_check::{KeyCheck, is_of_a_foreign_page, names_this_machine};
use crate::attempts::{TooManyAttempts, WrongKeys};
use crate::connectors::{Connectors, ReloadHandle, ReloadSummary, ReportReader};
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
    pub(super) settings: Option<Arc<dyn SettingsControl>>,
    pub(super) keys: AdminKeys,
    pub(super) wrong_keys: WrongKeys,
    /// The turns of answers that take long to make.
    pub(super) turns: Arc<Semaphore>,
}

/// The answer to a request to reload.
#[derive(Serialize)]
struct ReloadAnswer {
    #[serde(flatten)]
    folder: ReloadSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<SettingsSummary>,
}

impl AdminService {
    /// Answers one request.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        origin: AdminOrigin,
    ) -> AdminAnswer {
        let (parts, body) = request.into_parts();
        let access = self.check(&parts, origin);
        let answered = self.respond(&parts, body, origin, access).await;
        let mut answer = answered.unwrap_or_else(|refusal| {
            log(&parts, origin, &refusal);
            answer::refusal(&refusal)
        });
        if access.is_err() {
            // A stranger who reads answers slowly would keep the place of an operator.
            answer::close(&mut answer);
        }
        answer
    }

    async fn respond(
        &self,
        parts: &Parts,
        body: Incoming,
        origin: AdminOrigin,
        access: Result<(), AccessFault>,
    ) -> Result<AdminAnswer, AdminRefusal> {
        let route = AdminRoute::at(parts.uri.path());
        if !route.is_some_and(AdminRoute::is_a_probe) {
            access.map_err(AccessFault::refusal)?;
        } else if let Err(fault @ AccessFault::Attempts(_)) = access {
            // The probe is answered whatever its key.
            log(parts, origin, &fault.refusal());
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
                answer::metrics(self.aside(move || metrics()).await?)
            }
            AdminRoute::Connectors => {
                let (connectors, calls) = (self.connectors.clone(), self.calls.clone());
                let list = move || connector_list::json(&connectors, &calls);
                answer::json(StatusCode::OK, self.aside(list).await?)
            }
            AdminRoute::Reload => self.reload().await?,
            AdminRoute::Log if parts.method == Method::PUT => self.set_level(body).await?,
            AdminRoute::Log => answer::line(self.log()?.level().name()),
        })
    }

    /// Makes a text on a thread for blocking work, when it is its turn: with a thousand connectors, it takes longer than a
    /// thread of the runtime should compute. It ends even if nobody waits for it any more, and until then takes its turn.
    async fn aside(
        &self,
        make: impl FnOnce() -> String + Send + 'static,
    ) -> Result<String, AdminRefusal> {
        let turn = self.turns.clone().acquire_owned().await;
        let make = move || {
            let _turn = turn;
            make()
        };
        let text = spawn_blocking(make).await;
        text.map_err(|_| AdminRefusal::Interrupted)
    }

    /// Checks the key, or without one that no web page has made a browser send the request. A wrong key is counted.
    fn check(&self, parts: &Parts, origin: AdminOrigin) -> Result<(), AccessFault> {
        let (headers, keys) = (&parts.headers, self.keys.get());
        match KeyCheck::of(&keys, headers) {
            KeyCheck::Permitted => {}
            KeyCheck::Missing => return Err(AccessFault::Key),
            KeyCheck::Wrong => {
                let counted = self.wrong_keys.count(origin.address());
                counted.map_err(AccessFault::Attempts)?;
                return Err(AccessFault::Key);
            }
        }
        if !keys.is_empty() || origin == AdminOrigin::Socket {
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

    /// Reads the settings again, as SIGHUP does, and then looks at the plugins folder under the new ones.
    async fn reload(&self) -> Result<AdminAnswer, AdminRefusal> {
        let settings = match &self.settings {
            Some(settings) => Some(settings.reread().await),
            None => None,
        };
        let folder = self.reload.reload().await?;
        tracing::info!(
            changes = folder.changes.len(),
            "looked at the plugins folder, as the admin listener was asked"
        );
        let summary = ReloadAnswer { folder, settings };
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

/// Writes the line of a refused request. A client that has sent too many wrong keys has one for each burst, since it decides
/// how many lines there are.
fn log(parts: &Parts, origin: AdminOrigin, refusal: &AdminRefusal) {
    let kind = refusal.kind();
    let (status, kind) = (kind.status(), kind.as_str());
    let (method, client) = (&parts.method, origin.address());
    let client = client.map(tracing::field::display);
    let path = report::escaped(&report::shortened(parts.uri.path(), 100));
    match refusal {
        AdminRefusal::TooManyAttempts(TooManyAttempts { mention, .. }) => {
            let Some(others) = mention else { return };
            let unmentioned_clients = (*others > 0).then_some(*others);
            tracing::warn!(
                status,
                kind,
                client,
                unmentioned_clients,
                "the admin listener refused a request: {refusal}"
            );
        }
        _ => tracing::info!(
            status,
            kind,
            client,
            %method,
            path,
            "the admin listener refused a request: {refusal}"
        ),
    }
}

/// Why somebody is not the operator.
#[derive(Debug, Clone, Copy)]
enum AccessFault {
    Key,
    Attempts(TooManyAttempts),
    Host,
    Origin,
}

impl AccessFault {
    fn refusal(self) -> AdminRefusal {
        match self {
            Self::Key => AdminRefusal::Unauthorized,
            Self::Attempts(attempts) => AdminRefusal::TooManyAttempts(attempts),
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
