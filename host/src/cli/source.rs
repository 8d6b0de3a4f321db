//! The source of a sync: a running connector, or a component that this process serves for the sync.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::cli::connector::{ConnectorArgument, build_folder};
use crate::cli::error::CliError;
use crate::cli::folder_build::FolderFlags;
use crate::cli::folders::CacheFlag;
use crate::cli::host::{Host, shutdown_requested};
use crate::cli::progress::ProgressLines;
use crate::cli::proxies;
use crate::cli::server_flags::CeilingFlags;
use crate::cli::tokens::TokenFlags;
use crate::cli::unknown_connector::UnknownConnector;
use crate::config::{ConnectorConfig, Secret, ServerConfig, SystemFiles};
use crate::egress::HostMaps;
use crate::report;
use crate::sync::ConnectorVariables;

/// How many calls a served connector can have at the same time: one for the current page, and others that nobody waits for
/// any longer. A host for a single client needs few, and reserves address space for each.
const SLOTS: u32 = 16;

/// How long calls may continue when the command ends: nobody can read their pages.
const GRACE: Duration = Duration::from_secs(1);

/// A connector that answers at a URL.
pub(super) struct SyncSource {
    pub(super) url: String,
    pub(super) key: Option<Secret>,
    /// The connector's name, after which the default destination is named.
    pub(super) name: String,
    /// The path of the component, if this process serves it.
    pub(super) component: Option<String>,
    /// Its variables, if this process serves it.
    pub(super) variables: Option<ConnectorVariables>,
    /// The host that serves a component, in this process.
    host: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl SyncSource {
    /// Opens a connector. A component is served on its own port with a random key; a folder is built first.
    pub(super) async fn open(
        connector: &ConnectorArgument,
        folder: &FolderFlags,
        key: Option<Secret>,
        maps: HostMaps,
        ceilings: &CeilingFlags,
        progress: &ProgressLines,
    ) -> Result<Self, CliError> {
        match connector {
            ConnectorArgument::Url(url) => Ok(Self::running(url, key)),
            ConnectorArgument::Component(component) => {
                Self::serve(component, maps, ceilings, progress).await
            }
            ConnectorArgument::Folder(sources) => {
                let component = build_folder(sources, folder, progress.is_hidden()).await?;
                Self::serve(&component, maps, ceilings, progress).await
            }
        }
    }

    /// A connector that another process serves. Its name is the last segment of the URL.
    fn running(url: &str, key: Option<Secret>) -> Self {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let segment = path.rsplit('/').find(|segment| !segment.is_empty());
        Self {
            url: url.to_owned(),
            key,
            name: segment.unwrap_or_default().to_owned(),
            component: None,
            variables: None,
            host: None,
        }
    }

    /// Serves a component; `maps` redirect its requests, and `ceilings` bound its limits. `progress` says if it has to be
    /// compiled first.
    pub(super) async fn serve(
        component: &Path,
        maps: HostMaps,
        ceilings: &CeilingFlags,
        progress: &ProgressLines,
    ) -> Result<Self, CliError> {
        if !component.is_file() {
            let folder = component.parent().unwrap_or(Path::new("."));
            let unknown = UnknownConnector::new(component.to_owned(), folder);
            return Err(CliError::NoConnector(unknown));
        }
        let key = Secret::new(random_key()?);
        let config = ServerConfig {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            plugins: component.to_owned(),
            cache: CacheFlag::of_environment().folder(),
            api_keys: vec![key.clone()],
            slots: Some(SLOTS),
            grace: GRACE,
            proxies: proxies::of_environment()?,
            ..*ceilings.config.clone()
        };
        config.check()?;
        let ceilings = config.effective_ceilings();
        let tokens = TokenFlags::of_environment().store()?;
        let observer = progress.compiling(component);
        let host = Host::start_loaded(config, tokens, maps, observer).await?;
        if let Some(reason) = host.failure() {
            return Err(CliError::NotLoaded {
                path: component.to_owned(),
                reason,
            });
        }
        let variables =
            ConnectorConfig::read(&component.with_extension("toml"), &ceilings, &SystemFiles);
        let url = format!("http://{}", host.server.local_addr());
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(host.run(shutdown_requested(stopped), drop));
        let name = component.file_stem().unwrap_or_default();
        Ok(Self {
            url,
            key: Some(key),
            name: name.to_string_lossy().into_owned(),
            component: Some(component.display().to_string()),
            variables: variables.ok().map(|config| {
                let secrets = config.secret_env;
                let variables = config.env.into_iter();
                ConnectorVariables::new(variables.map(|(name, value)| {
                    let value = Some(value).filter(|_| !secrets.contains(&name));
                    (name, value)
                }))
            }),
            host: Some((stop, serving)),
        })
    }

    /// Stops the host, if there is one.
    pub(super) async fn close(self) {
        if let Some((stop, serving)) = self.host {
            drop(stop);
            // Anything still running ends with the process.
            let _ = serving.await;
        }
    }
}

fn random_key() -> Result<String, CliError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| CliError::Randomness(error.into()))?;
    Ok(report::hexadecimal(&bytes))
}
