//! The parts of a host that don't depend on how its requests arrive: everything but listeners.

use std::path::Path;
use std::sync::Arc;

use super::compile_manner::CompileManner;
use super::error::CliError;
use super::live::LiveBounds;
use super::proxies;
use crate::config::ServerConfig;
use crate::connectors::{
    AdmissionSettings, CompiledFiles, Connectors, HeapTrimmer, IdleReclaimer, LoadReport, Loader,
    Plugins,
};
use crate::egress::{HostMaps, Upstreams};
use crate::pages::{PageSettings, Pages};
use crate::sandbox::{Cache, Capacity, EngineSettings, Machine};
use crate::server::ServerSettings;
use crate::tokens::Store;
use crate::traces::{SpanSender, Tracer};

/// A host whose connectors have begun to load.
pub(super) struct PreparedHost {
    pub(super) reports: Vec<LoadReport>,
    pub(super) capacity: Capacity,
    pub(super) connectors: Arc<Connectors>,
    pub(super) pages: Pages,
    /// The server's settings, without a certificate.
    pub(super) settings: ServerSettings,
    pub(super) loader: Loader,
    pub(super) reclaimer: IdleReclaimer,
    pub(super) trimmer: HeapTrimmer,
    /// Sends traces to their collector; `None` if none are recorded.
    pub(super) traces: Option<SpanSender>,
    pub(super) bounds: Arc<LiveBounds>,
    pub(super) upstreams: Arc<Upstreams>,
}

impl PreparedHost {
    /// Starts the engine, and loads the connectors that don't take long.
    pub(super) async fn prepare(
        config: &ServerConfig,
        (tokens, maps): (Option<Store>, HostMaps),
        manner: CompileManner,
        page_settings: PageSettings,
    ) -> Result<Self, CliError> {
        let machine = Machine::look();
        let total_memory_bytes = config
            .total_memory_bytes
            .unwrap_or_else(|| machine.default_total_memory_bytes());
        let capacity = machine.capacity(config.slots, total_memory_bytes);
        if let Some(requested) = config.slots.filter(|slots| *slots > capacity.slots) {
            let (slots, bound) = (capacity.slots, capacity.bound);
            tracing::warn!(requested, slots, %bound, "--slots exceeds what this machine can hold, and was lowered");
        }
        let engine = engine_settings(config, capacity, total_memory_bytes);
        // What may not be compiled has no use for a cache.
        let cache = match config.may_compile {
            true => cache(config.cache.as_deref(), config.cache_bytes),
            false => None,
        };
        let is_own = manner.has_user();
        let mut runtime = manner.runtime(engine, config.compiling, cache)?;
        if is_own {
            runtime = runtime.telling_last_words();
        }
        let runtime = Arc::new(runtime);
        proxies::report(config);
        let bounds = Arc::new(LiveBounds::new(config));
        let mut upstreams = Upstreams::default()
            .with_maps(maps)
            .with_proxies(config.proxies.clone())
            .with_policy(bounds.policy());
        if let Some(tokens) = tokens {
            upstreams = upstreams.with_tokens(tokens);
        }
        let upstreams = Arc::new(upstreams);
        let plugins = Plugins::new(
            runtime,
            upstreams.clone(),
            config.plugins.clone(),
            config.effective_ceilings(),
        )
        .with_bounds(bounds.subscribe())
        .with_compiled_files(compiled_files(config));
        let plugins = if is_own {
            plugins.with_shown_paths()
        } else {
            plugins
        };
        let admission = admission_settings(config, capacity);
        let startup = plugins
            .load(config.default_connector.clone(), admission)
            .await?;
        let (tracer, traces) = match &config.traces {
            Some(traces) => Some(Tracer::new(traces, &config.proxies)?).unzip(),
            None => (None, None),
        };
        Ok(Self {
            reports: startup.reports,
            capacity,
            pages: Pages::new(startup.connectors.clone(), page_settings),
            connectors: startup.connectors,
            settings: ServerSettings {
                tracer,
                ..ServerSettings::new(config, machine.max_connections())
            },
            loader: startup.loader,
            reclaimer: startup.reclaimer,
            trimmer: startup.trimmer,
            traces,
            bounds,
            upstreams,
        })
    }
}

fn engine_settings(
    config: &ServerConfig,
    capacity: Capacity,
    total_memory_bytes: u64,
) -> EngineSettings {
    EngineSettings {
        slots: capacity.slots,
        max_memory_bytes: config.ceilings.memory_bytes,
        total_memory_bytes,
        keep_memory_bytes: config.keep_memory_bytes,
    }
}

/// The compiled files that the host uses; `None` if it uses none.
fn compiled_files(config: &ServerConfig) -> Option<CompiledFiles> {
    let is_used = config.compiled.is_some() || !config.may_compile;
    is_used.then(|| CompiledFiles {
        folder: config.compiled.clone(),
        are_required: !config.may_compile,
    })
}

fn admission_settings(config: &ServerConfig, capacity: Capacity) -> AdmissionSettings {
    AdmissionSettings {
        slots: capacity.slots,
        queue: config.queue,
        queue_wait: config.queue_wait,
        max_concurrency: config.ceilings.concurrency,
    }
}

/// The cache. One that can't be used costs time at every start, but doesn't prevent serving.
pub(super) fn cache(folder: Option<&Path>, limit_bytes: u64) -> Option<Cache> {
    let Some(folder) = folder else {
        tracing::warn!(
            "there is no cache folder, so every start compiles all connectors; set one with --cache"
        );
        return None;
    };
    match Cache::new(folder.to_owned(), limit_bytes) {
        Ok(cache) => Some(cache),
        Err(error) => {
            let cause = crate::report::chain(&error);
            tracing::warn!(folder = %folder.display(), cause, "the cache folder can't be used, so every start compiles all connectors");
            None
        }
    }
}
