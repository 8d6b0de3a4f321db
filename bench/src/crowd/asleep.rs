//! Thousands of sleeping pages, and the pages of another connector in the meantime.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::{Resource, getrlimit};

use super::{ROWS_CONNECTOR, SLEEPING_CONNECTOR, gather};
use crate::child::Process;
use crate::jobs::Work;
use crate::load::Outcome;
use crate::lone::{LoneHost, PATIENCE, Plugin, Site};
use crate::table::{MEBIBYTE, digits, ratio};

/// The requests to the connector that runs alongside the sleepers, on one connection.
const WORK: Work = Work::Rows(80);

/// Sandboxes for the pages that run alongside the sleepers.
const OTHER_SLOTS: u32 = 8;

/// Measures how much memory each sleeper takes, and how long pages of another connector take without sleepers,
/// alongside them, and after they have gone, each for `time`. If the machine can't hold as many sleepers as wished,
/// there are as many as it can. Returns a paragraph and a table in Markdown.
///
/// # Errors
///
/// A page that sleeps for an hour is answered, or another page isn't.
pub(crate) fn measure(wished: u32, time: Duration) -> anyhow::Result<String> {
    let wished = wished.min(most_connections()?);
    let site = Site::set(&plugins(wished))?;
    let (host, sleepers) = start(&site, wished)?;

    let without = load(&host, &site, time)?;
    let (memory_before, maps_before) = (host.resident()?, host.memory_maps()?);
    let mut crowd = put_to_sleep(&host, &site, sleepers)?;
    let (memory, maps) = (host.resident()?, host.memory_maps()?);
    // Each sandbox has some memory maps; from outside nothing else shows how many sandboxes there are.
    ensure!(
        maps >= maps_before + usize::try_from(sleepers)?,
        "only {maps} memory maps: not all sleep"
    );
    let beside = load(&host, &site, time)?;
    ensure!(crowd.ended()?.is_none(), "the crowd did not stay");
    drop(crowd);
    host.settle()?;
    let after = load(&host, &site, time)?;

    let kibibytes = |now: u64, before: u64| {
        let bytes = now.saturating_sub(before);
        digits(f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / f64::from(sleepers))
    };
    let mut text = format!(
        "`asleep`: {sleepers} pages asleep at once. Each takes {} KiB of resident memory (VmRSS; {} KiB of it RssAnon, \
         {} KiB RssFile). The host has {} MiB with them, {} MiB without; {maps} memory maps with them, {maps_before} \
         without. Beside them, `{WORK}` on one connection, for {time:?} each:\n\n\
         | the host | pages | p50 ms | p99 ms | p50 ÷ first | p99 ÷ first |\n\
         |---|---|---|---|---|---|",
        kibibytes(memory.all, memory_before.all),
        kibibytes(memory.anonymous, memory_before.anonymous),
        kibibytes(memory.file, memory_before.file),
        memory.all / MEBIBYTE,
        memory_before.all / MEBIBYTE,
    );
    for (name, outcome) in [
        ("without sleepers", &without),
        ("with them", &beside),
        ("without again", &after),
    ] {
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "\n| {name} | {} | {} | {} | {} | {} |",
            outcome.measured,
            digits(outcome.p50_ms),
            digits(outcome.p99_ms),
            ratio(outcome.p50_ms, without.p50_ms),
            ratio(outcome.p99_ms, without.p99_ms),
        );
    }
    Ok(text)
}

/// A host with room for so many sleepers, or for as many as the machine has. Returns their number, too.
pub(super) fn start(site: &Site, wished: u32) -> anyhow::Result<(LoneHost, u32)> {
    // A sleeper counts with all the memory that it may touch, 17 pages of 64 KiB, and an eighth is kept free.
    let memory = u64::from(wished) * 2 + 1_024;
    let host = site.start(&[
        format!("--slots={}", wished.saturating_add(OTHER_SLOTS)),
        format!("--total-memory={memory}MiB"),
    ])?;
    let sleepers = wished.min(host.slots.saturating_sub(OTHER_SLOTS)).max(1);
    Ok((host, sleepers))
}

/// The clients of so many pages, once all of them sleep.
pub(super) fn put_to_sleep(host: &LoneHost, site: &Site, sleepers: u32) -> anyhow::Result<Process> {
    let mut crowd = gather(host, site.path(), ("sleeper", "rows"), sleepers, &[])?;
    crowd.announced_address(PATIENCE)?;
    host.settle()?;
    Ok(crowd)
}

/// Each connection uses a file of the crowd's and one of the host's. The host gives three quarters of its files to
/// clients.
pub(super) fn most_connections() -> anyhow::Result<u32> {
    let files = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let connections = files - files / 4;
    Ok(u32::try_from(connections.saturating_sub(64))
        .unwrap_or(u32::MAX)
        .max(1))
}

fn plugins(sleepers: u32) -> [Plugin; 2] {
    [
        Plugin {
            name: WORK.path().to_owned(),
            component: ROWS_CONNECTOR,
            configuration: String::new(),
        },
        sleeper(sleepers),
    ]
}

/// A connector of which this many pages sleep for an hour.
pub(super) fn sleeper(sleepers: u32) -> Plugin {
    let limits = [
        "answer-within = \"off\"",
        // The pages end when their clients are gone.
        "linger = \"0s\"",
        &format!("concurrency = {sleepers}"),
    ];
    Plugin {
        name: "sleeper".to_owned(),
        component: SLEEPING_CONNECTOR,
        configuration: format!(
            "[env]\nSLEEP_MS = \"3600000\"\n\n[limits]\n{}\n",
            limits.join("\n")
        ),
    }
}

/// The result of a closed loop on one connection.
fn load(host: &LoneHost, site: &Site, measure: Duration) -> anyhow::Result<Outcome> {
    let words = [
        "load".to_owned(),
        format!("--address={}", host.address),
        format!("--work={WORK}"),
        "--connections=1".to_owned(),
        format!("--warm-up-ms={}", measure.as_millis() / 5),
        format!("--measure-ms={}", measure.as_millis()),
    ];
    let load = Process::start("the load generator", words, &[], site.path())?;
    let output = load.output(measure * 2 + PATIENCE)?;
    serde_json::from_str(&output).context("the load generator's report")
}
