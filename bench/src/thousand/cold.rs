//! A thousand connectors, of which a few are in the cache: those serve while the others are compiled.

use std::time::{Duration, Instant};

use anyhow::ensure;
use weld_host::demo::EXAMPLE_CONNECTOR;

use super::{FEW, configuration, milliseconds, name, schema};
use crate::lone::Site;
use crate::table::{digits, median, range};

/// The start of a host that has to compile most connectors.
struct Start {
    listening_ms: f64,
    first_answer_ms: f64,
    slowest_first_call_ms: f64,
    /// How many were compiled by the time all those in the cache had answered.
    compiled: usize,
}

/// Starts a host with ten connectors in its cache and `many` in its folder, and calls the ten. Then the host is ended
/// together with its compilers. Returns a paragraph in Markdown.
///
/// # Errors
///
/// A host does not start, a schema is not answered, or there was nothing left to compile.
pub(super) fn measure(rounds: usize, many: u32) -> anyhow::Result<String> {
    let mut starts = Vec::new();
    for _ in 0..rounds {
        starts.push(start(many)?);
    }
    let times = |value: fn(&Start) -> f64| {
        let (least, most) = range(&starts, value);
        let middle = digits(median(&starts, value));
        format!("{middle} ms ({} to {})", digits(least), digits(most))
    };
    Ok(format!(
        "`thousand`, {FEW} of {many} connectors in the cache, all different: listening after {}, the first schema of those after \
         {}; the longest first call of the other {} took {}, beside the compilers, which were done with at most {} by then.",
        times(|start| start.listening_ms),
        times(|start| start.first_answer_ms),
        FEW - 1,
        times(|start| start.slowest_first_call_ms),
        starts
            .iter()
            .map(|start| start.compiled)
            .max()
            .unwrap_or_default(),
    ))
}

fn start(many: u32) -> anyhow::Result<Start> {
    let site = Site::set(&[])?;
    let put = |number: u32| site.put(&name(number), &different(number), &configuration());
    // Spread over all of them, so that their order does not help.
    let step = (many / FEW).max(1);
    let cached: Vec<u32> = (0..many)
        .step_by(usize::try_from(step)?)
        .take(FEW as usize)
        .collect();
    cached.iter().try_for_each(|number| put(*number))?;
    let host = site.start(&[])?;
    host.wait_until_ready()?;
    for number in &cached {
        schema(host.address, &name(*number))?;
    }
    drop(host);
    let in_cache = site.cached_components()?;
    ensure!(in_cache == cached.len(), "{in_cache} in the cache");
    (0..many)
        .filter(|number| !cached.contains(number))
        .try_for_each(put)?;

    let began = Instant::now();
    let host = site.start(&[])?;
    let mut calls = cached.iter().rev();
    if let Some(first) = calls.next() {
        schema(host.address, &name(*first))?;
    }
    let first_answer = began.elapsed();
    let mut slowest = Duration::ZERO;
    for number in calls {
        slowest = slowest.max(schema(host.address, &name(*number))?);
    }
    let compiled = site.cached_components()? - in_cache;
    ensure!(
        compiled + cached.len() < usize::try_from(many)?,
        "all were compiled before those in the cache had answered"
    );
    Ok(Start {
        listening_ms: milliseconds(host.listening_after),
        first_answer_ms: milliseconds(first_answer),
        slowest_first_call_ms: milliseconds(slowest),
        compiled,
    })
}

/// The example connector with its own custom section (WebAssembly 3.0, "Custom Section"). To the host it is another
/// component, with the same amount of code.
fn different(number: u32) -> Vec<u8> {
    let [a, b, c, d] = number.to_le_bytes();
    // Its kind, its length, the length of its name, the name, and the contents.
    [EXAMPLE_CONNECTOR, &[0, 6, 1, b'n', a, b, c, d]].concat()
}
