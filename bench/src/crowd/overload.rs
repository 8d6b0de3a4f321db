//! Ten times as many clients as a host has room for.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::client::Answers;
use super::{ROWS_CONNECTOR, SLEEPING_CONNECTOR, gather};
use crate::child::Process;
use crate::lone::{LoneHost, PATIENCE, Plugin, Resident, Site};
use crate::table::{MEBIBYTE, digits, ratio};

/// How many times as many clients as slots there are.
pub(super) const OVERLOAD: u32 = 10;

/// How long a page sleeps, and how long a refused client pauses. So a refused client sends requests as often as one
/// that is served, and ten times as many clients send ten times as many requests.
const PAGE: Duration = Duration::from_millis(50);

/// With a queue, how long a call may wait in it.
const QUEUE_WAIT: Duration = Duration::from_millis(500);

/// What a page does, and the queue before the slots.
struct Scene {
    title: &'static str,
    connector: &'static str,
    table: &'static str,
    has_queue: bool,
}

const SCENES: [Scene; 3] = [
    Scene {
        title: "pages that sleep for 50 ms, no queue",
        connector: "sleeper",
        table: "rows",
        has_queue: false,
    },
    Scene {
        title: "pages that sleep for 50 ms, and a queue",
        connector: "sleeper",
        table: "rows",
        has_queue: true,
    },
    Scene {
        title: "pages of 1000 rows, no queue",
        connector: "rows",
        table: "1000",
        has_queue: false,
    },
];

/// Measures each scene for `time` with one client, with as many clients as slots, and with ten times as many. Returns
/// a table in Markdown for each.
///
/// # Errors
///
/// Any answer that is neither a page nor a refusal, or if there is no overload.
pub(crate) fn measure(slots: u32, time: Duration) -> anyhow::Result<String> {
    let site = Site::set(&plugins(slots))?;
    let mut text = String::new();
    for scene in &SCENES {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        let table = act(scene, &site, slots, time).with_context(|| scene.title)?;
        text.push_str(&table);
    }
    Ok(text)
}

fn act(scene: &Scene, site: &Site, slots: u32, time: Duration) -> anyhow::Result<String> {
    // If slots become free evenly, a queued call waits for half a page at most.
    let queue = if scene.has_queue {
        slots.div_ceil(2)
    } else {
        0
    };
    let host = site.start(&[
        format!("--slots={slots}"),
        format!("--queue={queue}"),
        format!("--queue-wait={}ms", QUEUE_WAIT.as_millis()),
    ])?;
    ensure!(
        host.slots == slots,
        "the machine has room for {} slots only",
        host.slots
    );
    // Afterwards everything is warm, and the memory of a full host is allocated.
    answers(begin(&host, site, scene, slots, time / 5)?, time)?;
    let mut text = format!("`overload`, {}: {slots} slots, {time:?} each", scene.title);
    if scene.has_queue {
        let _ = write!(text, ", {queue} places to wait for {QUEUE_WAIT:?}");
    }
    text.push_str(
        "\n\n| clients | pages | p50 ms | p99 ms | p99 ÷ as many clients as slots | refused | refused p50 ms | \
         refused p99 ms | refused, longest ms | MiB before | MiB a sixth in | MiB after |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|",
    );
    let alone = stay(&host, site, scene, 1, time)?;
    let full = stay(&host, site, scene, slots, time)?;
    let crowded = stay(&host, site, scene, slots.saturating_mul(OVERLOAD), time)?;
    ensure!(
        crowded.answers.refused > 0,
        "no overload: {:?}",
        crowded.answers
    );
    for stay in [&alone, &full, &crowded] {
        let Answers {
            admitted,
            admitted_p50_ms,
            admitted_p99_ms,
            refused,
            refused_p50_ms,
            refused_p99_ms,
            refused_longest_ms,
        } = stay.answers;
        let _ = write!(
            text,
            "\n| {} | {admitted} | {} | {} | {} | {refused}, {} % | {} | {} | {} | {} | {} | {} |",
            stay.clients,
            digits(admitted_p50_ms),
            digits(admitted_p99_ms),
            ratio(admitted_p99_ms, full.answers.admitted_p99_ms),
            refused * 100 / (admitted + refused).max(1),
            digits(refused_p50_ms),
            digits(refused_p99_ms),
            digits(refused_longest_ms),
            stay.before.all / MEBIBYTE,
            stay.early.all / MEBIBYTE,
            stay.after.all / MEBIBYTE,
        );
    }
    Ok(text)
}

/// The answers to this many clients, and the host's memory before, after a sixth of the time, and at the end.
struct Stay {
    clients: u32,
    answers: Answers,
    before: Resident,
    early: Resident,
    after: Resident,
}

fn stay(
    host: &LoneHost,
    site: &Site,
    scene: &Scene,
    clients: u32,
    time: Duration,
) -> anyhow::Result<Stay> {
    let before = host.resident()?;
    let crowd = begin(host, site, scene, clients, time)?;
    thread::sleep(time / 6);
    let early = host.resident()?;
    let answers = answers(crowd, time)?;
    Ok(Stay {
        clients,
        answers,
        before,
        early,
        after: host.resident()?,
    })
}

fn begin(
    host: &LoneHost,
    site: &Site,
    scene: &Scene,
    clients: u32,
    time: Duration,
) -> anyhow::Result<Process> {
    let more = [
        format!("--measure-ms={}", time.as_millis()),
        format!("--pause-ms={}", PAGE.as_millis()),
    ];
    let what = (scene.connector, scene.table);
    gather(host, site.path(), what, clients, &more)
}

fn answers(crowd: Process, time: Duration) -> anyhow::Result<Answers> {
    let output = crowd.output(time + PATIENCE)?;
    serde_json::from_str(&output).context("the crowd's report")
}

fn plugins(slots: u32) -> [Plugin; 2] {
    let limits = format!("[limits]\nconcurrency = {slots}\n");
    [
        Plugin {
            name: "rows".to_owned(),
            component: ROWS_CONNECTOR,
            configuration: limits.clone(),
        },
        Plugin {
            name: "sleeper".to_owned(),
            component: SLEEPING_CONNECTOR,
            configuration: format!("[env]\nSLEEP_MS = \"{}\"\n\n{limits}", PAGE.as_millis()),
        },
    ]
}
