//! The load generator, in its own process: a closed loop over connections that stay open. Each connection sends its
//! next request when the previous one is answered, and every answer is checked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::jobs::{KEY, Work};
use crate::processes::usage_of_tree;

/// The time limit for any answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server, the requests and their duration.
#[derive(Debug, Clone, Args)]
pub(crate) struct Load {
    /// The server's address
    #[arg(long)]
    pub(crate) address: SocketAddr,
    /// What to request
    #[arg(long)]
    pub(crate) work: Work,
    /// How many connections
    #[arg(long)]
    pub(crate) connections: u32,
    /// How long to send requests before they count
    #[arg(long)]
    pub(crate) warm_up_ms: u64,
    /// How long to send requests and measure
    #[arg(long)]
    pub(crate) measure_ms: u64,
}

/// The result of a load.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Outcome {
    /// All requests, including those that don't count.
    pub(crate) asked: u64,
    /// The requests that count, all answered correctly.
    pub(crate) measured: u64,
    /// From the first of them to the end of the last.
    pub(crate) seconds: f64,
    /// The median time from a request to the last byte of its answer.
    pub(crate) p50_ms: f64,
    /// The 99th percentile of that time.
    pub(crate) p99_ms: f64,
    /// The processor time of this process.
    pub(crate) cpu_seconds: f64,
    /// The length of an answer's body.
    pub(crate) bytes: usize,
    /// Equal for servers that answer the first connection with the same JSON, in any spelling.
    pub(crate) fingerprint: String,
}

/// Generates the load, and returns its result.
///
/// # Errors
///
/// Any answer that is late or wrong.
pub(crate) fn generate(load: &Load) -> anyhow::Result<Outcome> {
    // One thread: the load must not take both cores from a server on a machine with two.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(ask_all(load))
}

async fn ask_all(load: &Load) -> anyhow::Result<Outcome> {
    let warm_up = Duration::from_millis(load.warm_up_ms);
    let measure = Duration::from_millis(load.measure_ms);
    let barrier = Arc::new(Barrier::new(usize::try_from(load.connections)?));
    let mut tasks = JoinSet::new();
    for number in 0..load.connections {
        let (load, barrier) = (load.clone(), barrier.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(&load, number).await?;
            // Nobody's time counts before everybody is ready.
            barrier.wait().await;
            let began = Instant::now() + warm_up;
            let times = connection.repeat(began, began + measure).await?;
            anyhow::Ok((connection, began, times))
        });
    }
    let (mut asked, mut times) = (0, Vec::new());
    let (mut began, mut ended) = (None, None);
    let mut answer = Bytes::new();
    while let Some(task) = tasks.join_next().await {
        // The first error drops the set, and with it all other connections.
        let (connection, start, taken) = task??;
        asked += connection.asked;
        began = began.into_iter().chain([start]).min();
        ended = ended.max(taken.last().map(|(at, took)| *at + *took));
        times.extend(taken.into_iter().map(|(_, took)| took));
        if connection.number == 0 {
            answer = connection.expected;
        }
    }
    times.sort_unstable();
    let (began, ended) = began.zip(ended).context("no answer within the time")?;
    Ok(Outcome {
        asked,
        measured: u64::try_from(times.len())?,
        seconds: ended.saturating_duration_since(began).as_secs_f64(),
        p50_ms: percentile_ms(&times, 50),
        p99_ms: percentile_ms(&times, 99),
        // Before the fingerprint is computed, which is not part of the load.
        cpu_seconds: usage_of_tree(std::process::id())?.cpu.as_secs_f64(),
        bytes: answer.len(),
        fingerprint: fingerprint(load.work, &answer)?,
    })
}

/// A connection that requests the same page again and again.
struct Connection {
    number: u32,
    sender: SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    /// The first answer, which was checked; all others must equal it.
    expected: Bytes,
    asked: u64,
}

impl Connection {
    async fn open(load: &Load, number: u32) -> anyhow::Result<Self> {
        let request = Request::post(format!("/{}", load.work.path()))
            .header(header::HOST, load.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {KEY}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(load.work.request(number)))?;
        let stream = TcpStream::connect(load.address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        // Errors on the connection are also reported to the sender.
        tokio::spawn(async { driver.await.ok() });
        let mut connection = Self {
            number,
            sender,
            request,
            expected: Bytes::new(),
            asked: 1,
        };
        let (status, answer) = connection.first().await?;
        ensure!(
            status == StatusCode::OK,
            "{status}: {}",
            String::from_utf8_lossy(answer.get(..500).unwrap_or(&answer))
        );
        load.work.check(&answer)?;
        connection.expected = answer;
        Ok(connection)
    }

    async fn first(&mut self) -> anyhow::Result<(StatusCode, Bytes)> {
        let asking = async {
            let response = self.sender.send_request(self.request.clone()).await?;
            let status = response.status();
            anyhow::Ok((status, response.into_body().collect().await?.to_bytes()))
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .map_err(|_| anyhow!("no answer in {PATIENCE:?}"))?
    }

    /// Sends requests until `end`. Returns, for each request that began after `begin`, when it began and how long it
    /// took.
    async fn repeat(
        &mut self,
        begin: Instant,
        end: Instant,
    ) -> anyhow::Result<Vec<(Instant, Duration)>> {
        let mut times = Vec::new();
        loop {
            let at = Instant::now();
            // At least one counts, even if it takes longer than the available time.
            if at >= end && !times.is_empty() {
                return Ok(times);
            }
            tokio::time::timeout(PATIENCE, self.again())
                .await
                .map_err(|_| anyhow!("no answer in {PATIENCE:?}"))??;
            self.asked += 1;
            if at >= begin {
                times.push((at, at.elapsed()));
            }
        }
    }

    async fn again(&mut self) -> anyhow::Result<()> {
        self.sender
            .ready()
            .await
            .context("the server closed a connection")?;
        let mut response = self.sender.send_request(self.request.clone()).await?;
        let status = response.status();
        ensure!(status == StatusCode::OK, "answered {status}");
        let mut rest: &[u8] = &self.expected;
        while let Some(frame) = response.body_mut().frame().await {
            if let Some(data) = frame?.data_ref() {
                rest = rest
                    .strip_prefix(data.as_ref())
                    .context("an answer differs from the first one to the same request")?;
            }
        }
        ensure!(rest.is_empty(), "an answer is truncated");
        Ok(())
    }
}

/// The smallest time that is not exceeded by `percent` of all times (nearest rank). The times are in ascending order.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// [`percentile`] in milliseconds; NaN if there are no times.
pub(crate) fn percentile_ms(sorted: &[Duration], percent: usize) -> f64 {
    percentile(sorted, percent).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

/// Languages write the same JSON with different white space, escapes and orders of keys, so values are compared.
fn fingerprint(work: Work, answer: &[u8]) -> anyhow::Result<String> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let value = work.common(serde_json::from_slice(answer)?);
    let mut value = value.context("an answer without rows")?;
    make_alike(&mut value);
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

/// JavaScript has only one kind of number, and writes 5 for 5.0.
fn make_alike(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(number) = number.as_f64().and_then(Number::from_f64) {
                *value = Value::Number(number);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_alike),
        Value::Object(fields) => fields.values_mut().for_each(make_alike),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        for (length, percent, expected) in [
            (200, 50, Some(100)),
            (200, 99, Some(198)),
            (200, 100, Some(200)),
            (3, 50, Some(2)),
            (2, 50, Some(1)),
            (1, 99, Some(1)),
            (1, 0, Some(1)),
            (0, 50, None),
        ] {
            let found = percentile(&times[..length], percent);
            assert_eq!(
                found,
                expected.map(Duration::from_millis),
                "{percent} % of {length}"
            );
        }
    }

    #[test]
    fn answers_are_equal_in_any_spelling() {
        let of = |text: &str| fingerprint(Work::Fetch, text.as_bytes()).unwrap();
        assert_eq!(
            of(r#"{"a": 1.50, "b": "é", "c": [5.0]}"#),
            of(r#"{"b":"\u00e9","c":[5],"a":1.5}"#)
        );
        assert_ne!(of(r#"{"a": 1}"#), of(r#"{"a": 2}"#));
    }
}
