//! `weld-host demo`: a complete sync on the user's machine, from an API to the last row.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::value::RawValue;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::PROGRAM;
use super::api_keys::environment_key;
use super::error::CliError;
use super::folders::CacheFlag;
use super::host::{Host, shutdown_requested, stop_requested};
use super::output::say;
use super::progress::ProgressLines;
use super::signals::Signals;
use super::sync::{CallNotices, Report, has_terminal, summary_lines, sync_to};
use crate::config::{
    Secret, ServerConfig, headings, parse_address, parse_duration, parse_whole_number,
};
use crate::demo::{DemoApi, DemoConfig, EXAMPLE_CONNECTOR};
use crate::egress::HostMaps;
use crate::lock::Mutex;
use crate::sync::{ConnectorClient, Observer, Sqlite, SyncOptions};

/// The key if `WELD_API_KEY` is not set.
const DEMO_KEY: &str = "demo-key";

/// The token of the demo API. Only the connector's configuration contains it.
const DEMO_TOKEN: &str = "demo-api-token";

/// The database for the demo's rows.
const DATABASE: &str = "demo.sqlite";

/// The API's quota, the same as in Weld's guide.
const QUOTA_PER_HOUR: u32 = 3_600;

/// The example connector's file.
const COMPONENT: &str = "beers.wasm";

/// How many rows of each table are shown, and how many characters of each row.
const SHOWN_ROWS: usize = 2;
const SHOWN_CHARACTERS: usize = 100;

#[derive(Debug, Args)]
pub(super) struct DemoFlags {
    /// Exit after the sync instead of serving
    #[arg(long)]
    once: bool,
    /// Multiply the number of rows
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = |text: &str| parse_whole_number(text, 1..=10_000_u32))]
    scale: u32,
    /// The connector's pause between two pages
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = parse_duration)]
    pause: Duration,
    /// The address to listen on; one beyond loopback needs WELD_API_KEY
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = parse_address, help_heading = headings::NETWORK)]
    listen: SocketAddr,
    /// The address of the demo API, which `weld-host new` puts into a connector as 127.0.0.1:9090
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = parse_address, help_heading = headings::NETWORK)]
    api_listen: SocketAddr,
    #[command(flatten)]
    cache: CacheFlag,
}

/// Starts the API and the host, syncs every table, then serves until a signal comes.
pub(super) async fn run(flags: DemoFlags) -> Result<(), CliError> {
    let mut signals = Signals::catch()?;
    let key = environment_key()?;
    let mut config = ServerConfig {
        listen: flags.listen,
        cache: flags.cache.folder(),
        api_keys: key.iter().cloned().collect(),
        ..ServerConfig::unattended()
    };
    // Everyone knows the demo's own key, so the address is checked as if there were no key.
    config.check()?;
    let key = key.unwrap_or_else(|| Secret::new(DEMO_KEY));
    config.api_keys = vec![key.clone()];
    let (stop_api, api_stopped) = oneshot::channel();
    let api = start_api(flags.api_listen, flags.scale, api_stopped).await?;
    let plugins = write_plugins(api, flags.pause).map_err(CliError::DemoSetUp)?;
    config.plugins = plugins.path().to_owned();
    let observer = ProgressLines::shown().compiling(Path::new(COMPONENT));
    let host = tokio::select! {
        host = Host::start_loaded(config, None, HostMaps::default(), observer) => host?,
        () = signals.next() => return Err(CliError::DemoStopped),
    };
    let url = example_url(&host)?;
    say(&format!(
        "The demo API is at http://{api} (token {DEMO_TOKEN}), the connector at {url}"
    ));

    let (stop, stopped) = oneshot::channel::<()>();
    let serving = host.run(shutdown_requested(stopped), drop);
    let (stop_sync, sync_stopped) = oneshot::channel::<()>();
    let syncing = async {
        let client = ConnectorClient::new(&url, Some(&key))?;
        sync_all(&client, stop_requested(sync_stopped)).await?;
        print_next_steps(&url, &key, flags.once);
        Ok::<(), CliError>(())
    };
    tokio::pin!(serving, syncing);
    tokio::select! {
        () = &mut serving => return Ok(()),
        () = signals.next() => {
            drop(stop_sync);
            // A page in progress is written, and then the database's log into its file.
            tokio::select! {
                _ = syncing => {}
                () = signals.next() => {}
            }
            return Err(CliError::DemoStopped);
        }
        synced = &mut syncing => synced?,
    }
    if !flags.once {
        tokio::select! {
            () = &mut serving => return Ok(()),
            () = signals.next() => {}
        }
    }
    drop(stop);
    tokio::select! {
        () = serving => {}
        () = signals.next() => tracing::warn!("a second signal stopped the demo at once"),
    }
    // The API stops last, since running calls still need it.
    drop(stop_api);
    Ok(())
}

async fn start_api(
    address: SocketAddr,
    scale: u32,
    stopped: oneshot::Receiver<()>,
) -> Result<SocketAddr, CliError> {
    let config = DemoConfig {
        scale,
        token: DEMO_TOKEN.to_owned(),
        // More rows need more calls than the hourly quota permits.
        quota: if scale == 1 { QUOTA_PER_HOUR } else { 0 },
        window: Duration::from_secs(3_600),
    };
    let api = DemoApi::bind(address, config)
        .await
        .map_err(|source| CliError::Listen {
            address,
            setting: "--api-listen",
            source,
        })?;
    let address = api.local_addr();
    tokio::spawn(async move {
        if let Err(error) = api.run(stop_requested(stopped)).await {
            tracing::error!(%error, "the demo API stopped");
        }
    });
    Ok(address)
}

/// Makes a plugins folder as an operator would: the component and its configuration next to it.
fn write_plugins(api: SocketAddr, pause: Duration) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new()
        .prefix("weld-host-demo-")
        .tempdir()?;
    let at = |name: &str| -> std::path::PathBuf { Path::join(folder.path(), name) };
    fs::write(at(COMPONENT), EXAMPLE_CONNECTOR)?;
    fs::write(
        at("beers.toml"),
        format!(
            "[env]\n\
             API_BASE_URL = \"http://{api}\"\n\
             API_BEARER_TOKEN = \"{DEMO_TOKEN}\"\n\
             PAUSE_MS = \"{}\"\n\
             \n\
             [network]\n\
             allow = [\"http://{api}\"]\n",
            pause.as_millis()
        ),
    )?;
    Ok(folder)
}

fn example_url(host: &Host) -> Result<String, CliError> {
    match host.failure() {
        Some(reason) => Err(CliError::DemoConnector(reason)),
        None => Ok(format!("http://{}/beers", host.server.local_addr())),
    }
}

/// Syncs all tables from the start, since the demo API serves the same rows every time, and prints a summary and some
/// rows.
async fn sync_all(
    client: &ConnectorClient,
    stop: impl Future<Output = ()>,
) -> Result<(), CliError> {
    // The beginning of the first rows of each table.
    let shown: Arc<Mutex<BTreeMap<String, Vec<String>>>> = Arc::default();
    let samples = Arc::clone(&shown);
    let destination = Observer::new(
        Sqlite::open(Path::new(DATABASE))?,
        move |table: &str, rows: &[Box<RawValue>]| {
            samples.lock().entry(table.to_owned()).or_insert_with(|| {
                let first = rows.iter().take(SHOWN_ROWS);
                first.map(|row| excerpt(row)).collect()
            });
        },
    );
    let options = SyncOptions {
        full: true,
        ..SyncOptions::default()
    };
    let report = Report::choose(false, false, has_terminal());
    let summary = sync_to(
        client,
        Box::new(destination),
        &options,
        // The demo's log shows them.
        (report, CallNotices::default()),
        stop,
    )
    .await?;
    if summary.stopped {
        return Err(CliError::DemoStopped);
    }
    say("");
    for line in summary_lines(&summary) {
        say(&line);
    }
    for (table, rows) in &*shown.lock() {
        say("");
        say(&format!("{table}:"));
        for row in rows {
            say(&format!("  {row}"));
        }
    }
    Ok(())
}

fn excerpt(row: &RawValue) -> String {
    let row = row.get();
    match row.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", row.split_at(end).0),
        None => row.to_owned(),
    }
}

/// Quotes a text as an argument for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Prints what to do with the rows, with the connector while it is served, and then.
fn print_next_steps(url: &str, key: &Secret, once: bool) {
    say("");
    say(&format!("The rows are in {DATABASE}. A query to try:"));
    say(&format!(
        "  sqlite3 {DATABASE} {}",
        quoted("SELECT name, abv FROM beers ORDER BY abv DESC LIMIT 5")
    ));
    if !once {
        let header = quoted(&format!("Authorization: Bearer {}", key.expose()));
        say("");
        say("The connector as Weld would call it, on this machine until you stop the demo:");
        say(&format!("  curl -H {header} {url}/schema"));
        say(&format!(
            "  curl -H {header} {url}/ -d {}",
            quoted(r#"{"name": "beers", "state": {}}"#)
        ));
        say("Weld itself needs a public URL: docs/operating/public-url.md");
    }
    say("");
    say("Next, a connector of your own, which reads the demo API until you change it:");
    if !is_installed() {
        say("  cargo install --locked --path host             # in the clone: installs weld-host");
    }
    say("  weld-host new shop --lang python               # or rust, typescript, javascript, c");
    say("  weld-host build shop --install");
    say("  weld-host demo --api-listen 127.0.0.1:9090     # in another terminal: the API");
    say("  weld-host sync shop");
    if !once {
        say("");
        say("Serving; press Ctrl-C to stop.");
    }
}

/// Whether a shell would find the program by its name.
fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(PROGRAM).is_file())
}
