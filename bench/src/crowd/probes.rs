//! How fast the host answers probes while it is busy, beside a bare handler that does nothing else.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};

use super::overload::OVERLOAD;
use super::{ROWS_CONNECTOR, asleep, gather};
use crate::child::Process;
use crate::load::percentile_ms;
use crate::lone::{LoneHost, PATIENCE, Plugin, Site};
use crate::table::{digits, ratio};

/// The pause between two probes of one server.
const PAUSE: Duration = Duration::from_millis(2);

/// The servers to probe.
#[derive(Debug, Clone, Args)]
pub(crate) struct Probes {
    /// The host's address
    #[arg(long)]
    pub(crate) host: SocketAddr,
    /// The bare handler's address
    #[arg(long)]
    pub(crate) bare: SocketAddr,
    /// How long to probe both
    #[arg(long)]
    pub(crate) measure_ms: u64,
}

/// The times of one server's answers, each from the start of connecting to the last byte.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
struct Times {
    probes: usize,
    p50_ms: f64,
    p99_ms: f64,
}

/// Serves `ok` to every request, with hyper alone.
///
/// # Errors
///
/// An error of the system.
pub(crate) async fn serve_bare(listener: TcpListener) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = service_fn(|_: Request<Incoming>| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"ok\n"))))
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
        tokio::spawn(async {
            // The prober notices errors.
            connection.await.ok();
        });
    }
}

/// Probes both servers in turn, each time over a new connection, as load balancers and kubelets do. Prints [`Times`]
/// of the host and of the bare handler.
///
/// # Errors
///
/// Any answer other than 200.
pub(crate) fn run_prober(probes: &Probes) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let end = Instant::now() + Duration::from_millis(probes.measure_ms);
        let (mut host, mut bare) = (Vec::new(), Vec::new());
        while Instant::now() < end || host.is_empty() {
            host.push(probe(probes.host).await.context("the host")?);
            tokio::time::sleep(PAUSE).await;
            bare.push(probe(probes.bare).await.context("the bare handler")?);
            tokio::time::sleep(PAUSE).await;
        }
        let times = [Times::of(host), Times::of(bare)];
        println!("{}", serde_json::to_string(&times)?);
        Ok(())
    })
}

async fn probe(address: SocketAddr) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let stream = TcpStream::connect(address).await?;
    let (mut sender, driver) = handshake(TokioIo::new(stream)).await?;
    // Errors on the connection are also reported to the sender.
    tokio::spawn(async { driver.await.ok() });
    let request = Request::get("/healthz")
        .header(header::HOST, address.to_string())
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    response.into_body().collect().await?;
    if status != StatusCode::OK {
        bail!("answered {status}");
    }
    Ok(began.elapsed())
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self {
            probes: times.len(),
            p50_ms: percentile_ms(&times, 50),
            p99_ms: percentile_ms(&times, 99),
        }
    }
}

/// Measures probes of an idle host, of one with ten times as many clients as slots, and of one where pages sleep, each
/// for `time`. Returns a table in Markdown.
///
/// # Errors
///
/// A probe is not answered with 200, or the clients get another answer than they should.
pub(crate) fn measure(slots: u32, sleepers: u32, time: Duration) -> anyhow::Result<String> {
    let sleepers = sleepers.min(asleep::most_connections()?);
    let folder = Site::set(&[])?;
    let bare = Bare::start(&folder)?;
    let mut text = format!(
        "`probes`: `GET /healthz` of the host and of a bare hyper handler in turn, each over a new connection, for \
         {time:?}\n\n\
         | the host | probes | p50 ms | p99 ms | bare p50 ms | bare p99 ms | p50 ÷ bare | p99 ÷ bare |\n\
         |---|---|---|---|---|---|---|---|",
    );
    let mut row = |name: &str, [host, bare]: [Times; 2]| {
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "\n| {name} | {} | {} | {} | {} | {} | {} | {} |",
            host.probes,
            digits(host.p50_ms),
            digits(host.p99_ms),
            digits(bare.p50_ms),
            digits(bare.p99_ms),
            ratio(host.p50_ms, bare.p50_ms),
            ratio(host.p99_ms, bare.p99_ms),
        );
    };
    {
        let site = Site::set(&[rows(slots)])?;
        let host = site.start(&[format!("--slots={slots}"), "--queue=0".to_owned()])?;
        row("idle", probes(&host, &bare, &site, time)?);
        let clients = slots.saturating_mul(OVERLOAD);
        let more = [format!("--measure-ms={}", (time * 2).as_millis())];
        let mut crowd = gather(&host, site.path(), ("rows", "1000"), clients, &more)?;
        let times = probes(&host, &bare, &site, time)?;
        ensure!(
            crowd.ended()?.is_none(),
            "the crowd left before the probes ended"
        );
        row(
            &format!("{clients} clients for {slots} slots, pages of 1000 rows"),
            times,
        );
    }
    let site = Site::set(&[asleep::sleeper(sleepers)])?;
    let (host, sleepers) = asleep::start(&site, sleepers)?;
    let mut crowd = asleep::put_to_sleep(&host, &site, sleepers)?;
    let times = probes(&host, &bare, &site, time)?;
    ensure!(crowd.ended()?.is_none(), "the crowd did not stay");
    row(&format!("{sleepers} pages asleep"), times);
    Ok(text)
}

/// The bare handler, in its own process.
struct Bare {
    address: SocketAddr,
    /// Ends it when dropped.
    _process: Process,
}

impl Bare {
    fn start(site: &Site) -> anyhow::Result<Self> {
        let mut process = Process::start("the bare handler", ["bare"], &[], site.path())?;
        Ok(Self {
            address: process.announced_address(PATIENCE)?,
            _process: process,
        })
    }
}

fn probes(host: &LoneHost, bare: &Bare, site: &Site, time: Duration) -> anyhow::Result<[Times; 2]> {
    let words = [
        "probes".to_owned(),
        format!("--host={}", host.address),
        format!("--bare={}", bare.address),
        format!("--measure-ms={}", time.as_millis()),
    ];
    let prober = Process::start("the prober", words, &[], site.path())?;
    let output = prober.output(time + PATIENCE)?;
    serde_json::from_str(&output).context("the prober's report")
}

fn rows(slots: u32) -> Plugin {
    Plugin {
        name: "rows".to_owned(),
        component: ROWS_CONNECTOR,
        configuration: format!("[limits]\nconcurrency = {slots}\n"),
    }
}
