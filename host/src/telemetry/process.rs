//! The process and its build, under the names that all programs use for them.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use metrics::{counter, gauge};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::catalog;
use crate::platform;

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
    let usage = platform::process_usage();
    for (value, metric) in [
        (usage.resident_bytes, &catalog::RESIDENT_BYTES),
        (usage.address_bytes, &catalog::VIRTUAL_BYTES),
        (usage.threads, &catalog::THREADS),
        (usage.open_files, &catalog::OPEN_FILES),
    ] {
        if let Some(value) = value {
            gauge!(metric.name).set(value as f64);
        }
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        gauge!(catalog::MAX_FILES.name).set(most as f64);
    }
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
}
