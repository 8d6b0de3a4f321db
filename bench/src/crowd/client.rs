//! A crowd of clients in its own process. Each client has its own connection and requests its own page.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use crate::jobs::KEY;
use crate::load::percentile;
use crate::lone::PATIENCE;

/// How many connections are opened at a time; more than a listener's backlog would be refused.
const OPENED_AT_ONCE: usize = 64;

/// The server, the table and the clients.
#[derive(Debug, Clone, Args)]
pub(crate) struct Crowd {
    /// The server's address
    #[arg(long)]
    pub(crate) address: SocketAddr,
    /// The connector
    #[arg(long)]
    pub(crate) connector: String,
    /// The table
    #[arg(long)]
    pub(crate) table: String,
    /// How many clients
    #[arg(long)]
    pub(crate) clients: u32,
    /// How long they repeat their requests; without it, each sends one, and all wait until this process is ended
    #[arg(long)]
    pub(crate) measure_ms: Option<u64>,
    /// How long a refused client pauses
    #[arg(long, default_value_t = 50)]
    pub(crate) pause_ms: u64,
}

/// The answers that the crowd received.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(crate) struct Answers {
    /// Pages.
    pub(crate) admitted: usize,
    /// The median time from a request to the last byte of its answer; likewise for the fields below. 0 if there was
    /// none.
    pub(crate) admitted_p50_ms: f64,
    pub(crate) admitted_p99_ms: f64,
    /// Answers with status 503.
    pub(crate) refused: usize,
    pub(crate) refused_p50_ms: f64,
    pub(crate) refused_p99_ms: f64,
    pub(crate) refused_longest_ms: f64,
}

/// Sends requests. With a time it prints [`Answers`] at the end; without, it prints `http://ADDRESS` once all
/// requests are sent.
/// # Errors
///
/// Any answer that is neither a page nor a refusal.
pub(crate) fn run(crowd: &Crowd) -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match crowd.measure_ms {
            Some(time) => insist(crowd, Duration::from_millis(time)).await,
            None => wait(crowd).await,
        }
    })
}

/// Once all are connected, they send requests again and again.
async fn insist(crowd: &Crowd, measure: Duration) -> anyhow::Result<()> {
    let pause = Duration::from_millis(crowd.pause_ms);
    let barrier = Arc::new(Barrier::new(usize::try_from(crowd.clients)?));
    let opening = Arc::new(Semaphore::new(OPENED_AT_ONCE));
    let mut clients = JoinSet::new();
    for number in 0..crowd.clients {
        let (crowd, barrier, opening) = (crowd.clone(), barrier.clone(), opening.clone());
        clients.spawn(async move {
            let permit = opening.acquire().await?;
            let mut client = Client::open(&crowd).await?;
            drop(permit);
            barrier.wait().await;
            let end = Instant::now() + measure;
            let (mut admitted, mut refused) = (Vec::new(), Vec::new());
            let mut page = 0;
            while Instant::now() < end {
                page += 1;
                let began = Instant::now();
                match client.ask(number, page).await? {
                    StatusCode::OK => admitted.push(began.elapsed()),
                    StatusCode::SERVICE_UNAVAILABLE => {
                        refused.push(began.elapsed());
                        tokio::time::sleep(pause).await;
                    }
                    status => bail!("answered {status}"),
                }
            }
            anyhow::Ok((admitted, refused))
        });
    }
    let (mut admitted, mut refused) = (Vec::new(), Vec::new());
    while let Some(client) = clients.join_next().await {
        let (pages, refusals) = client??;
        admitted.extend(pages);
        refused.extend(refusals);
    }
    println!(
        "{}",
        serde_json::to_string(&Answers::of(admitted, refused))?
    );
    Ok(())
}

impl Answers {
    fn of(mut admitted: Vec<Duration>, mut refused: Vec<Duration>) -> Self {
        admitted.sort_unstable();
        refused.sort_unstable();
        let milliseconds = |times: &[Duration], percent| {
            percentile(times, percent).map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        Self {
            admitted: admitted.len(),
            admitted_p50_ms: milliseconds(&admitted, 50),
            admitted_p99_ms: milliseconds(&admitted, 99),
            refused: refused.len(),
            refused_p50_ms: milliseconds(&refused, 50),
            refused_p99_ms: milliseconds(&refused, 99),
            refused_longest_ms: milliseconds(&refused, 100),
        }
    }
}

/// All send one request, and nobody expects an answer.
async fn wait(crowd: &Crowd) -> anyhow::Result<()> {
    let asked = Arc::new(AtomicUsize::new(0));
    let opening = Arc::new(Semaphore::new(OPENED_AT_ONCE));
    let mut clients = JoinSet::new();
    for number in 0..crowd.clients {
        let (crowd, asked, opening) = (crowd.clone(), asked.clone(), opening.clone());
        clients.spawn(async move {
            let permit = opening.acquire().await?;
            let mut client = Client::open(&crowd).await?;
            drop(permit);
            asked.fetch_add(1, Ordering::Relaxed);
            let status = client.ask(number, 0).await?;
            bail!("a page that sleeps for an hour was answered: {status}")
        });
    }
    let all = usize::try_from(crowd.clients)?;
    let gathered = async {
        while asked.load(Ordering::Relaxed) < all {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        gathered = tokio::time::timeout(PATIENCE, gathered) => gathered.context("the crowd does not gather")?,
        Some(client) = clients.join_next() => return client?,
    }
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "http://{} has a crowd of {all}", crowd.address)?;
    stdout.flush()?;
    drop(stdout);
    match clients.join_next().await {
        Some(client) => client?,
        None => Ok(()),
    }
}

struct Client {
    sender: SendRequest<Full<Bytes>>,
    crowd: Crowd,
}

impl Client {
    async fn open(crowd: &Crowd) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(crowd.address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        // Errors on the connection are also reported to the sender.
        tokio::spawn(async { driver.await.ok() });
        Ok(Self {
            sender,
            crowd: crowd.clone(),
        })
    }

    /// Requests a page that nobody else requests, and reads the answer to its end.
    async fn ask(&mut self, number: u32, page: u32) -> anyhow::Result<StatusCode> {
        let Crowd {
            address,
            connector,
            table,
            ..
        } = &self.crowd;
        let body = format!(r#"{{"name":"{table}","state":{{"client":{number},"page":{page}}}}}"#);
        let request = Request::post(format!("/{connector}"))
            .header(header::HOST, address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {KEY}"))
            .body(Full::from(body))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok(status)
    }
}
