//! One job on all handlers: in each round every handler is measured for a fixed time in turn, so that other load on
//! the machine affects all of them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::child::Process;
use crate::handlers::{Handler, Stage};
use crate::jobs::Work;
use crate::load::Outcome;
use crate::processes::{busy_time, usage_of_tree};
use crate::python::Python;

/// How long a load generator may take beyond its time, for its first requests and for those in flight at the end.
const MARGIN: Duration = Duration::from_secs(90);

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) rounds: usize,
    /// How long to measure each handler in each round.
    pub(crate) measure: Duration,
    /// How long to run before each measurement.
    pub(crate) warm_up: Duration,
}

/// One handler in one round.
#[derive(Debug, Clone)]
pub(crate) struct Round {
    pub(crate) requests_per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Processor time per request, of the server, the API and the load generator.
    pub(crate) cpu_ms: f64,
    pub(crate) api_cpu_ms: f64,
    pub(crate) load_cpu_ms: f64,
    /// The peak resident memory of the server and its children since they started.
    pub(crate) peak_bytes: u64,
    /// The share of all cores' time that went to processes other than the benchmark's: 0 to 1.
    pub(crate) foreign: f64,
}

/// All rounds of one handler.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) handler: Handler,
    /// Never empty.
    pub(crate) rounds: Vec<Round>,
    /// The length of an answer's body.
    pub(crate) answer_bytes: usize,
}

/// A server that runs for this job only, so that its peak memory belongs to the job.
struct Contestant {
    server: Process,
    address: SocketAddr,
    series: Series,
}

/// Measures a job. `handlers` must not be empty.
///
/// # Errors
///
/// A server does not start or stops early, an answer is wrong or late, or the answers of two handlers differ.
pub(crate) fn measure(
    stage: &Stage,
    python: Option<&Python>,
    handlers: &[Handler],
    work: Work,
    connections: u32,
    extent: Extent,
) -> anyhow::Result<Vec<Series>> {
    let mut contestants = Vec::new();
    for &handler in handlers {
        let (server, address) = stage.start(handler, python)?;
        let series = Series {
            handler,
            rounds: Vec::new(),
            answer_bytes: 0,
        };
        contestants.push(Contestant {
            server,
            address,
            series,
        });
    }
    let mut fingerprint = None;
    for _ in 0..extent.rounds {
        for contestant in &mut contestants {
            let (outcome, round) = contestant
                .ask(stage, work, connections, extent)
                .with_context(|| format!("{} at {work}", contestant.series.handler.name()))?;
            let first = fingerprint.get_or_insert_with(|| outcome.fingerprint.clone());
            ensure!(
                *first == outcome.fingerprint,
                "{} answers {work} differently from the others",
                contestant.series.handler.name()
            );
            contestant.series.answer_bytes = outcome.bytes;
            contestant.series.rounds.push(round);
        }
        // Changes the order, so that a handler doesn't always follow the same one.
        contestants.rotate_left(1);
    }
    let mut all: Vec<_> = contestants.into_iter().map(|one| one.series).collect();
    all.sort_by_key(|series| handlers.iter().position(|one| *one == series.handler));
    Ok(all)
}

impl Contestant {
    fn ask(
        &self,
        stage: &Stage,
        work: Work,
        connections: u32,
        extent: Extent,
    ) -> anyhow::Result<(Outcome, Round)> {
        let words = [
            "load".to_owned(),
            format!("--address={}", self.address),
            format!("--work={work}"),
            format!("--connections={connections}"),
            format!("--warm-up-ms={}", extent.warm_up.as_millis()),
            format!("--measure-ms={}", extent.measure.as_millis()),
        ];
        let before = (
            usage_of_tree(self.server.id())?,
            usage_of_tree(stage.api.id())?,
        );
        let (busy_before, began) = (busy_time()?, Instant::now());
        let time = extent.warm_up + extent.measure + MARGIN;
        let output =
            Process::start("the load generator", words, &[], stage.folder())?.output(time)?;
        let elapsed = began.elapsed();
        let busy = busy_time()?.saturating_sub(busy_before).as_secs_f64();
        let after = (
            usage_of_tree(self.server.id())?,
            usage_of_tree(stage.api.id())?,
        );
        let outcome: Outcome =
            serde_json::from_str(&output).context("the load generator's report")?;

        let server_cpu = after.0.cpu.saturating_sub(before.0.cpu).as_secs_f64();
        let api_cpu = after.1.cpu.saturating_sub(before.1.cpu).as_secs_f64();
        let ours = server_cpu + api_cpu + outcome.cpu_seconds;
        let cores = std::thread::available_parallelism()?.get();
        let capacity = elapsed.as_secs_f64() * as_number(u64::try_from(cores)?);
        let per_request = |seconds: f64| seconds * 1e3 / as_number(outcome.asked);
        let round = Round {
            requests_per_second: as_number(outcome.measured) / outcome.seconds,
            p50_ms: outcome.p50_ms,
            p99_ms: outcome.p99_ms,
            cpu_ms: per_request(server_cpu),
            api_cpu_ms: per_request(api_cpu),
            load_cpu_ms: per_request(outcome.cpu_seconds),
            peak_bytes: after.0.peak_bytes,
            foreign: ((busy - ours) / capacity).max(0.0),
        };
        Ok((outcome, round))
    }
}

/// Counts in this program are far below 2⁵³, where a float begins to lose digits.
#[allow(clippy::cast_precision_loss, reason = "see above")]
pub(crate) fn as_number(count: u64) -> f64 {
    count as f64
}
