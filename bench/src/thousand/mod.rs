//! A host with a thousand connectors: how soon it serves, and how much memory they take.

mod cold;

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use weld_host::demo::EXAMPLE_CONNECTOR;

use crate::jobs::{KEY, TOKEN};
use crate::lone::{LoneHost, PATIENCE, Plugin, Resident, Site};
use crate::table::{MEBIBYTE, digits, median, range};

/// The small number of connectors for comparison.
const FEW: u32 = 10;

/// How many of them are called for the first time, spread over all.
const CALLED: u32 = 20;

/// One start of a host that has all its connectors in the cache.
struct Start {
    listening_ms: f64,
    /// The time from the start of the process to the schema of one connector.
    first_answer_ms: f64,
    /// The longest of the first calls of other connectors.
    slowest_first_call_ms: f64,
    /// The memory once it listens, and after all of these were called.
    before: Resident,
    after: Resident,
}

/// Starts a host with ten copies of the example connector, and one with `many`, each `rounds` times with a warm
/// cache; then one with few of them in its cache. Returns a table and a paragraph in Markdown.
///
/// # Errors
///
/// A host does not start, or a schema is not answered.
pub(crate) fn measure(rounds: usize, many: u32) -> anyhow::Result<String> {
    let mut text = format!(
        "`thousand`: copies of the example connector, all in the cache; first calls of {CALLED} of them\n\n\
         | connectors | listening after ms (least to most) | first schema after ms (least to most) | \
         longest first call ms (least to most) | MiB when it listens | MiB after the calls | of it RssFile |\n\
         |---|---|---|---|---|---|---|"
    );
    for count in [FEW, many] {
        let starts = start_again(rounds, count)?;
        let times = |value: fn(&Start) -> f64| {
            let (least, most) = range(&starts, value);
            let middle = digits(median(&starts, value));
            format!("{middle} ({} to {})", digits(least), digits(most))
        };
        let most = |value: fn(&Start) -> u64| {
            let bytes = starts.iter().map(value).max().unwrap_or_default();
            bytes / MEBIBYTE
        };
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "\n| {count} | {} | {} | {} | {} | {} | {} |",
            times(|start| start.listening_ms),
            times(|start| start.first_answer_ms),
            times(|start| start.slowest_first_call_ms),
            most(|start| start.before.all),
            most(|start| start.after.all),
            most(|start| start.after.file),
        );
    }
    let cold = cold::measure(rounds, many)?;
    Ok(format!("{text}\n\n{cold}"))
}

fn start_again(rounds: usize, count: u32) -> anyhow::Result<Vec<Start>> {
    let plugins: Vec<_> = (0..count).map(plugin).collect();
    let site = Site::set(&plugins)?;
    // Fills the host's cache and the system's: a host listens before it has compiled anything.
    let host = site.start(&[])?;
    host.wait_until_ready()?;
    for number in 0..count {
        schema(host.address, &name(number))?;
    }
    drop(host);
    let mut starts = Vec::new();
    for round in 0..rounds {
        let first = u32::try_from(round)?.saturating_mul(7) % count;
        starts.push(start(&site, count, first)?);
    }
    Ok(starts)
}

/// Starts a host and calls some of its connectors, with `first` before the others.
fn start(site: &Site, count: u32, first: u32) -> anyhow::Result<Start> {
    let began = Instant::now();
    let host = site.start(&[])?;
    let before = host.resident()?;
    schema(host.address, &name(first))?;
    let first_answer = began.elapsed();
    let calls = CALLED.min(count - 1);
    let mut slowest = Duration::ZERO;
    for call in 1..=calls {
        // Never the first one again, since the step is smaller than the rest of the round.
        let number = (first + call * (count / (calls + 1)).max(1)) % count;
        slowest = slowest.max(schema(host.address, &name(number))?);
    }
    let LoneHost {
        listening_after, ..
    } = host;
    Ok(Start {
        listening_ms: milliseconds(listening_after),
        first_answer_ms: milliseconds(first_answer),
        slowest_first_call_ms: milliseconds(slowest),
        before,
        after: host.resident()?,
    })
}

/// Requests the schema of a connector over a new connection, and returns how long that took.
///
/// # Errors
///
/// Any other answer.
pub(crate) fn schema(address: SocketAddr, name: &str) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET /{name}/schema HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .with_context(|| format!("the schema of {name}"))?;
    let took = began.elapsed();
    ensure!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#""schema""#),
        "the schema of {name}: {answer}"
    );
    Ok(took)
}

fn plugin(number: u32) -> Plugin {
    Plugin {
        name: name(number),
        component: EXAMPLE_CONNECTOR,
        configuration: configuration(),
    }
}

fn configuration() -> String {
    format!("[env]\nAPI_BASE_URL = \"http://127.0.0.1:9\"\nAPI_BEARER_TOKEN = \"{TOKEN}\"\n")
}

fn name(number: u32) -> String {
    format!("beers-{number}")
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
