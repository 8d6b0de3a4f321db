//! Starts a host from its configuration, in the same way for every command.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::logging::LogHandle;
use super::prepared_host::PreparedHost;
use crate::admin::{AdminKeys, AdminParts, AdminServer, MetricsText, SettingsControl};
use crate::certificates::{CertificateFiles, ServedCertificate};
use crate::config::{AdminAddress, ServerConfig};
use crate::connectors::{Connectors, HeapTrimmer, IdleReclaimer, LoadReport, Loader};
use crate::egress::{HostMaps, Upstreams};
use crate::pages::{PageSettings, Pages};
use crate::sandbox::{Capacity, CompileObserver};
use crate::server::{Server, ServerSettings, Shutdown};
use crate::telemetry::Exporter;
use crate::tokens::Store;
use crate::traces::SpanSender;

use super::compile_manner::CompileManner;
use super::error::CliError;
use super::live::{KeyFiles, LiveBounds, LiveHost};

/// A host that has bound its port and loaded its connectors. It answers once [`Host::run`] is called.
pub(super) struct Host {
    pub(super) server: Server,
    pub(super) reports: Vec<LoadReport>,
    pub(super) capacity: Capacity,
    connectors: Arc<Connectors>,
    pages: Pages,
    settings: ServerSettings,
    /// The loader, with how often it checks for changes that the system doesn't report; `None` if it never does.
    loader: (Loader, Option<Duration>),
    /// The reclaimer, with how long a connector keeps its code without a call; `None` for ever.
    reclaimer: (IdleReclaimer, watch::Sender<Option<Duration>>),
    trimmer: HeapTrimmer,
    admin: Option<AdminServer>,
    admin_keys: AdminKeys,
    /// Metrics are kept if the admin listener can show them.
    exporter: Option<Exporter>,
    /// Sends traces to their collector; `None` if none are recorded.
    traces: Option<SpanSender>,
    /// The log, if the admin listener may change its level.
    pub(super) log: Option<Arc<LogHandle>>,
    /// Reads the settings again, if they can change.
    pub(super) settings_control: Option<Arc<dyn SettingsControl>>,
    bounds: Arc<LiveBounds>,
    upstreams: Arc<Upstreams>,
    /// Looked at as often as the loader checks.
    key_files: KeyFiles,
}

impl Host {
    /// Binds the port, unless a socket was `passed` to this process, then loads the connectors: a port that is in use
    /// is reported before anything is compiled.
    pub(super) async fn start(
        config: ServerConfig,
        tokens: Option<Store>,
        passed: Option<TcpListener>,
    ) -> Result<Self, CliError> {
        let manner = CompileManner::background();
        Self::start_compiling(config, tokens, HostMaps::default(), passed, manner).await
    }

    async fn start_compiling(
        config: ServerConfig,
        tokens: Option<Store>,
        maps: HostMaps,
        passed: Option<TcpListener>,
        manner: CompileManner,
    ) -> Result<Self, CliError> {
        config.check()?;
        let certificate = certificate(&config)?;
        let server = match passed {
            Some(listener) => Server::of(listener),
            None => Server::bind(config.listen).await,
        };
        let server = server.map_err(|source| CliError::Listen {
            address: config.listen,
            setting: "--listen",
            source,
        })?;
        let admin = match &config.admin {
            Some(address) => Some(AdminServer::bind(address).await?),
            None => None,
        };
        // Before anything reports.
        let exporter = match &admin {
            Some(_) => Some(Exporter::install()?),
            None => None,
        };
        let prepared =
            PreparedHost::prepare(&config, (tokens, maps), manner, PageSettings::from(&config))
                .await?;
        if let Some(certificate) = certificate.clone() {
            let readiness = prepared.connectors.readiness();
            readiness.show_expiry(move || certificate.expires());
        }
        let settings = prepared.settings;
        let admin_keys = AdminKeys::new(&config.admin_keys);
        let key_files = KeyFiles::new(&config, settings.live.clone(), admin_keys.clone());
        Ok(Self {
            server,
            reports: prepared.reports,
            capacity: prepared.capacity,
            pages: prepared.pages,
            connectors: prepared.connectors,
            loader: (prepared.loader, config.reload),
            reclaimer: (prepared.reclaimer, watch::Sender::new(config.unmap_after)),
            trimmer: prepared.trimmer,
            upstreams: prepared.upstreams,
            settings: ServerSettings {
                certificate,
                ..settings
            },
            key_files,
            admin,
            admin_keys,
            exporter,
            traces: prepared.traces,
            log: None,
            settings_control: None,
            bounds: prepared.bounds,
        })
    }

    /// Like [`start`](Self::start), but loads every connector first: someone waits for that, so the compiler has the
    /// priority of any program, and `observer` learns of each component that it compiles. This process is the only client,
    /// and a connector that crashes is its user's: errors have its last words.
    pub(super) async fn start_loaded(
        config: ServerConfig,
        tokens: Option<Store>,
        maps: HostMaps,
        observer: CompileObserver,
    ) -> Result<Self, CliError> {
        let manner = CompileManner::foreground(observer);
        let mut host = Self::start_compiling(config, tokens, maps, None, manner).await?;
        let (loader, _) = &mut host.loader;
        loader.finish(|report| host.reports.push(report)).await;
        Ok(host)
    }

    /// The beginning of the server's URLs.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.server.local_addr())
    }

    /// The address of the admin listener, if there is one.
    pub(super) fn admin_address(&self) -> Option<AdminAddress> {
        self.admin.as_ref().map(AdminServer::address)
    }

    /// The parts whose settings can change.
    pub(super) fn live(&self) -> LiveHost {
        LiveHost {
            bounds: self.bounds.clone(),
            connectors: self.connectors.clone(),
            server: self.settings.live.clone(),
            admin_keys: self.admin_keys.clone(),
            key_files: self.key_files.clone(),
            unmap_after: self.reclaimer.1.clone(),
        }
    }

    /// How many connectors are still loading. Most of them are being compiled.
    pub(super) fn unfinished(&self) -> usize {
        self.loader.0.unfinished()
    }

    /// The scheme of the server's URLs.
    pub(super) fn scheme(&self) -> &'static str {
        match self.settings.certificate {
            Some(_) => "https",
            None => "http",
        }
    }

    /// Why the first connector that failed to load did so, with all causes.
    pub(super) fn failure(&self) -> Option<String> {
        let error = self
            .reports
            .iter()
            .find_map(|report| report.outcome.as_ref().err())?;
        Some(crate::report::chain(error))
    }

    /// Serves until `shutdown` is ready and the running requests have ended, and with them the requests for tokens.
    /// Calls `on_loaded` for each connector that was still loading.
    pub(super) async fn run(
        self,
        shutdown: impl Future<Output = Shutdown>,
        on_loaded: impl FnMut(LoadReport),
    ) {
        // They have been printed. The reports of a thousand broken configurations take some megabytes.
        drop(self.reports);
        let (loader, interval) = self.loader;
        // A task of its own, which the work of this one can't delay.
        let mut admin = JoinSet::new();
        if let Some(server) = self.admin {
            admin.spawn(
                server.run(AdminParts {
                    connectors: self.connectors.clone(),
                    calls: self.pages.monitor(),
                    reload: loader.handle(),
                    log: self.log.map(|log| log as _),
                    settings: self.settings_control,
                    metrics: self
                        .exporter
                        .map(|exporter| metrics_text(exporter, &self.pages)),
                    keys: self.admin_keys,
                }),
            );
        }
        let mut sending = JoinSet::new();
        let traces = self.traces.map(|traces| {
            let end = traces.end();
            sending.spawn(traces.run());
            end
        });
        let loading = loader.run(interval, on_loaded);
        let (reclaimer, unmap_after) = self.reclaimer;
        let reclaiming = reclaimer.run(unmap_after.subscribe());
        let certificate = self.settings.certificate.clone();
        let renewing = async {
            match certificate {
                Some(certificate) => certificate.follow().await,
                None => std::future::pending().await,
            }
        };
        let following = async {
            match interval {
                Some(interval) => self.key_files.follow(interval).await,
                None => std::future::pending().await,
            }
        };
        let serving = async {
            let server = self.server;
            let until = server
                .run(self.connectors, self.pages, self.settings, shutdown)
                .await;
            let ended = self.upstreams.token_requests_ended();
            if tokio::time::timeout_at(until, ended).await.is_err() {
                tracing::warn!("cut off a request for a token, whose answer is lost");
            }
            if let Some(traces) = traces {
                traces.flush(sending.join_next(), until).await;
            }
        };
        tokio::select! {
            () = serving => {}
            () = reclaiming => {}
            () = renewing => {}
            () = following => {}
            () = self.trimmer.run() => {}
            () = loading => {}
        }
        // Removes the socket.
        admin.shutdown().await;
    }
}

/// Writes the metrics of a host with these pages.
fn metrics_text(exporter: Exporter, pages: &Pages) -> MetricsText {
    let gauges = pages.gauges();
    Arc::new(move || exporter.render(|name| gauges.has_connector(name), || gauges.observe()))
}

/// The server's certificate, with its key; `None` if it has none.
fn certificate(config: &ServerConfig) -> Result<Option<Arc<ServedCertificate>>, CliError> {
    match (&config.tls_cert, &config.tls_key) {
        (Some(certificate), Some(key)) => Ok(Some(ServedCertificate::read(CertificateFiles {
            certificate: certificate.clone(),
            key: key.clone(),
        })?)),
        _ => Ok(None),
    }
}

/// Waits until the other end of `stopped` is dropped, which asks a server to stop at once.
pub(super) async fn shutdown_requested(stopped: oneshot::Receiver<()>) -> Shutdown {
    stop_requested(stopped).await;
    Shutdown::at_once()
}

/// Waits until the other end of `stopped` is dropped, which asks to stop.
pub(super) async fn stop_requested(stopped: oneshot::Receiver<()>) {
    // Nothing is ever sent: the wait ends with an error when the sender is dropped.
    let _ = stopped.await;
}
