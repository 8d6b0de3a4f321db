//! Replaces a connector while it is called, and measures whether any request fails, whether a page is ever made by
//! the component of one version with the configuration of another, and how much memory a thousand versions leave
//! behind.

mod client;
mod folder;
mod version;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::lone::{LoneHost, PATIENCE, Resident};
use crate::table::{MEBIBYTE, digits};
use client::Clients;
use folder::Folder;
use version::{component, configuration};

const NAME: &str = "words";

/// How many components take turns in the long run, so that not the compiler is measured.
const COMPONENTS: u32 = 10;

/// How many versions of the first run are preceded by a broken component.
const BREAKS: u32 = 2;

/// How often to check whether a version serves.
const LOOK: Duration = Duration::from_millis(20);

/// Replaces a connector `versions` times under `per_second` calls, each time by another component and configuration,
/// twice after a broken component; then reloads it `reloads` times. Returns a paragraph in Markdown.
///
/// # Errors
///
/// A version does not begin to serve.
pub(crate) fn measure(per_second: u32, versions: u32, reloads: u32) -> anyhow::Result<String> {
    let mut folder = Folder::new()?;
    folder.put(&component(0)?, &configuration(0, 0))?;
    let host = folder.site.start(&[])?;

    let began = Instant::now();
    let clients = Clients::start(host.address, NAME, per_second);
    let replaced = replace_often(&mut folder, &host, versions);
    let seen = clients.end()?;
    replaced?;
    let seconds = began.elapsed().as_secs_f64();
    ensure!(
        seen.pages > 0,
        "no page was answered: {}",
        seen.fault.unwrap_or_default()
    );
    let mut text = format!(
        "`reload`: {versions} versions in {seconds:.1} s, {BREAKS} of them after a broken one; {} pages ({:.0} a second), p50 {} \
         ms, p99 {} ms, longest {} ms; {} requests failed; {} pages of two versions",
        seen.pages,
        f64::from(u32::try_from(seen.pages)?) / seconds,
        digits(seen.percentile_ms(50)),
        digits(seen.percentile_ms(99)),
        digits(seen.percentile_ms(100)),
        seen.failed,
        seen.mixed,
    );
    if let Some(fault) = seen.fault {
        text = format!("{text}; first {fault}");
    }
    let few = reloads / 10;
    let (early, late) = reload_on(&mut folder, &host, versions, few, reloads)?;
    let of = |resident: Resident| {
        format!(
            "{} MiB ({} of it RssAnon)",
            resident.all / MEBIBYTE,
            resident.anonymous / MEBIBYTE
        )
    };
    Ok(format!(
        "{text}. Reloaded on, with a page of each version: {} after {few} reloads, {} after {reloads}.",
        of(early),
        of(late),
    ))
}

/// Installs one version after the other, as soon as the previous one serves.
fn replace_often(folder: &mut Folder, host: &LoneHost, versions: u32) -> anyhow::Result<()> {
    let breaks_every = (versions / (BREAKS + 1)).max(1);
    let mut broken = 0;
    for number in 1..=versions {
        if broken < BREAKS && number % breaks_every == 0 {
            broken += 1;
            folder.put(b"broken", &configuration(number, number))?;
            wait_until("a broken component is noticed", || {
                Ok(folder.site.logged("failed to load")? == usize::try_from(broken)?)
            })?;
        }
        folder.put(&component(number)?, &configuration(number, number))?;
        wait_for(host, number)?;
    }
    ensure!(broken == BREAKS, "only {broken} were broken");
    Ok(())
}

/// Reloads `most` times, and returns the host's memory after `few` reloads and at the end.
fn reload_on(
    folder: &mut Folder,
    host: &LoneHost,
    before: u32,
    few: u32,
    most: u32,
) -> anyhow::Result<(Resident, Resident)> {
    let components: Vec<Vec<u8>> = (0..COMPONENTS).map(component).collect::<Result<_, _>>()?;
    let mut early = host.resident()?;
    for (number, (mark, bytes)) in (1..=most).zip((0..).zip(&components).cycle()) {
        let number = before + number;
        folder.put(bytes, &configuration(mark, number))?;
        wait_for(host, number)?;
        if number - before == few {
            early = host.resident()?;
        }
    }
    Ok((early, host.resident()?))
}

/// Sends requests until this version answers.
fn wait_for(host: &LoneHost, number: u32) -> anyhow::Result<()> {
    wait_until("a version serves", || {
        Ok(client::ask(host.address, NAME)?.is_of(number))
    })
}

fn wait_until(what: &str, is_so: impl Fn() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let began = Instant::now();
    while !is_so().with_context(|| what.to_owned())? {
        ensure!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(LOOK);
    }
    Ok(())
}
