//! Clients that send a number of requests per second to the connector that is being replaced, and check every answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::version::Version;
use crate::jobs::KEY;
use crate::load::percentile;

/// Each client sends its share, one request at a time.
const CLIENTS: u32 = 8;

/// The answers that all clients received.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) pages: usize,
    /// Anything but a page.
    pub(crate) failed: usize,
    /// Pages made by a component and a configuration of two different versions.
    pub(crate) mixed: usize,
    pub(crate) took: Vec<Duration>,
    /// The first fault.
    pub(crate) fault: Option<String>,
}

/// Clients in their own thread.
pub(crate) struct Clients {
    over: Arc<AtomicBool>,
    thread: JoinHandle<anyhow::Result<Seen>>,
}

impl Clients {
    /// Sends `per_second` requests for pages of the table `connector`, until it is ended.
    pub(crate) fn start(address: SocketAddr, connector: &'static str, per_second: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let is_over = over.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(ask_all(address, connector, per_second, &is_over))
        });
        Self { over, thread }
    }

    /// Ends the clients, and returns the answers that they received.
    ///
    /// # Errors
    ///
    /// They could not send any request.
    pub(crate) fn end(self) -> anyhow::Result<Seen> {
        self.over.store(true, Ordering::Relaxed);
        let seen = self.thread.join();
        seen.map_err(|_| anyhow!("the clients failed"))?
    }
}

async fn ask_all(
    address: SocketAddr,
    connector: &'static str,
    per_second: u32,
    over: &Arc<AtomicBool>,
) -> anyhow::Result<Seen> {
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let over = over.clone();
        let every = Duration::from_secs(1) * CLIENTS / per_second.max(1);
        clients.spawn(async move {
            let mut client = Client::open(address, connector, number).await?;
            let mut ticks = interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            while !over.load(Ordering::Relaxed) {
                ticks.tick().await;
                client.ask_once().await;
            }
            anyhow::Ok(client.seen)
        });
    }
    let mut all = Seen::default();
    while let Some(client) = clients.join_next().await {
        let seen = client??;
        all.pages += seen.pages;
        all.failed += seen.failed;
        all.mixed += seen.mixed;
        all.took.extend(seen.took);
        all.fault = all.fault.or(seen.fault);
    }
    all.took.sort_unstable();
    Ok(all)
}

impl Seen {
    /// In milliseconds; NaN if there was no page.
    pub(crate) fn percentile_ms(&self, percent: usize) -> f64 {
        percentile(&self.took, percent).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

struct Client {
    address: SocketAddr,
    connector: &'static str,
    number: u32,
    sender: SendRequest<Full<Bytes>>,
    asked: u64,
    seen: Seen,
}

impl Client {
    async fn open(
        address: SocketAddr,
        connector: &'static str,
        number: u32,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            address,
            connector,
            number,
            sender: connect(address).await?,
            asked: 0,
            seen: Seen::default(),
        })
    }

    async fn ask_once(&mut self) {
        let began = Instant::now();
        match self.page().await {
            Ok(version) => {
                self.seen.pages += 1;
                self.seen.took.push(began.elapsed());
                if !version.is_whole() {
                    self.seen.mixed += 1;
                    let mixture = format!("a page of {version:?}");
                    self.seen.fault.get_or_insert(mixture);
                }
            }
            Err(error) => {
                self.seen.failed += 1;
                self.seen.fault.get_or_insert(format!("{error:#}"));
                // If the connection is the cause, the next request uses another one.
                if self.sender.is_closed()
                    && let Ok(sender) = connect(self.address).await
                {
                    self.sender = sender;
                }
            }
        }
    }

    /// Requests a page that nobody has requested before.
    async fn page(&mut self) -> anyhow::Result<Version> {
        self.asked += 1;
        let state = format!(r#"{{"client":{},"page":{}}}"#, self.number, self.asked);
        let request = Request::post(format!("/{}", self.connector))
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {KEY}"))
            .body(Full::from(format!(r#"{{"name":"words","state":{state}}}"#)))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(
            status == StatusCode::OK,
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
        let answer: Answer = serde_json::from_slice(&body)?;
        answer
            .insert
            .into_iter()
            .next()
            .context("a page without a row")
    }
}

#[derive(Deserialize)]
struct Answer {
    insert: Vec<Version>,
}

async fn connect(address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, driver) = handshake(TokioIo::new(stream)).await?;
    // Errors on the connection are also reported to the sender.
    tokio::spawn(async { driver.await.ok() });
    Ok(sender)
}

/// Requests one page over a separate connection.
///
/// # Errors
///
/// Any answer but a page.
pub(crate) fn ask(address: SocketAddr, connector: &'static str) -> anyhow::Result<Version> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut client = Client::open(address, connector, CLIENTS).await?;
        client.page().await
    })
}
