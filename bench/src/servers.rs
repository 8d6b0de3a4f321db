//! The serving modes of this program: the demo API, the host, the native handler. Each has its own process, prints
//! `http://ADDRESS` once it has a port, and serves until it is ended.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use axum::serve::ListenerExt;
use clap::Parser;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use weld_host::cli::Cli;
use weld_host::demo::{DemoApi, DemoConfig};

use crate::crowd;
use crate::jobs::TOKEN;
use crate::native;

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The demo API, without a quota and with `scale` times its 325 beers.
///
/// # Errors
///
/// An error of the system.
pub(crate) fn serve_api(scale: u32) -> anyhow::Result<()> {
    let config = DemoConfig {
        scale,
        token: TOKEN.to_owned(),
        quota: 0,
        window: Duration::ZERO,
    };
    Runtime::new()?.block_on(async {
        let api = DemoApi::bind(LOOPBACK, config).await?;
        announce(api.local_addr())?;
        api.run(std::future::pending()).await?;
        Ok(())
    })
}

/// `weld-host serve` with the connectors of `plugins`, exactly as an operator runs it, except that the log has no
/// line for each request, since neither of the other servers writes one. `flags` are further flags of the command.
///
/// # Errors
///
/// An error of the command.
pub(crate) fn serve_host(plugins: &Path, cache: &Path, flags: &[OsString]) -> anyhow::Result<()> {
    let mut words: Vec<OsString> = ["weld-host", "--log", "warn", "serve"]
        .map(Into::into)
        .to_vec();
    words.extend(["--listen".into(), LOOPBACK.to_string().into()]);
    words.extend(["--plugins".into(), plugins.into()]);
    words.extend(["--cache".into(), cache.into()]);
    words.extend_from_slice(flags);
    Ok(Cli::try_parse_from(words)?.run()?)
}

/// A handler that does nothing, with hyper alone.
///
/// # Errors
///
/// An error of the system.
pub(crate) fn serve_bare() -> anyhow::Result<()> {
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(LOOPBACK).await?;
        announce(listener.local_addr()?)?;
        crowd::serve_bare(listener).await
    })
}

/// A command of `weld-host`.
///
/// # Errors
///
/// An error of the command.
pub(crate) fn run_command(words: &[OsString]) -> anyhow::Result<()> {
    let program = OsString::from("weld-host");
    Ok(Cli::try_parse_from(std::iter::once(&program).chain(words))?.run()?)
}

/// The native handler, which fetches its beers from `api`.
///
/// # Errors
///
/// An error of the system.
pub(crate) fn serve_native(api: SocketAddr) -> anyhow::Result<()> {
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(LOOPBACK).await?;
        announce(listener.local_addr()?)?;
        let listener = listener.tap_io(|connection| {
            // As the host does. The answer is correct in any case.
            let _ = connection.set_nodelay(true);
        });
        axum::serve(listener, native::router(api)).await?;
        Ok(())
    })
}

fn announce(address: SocketAddr) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "http://{address}")?;
    stdout.flush()
}
