//! A hundred connectors as large as Python's: how much memory each takes while it makes a page, and when it is idle.

mod component;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::jobs::KEY;
use crate::lone::{LoneHost, PATIENCE, Plugin, Resident, Site};
use crate::table::{MEBIBYTE, digits};

const HOLDER: &[u8] = include_bytes!(env!("WELD_BENCH_HOLDER"));

/// As made by `componentize-py`: the size of the component, and of a page's linear memory.
const COMPONENT_BYTES: usize = 18 << 20;
const PAGE_MEBIBYTES: u32 = 8;

/// How long the host keeps the code of an idle connector.
const UNMAP_AFTER: Duration = Duration::from_secs(10);

/// How often to look at the host.
const LOOK: Duration = Duration::from_millis(500);

/// A state of the host, and the memory that it holds in it.
struct Scene {
    title: &'static str,
    resident: Resident,
    maps: usize,
}

/// Measures a host with this many `copies` of a large connector. Returns a table in Markdown.
///
/// # Errors
///
/// A host does not start, or a page does not begin.
pub(crate) fn measure(copies: u32) -> anyhow::Result<String> {
    let site = Site::set(&[Plugin {
        name: "small".to_owned(),
        component: HOLDER,
        configuration: String::new(),
    }])?;
    let base = site.start(&[])?.resident()?;
    let large = component::enlarged(HOLDER, COMPONENT_BYTES);
    let limits = "[limits]\nanswer-within = \"off\"\nlinger = \"0s\"\n";
    for number in 0..copies {
        site.put(&name(number), &large, limits)?;
    }
    let flags = [
        format!("--slots={}", copies.saturating_add(8)),
        format!("--unmap-after={}s", UNMAP_AFTER.as_secs()),
    ];
    let filling = Instant::now();
    drop(filled(&site, copies, &flags)?);
    let compiled_after = filling.elapsed();
    let code_bytes = largest_file(&site)?;

    let host = site.start(&flags)?;
    ensure!(
        host.slots > copies,
        "the machine has room for {} slots only",
        host.slots
    );
    let mut scenes = vec![Scene::of("loaded from the cache", &host)?];
    let pages: Vec<TcpStream> = (0..copies)
        .map(|number| begin_page(&host, number))
        .collect::<Result<_, _>>()?;
    host.settle()?;
    let running = Scene::of("a page of each under way", &host)?;
    let memory = u64::from(copies) * u64::from(PAGE_MEBIBYTES) * MEBIBYTE;
    ensure!(
        running.resident.all > base.all + memory,
        "the pages do not hold their memory"
    );
    scenes.push(running);
    drop(pages);
    host.settle()?;
    scenes.push(Scene::of("the pages have ended", &host)?);
    let given_back = wait_until_given_back(&host, scenes.first().map_or(0, |scene| scene.maps))?;
    scenes.push(given_back);

    let mut text = format!(
        "`large`: {copies} copies of a component of {:.1} MiB, whose code has {:.1} MiB; the first start, which compiled it, \
         took {:.1} s until all served. A page holds {PAGE_MEBIBYTES} MiB. A host with one small connector has {} MiB.\n\n\
         | the host | MiB | KiB more for each | of it RssAnon | of it RssFile | memory maps |\n\
         |---|---|---|---|---|---|",
        mebibytes(large.len() as u64),
        mebibytes(code_bytes),
        compiled_after.as_secs_f64(),
        base.all / MEBIBYTE,
    );
    for Scene {
        title,
        resident,
        maps,
    } in &scenes
    {
        let each = |now: u64, before: u64| digits(kibibytes(now, before) / f64::from(copies));
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "\n| {title} | {} | {} | {} | {} | {maps} |",
            resident.all / MEBIBYTE,
            each(resident.all, base.all),
            each(resident.anonymous, base.anonymous),
            each(resident.file, base.file),
        );
    }
    Ok(text)
}

impl Scene {
    fn of(title: &'static str, host: &LoneHost) -> anyhow::Result<Self> {
        Ok(Self {
            title,
            resident: host.resident()?,
            maps: host.memory_maps()?,
        })
    }
}

/// A host whose connectors are all compiled.
fn filled(site: &Site, copies: u32, flags: &[String]) -> anyhow::Result<LoneHost> {
    let host = site.start(flags)?;
    host.wait_until_ready()?;
    for number in 0..copies {
        crate::thousand::schema(host.address, &name(number))?;
    }
    Ok(host)
}

/// The answer never arrives within this run; the page ends with the connection.
fn begin_page(host: &LoneHost, number: u32) -> anyhow::Result<TcpStream> {
    let body = format!(r#"{{"name":"rows","state":{{"mebibytes":{PAGE_MEBIBYTES}}}}}"#);
    let mut stream = TcpStream::connect(host.address)?;
    write!(
        stream,
        "POST /{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {}\r\n\r\n{body}",
        name(number),
        host.address,
        body.len()
    )?;
    Ok(stream)
}

/// Waits until the host has fewer maps than when everything was `loaded`, and frees nothing further.
fn wait_until_given_back(host: &LoneHost, loaded: usize) -> anyhow::Result<Scene> {
    let began = Instant::now();
    while host.memory_maps()? >= loaded {
        ensure!(began.elapsed() < PATIENCE, "nothing is freed");
        thread::sleep(LOOK);
    }
    thread::sleep(UNMAP_AFTER * 2);
    host.settle()?;
    Scene::of("nobody has called for a while", host)
}

/// The size of the compiled code; nothing else in the cache is as large.
fn largest_file(site: &Site) -> anyhow::Result<u64> {
    let mut largest = 0;
    for file in fs::read_dir(site.path().join("cache"))? {
        largest = largest.max(file?.metadata()?.len());
    }
    ensure!(largest > 0, "the cache is empty");
    Ok(largest)
}

fn name(number: u32) -> String {
    format!("large-{number}")
}

fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}

fn kibibytes(now: u64, before: u64) -> f64 {
    f64::from(u32::try_from(now.saturating_sub(before) / 1024).unwrap_or(u32::MAX))
}
