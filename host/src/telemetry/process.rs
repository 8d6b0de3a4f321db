//! The process and its build, under the names that all programs use for them.

use std::fs;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use metrics::{counter, gauge};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::catalog;

/// The beginning of the process; as exact as the first call, which should be early.
static BEGAN: OnceLock<SystemTime> = OnceLock::new();

/// Remembers that the process begins now.
pub(super) fn begin() {
    BEGAN.get_or_init(SystemTime::now);
}

/// Reports the process as the system sees it. What the system doesn't reveal is left out.
pub(super) fn observe() {
    gauge!(catalog::BUILD.name, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let began = BEGAN.get_or_init(SystemTime::now);
    if let Ok(began) = began.duration_since(UNIX_EPOCH) {
        gauge!(catalog::START_TIME.name).set(began.as_secs_f64());
    }
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    if let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(cpu.tv_sec), u64::try_from(cpu.tv_nsec))
    {
        let nanoseconds = seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(nanoseconds);
        counter!(catalog::CPU_SECONDS.name).absolute(nanoseconds);
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    for (key, unit, metric) in [
        ("VmRSS", 1024.0, &catalog::RESIDENT_BYTES),
        ("VmSize", 1024.0, &catalog::VIRTUAL_BYTES),
        ("Threads", 1.0, &catalog::THREADS),
    ] {
        if let Some(number) = number_of(&status, key) {
            gauge!(metric.name).set(number * unit);
        }
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // One of them is the folder's own.
        let open = u32::try_from(open.count()).unwrap_or(u32::MAX);
        gauge!(catalog::OPEN_FILES.name).set(f64::from(open.saturating_sub(1)));
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        gauge!(catalog::MAX_FILES.name).set(most as f64);
    }
}

/// The number of the line `KEY:   NUMBER …`.
fn number_of(status: &str, key: &str) -> Option<f64> {
    let rest = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics_probe::MetricsProbe;

    #[test]
    fn process_is_seen_as_the_system_sees_it() {
        let recorded = MetricsProbe::default();
        metrics::with_local_recorder(&recorded, observe);
        for (metric, least) in [
            (&catalog::START_TIME, 1e9),
            (&catalog::CPU_SECONDS, 1.0),
            (&catalog::RESIDENT_BYTES, 1e6),
            (&catalog::VIRTUAL_BYTES, 1e6),
            (&catalog::THREADS, 1.0),
            (&catalog::OPEN_FILES, 3.0),
            (&catalog::MAX_FILES, 3.0),
        ] {
            let value = recorded.value(&format!("{}{{}}", metric.name));
            assert!(value >= Some(least), "{}: {value:?}", metric.name);
        }
    }

    #[test]
    fn lines_of_a_status_are_found_by_their_whole_key() {
        let status = "Name:\thost\nVmRSSx:\t1 kB\nVmRSS:\t  1234 kB\nThreads:\tmany\n";
        assert_eq!(number_of(status, "VmRSS"), Some(1234.0));
        assert_eq!(number_of(status, "Threads"), None);
        assert_eq!(number_of(status, "VmSize"), None);
    }
}
