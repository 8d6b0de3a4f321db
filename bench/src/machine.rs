//! Where and when the numbers were measured.

use std::fs;

use anyhow::Context;

use crate::processes::kibibytes_of;

/// A list in Markdown: date, machine, other load before the run, versions.
///
/// # Errors
///
/// `/proc` is not as proc(5) says.
pub(crate) fn description(python: Option<&str>) -> anyhow::Result<String> {
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC");
    let cores = std::thread::available_parallelism()?;
    let model = fs::read_to_string("/proc/cpuinfo")?;
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("of unknown model", |(_, model)| model);
    let memory = fs::read_to_string("/proc/meminfo")?;
    let memory = kibibytes_of(&memory, "MemTotal").context("no MemTotal in /proc/meminfo")?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    Ok(format!(
        "- {date}\n\
         - {cores} cores, {model}; {} MiB of memory; Linux {}\n\
         - load average of the minute before: {load}\n\
         - weld-host {}, {}, {}\n\
         - {}",
        memory / 1024,
        kernel.trim(),
        env!("CARGO_PKG_VERSION"),
        env!("WELD_BENCH_RUSTC"),
        if cfg!(debug_assertions) {
            "a debug build, whose numbers mean nothing"
        } else {
            "release build"
        },
        python.unwrap_or("without functions-framework"),
    ))
}
