//! Reads data about processes and the machine from `/proc` (proc(5)).

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;

/// The resources that a process and its children have used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Time in user mode and in the kernel, to the hundredth of a second.
    pub(crate) cpu: Duration,
    /// The peak resident memory so far. It is a sum over processes, so pages that they share count once for each.
    pub(crate) peak_bytes: u64,
}

/// The resources that `process` and all processes below it have used.
///
/// # Errors
///
/// The process is gone, or `/proc` is not as proc(5) says.
pub(crate) fn usage_of_tree(process: u32) -> anyhow::Result<Usage> {
    let folder = PathBuf::from(format!("/proc/{process}"));
    let stat = fs::read_to_string(folder.join("stat"))
        .with_context(|| format!("process {process} is gone"))?;
    let status = fs::read_to_string(folder.join("status"))?;
    let mut usage = Usage {
        cpu: cpu_of(&stat).context("/proc/PID/stat is malformed")?,
        peak_bytes: kibibytes_of(&status, "VmHWM")
            .context("no VmHWM in /proc/PID/status")?
            .saturating_mul(1024),
    };
    for thread in fs::read_dir(folder.join("task"))? {
        let children = match fs::read_to_string(thread?.path().join("children")) {
            // Threads may end in the meantime.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            children => children?,
        };
        for child in children.split_whitespace() {
            let child = usage_of_tree(child.parse()?)?;
            usage.cpu += child.cpu;
            usage.peak_bytes += child.peak_bytes;
        }
    }
    Ok(usage)
}

/// How long the machine's cores were not idle since it started, summed over all cores.
///
/// # Errors
///
/// `/proc/stat` is not as proc(5) says.
pub(crate) fn busy_time() -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    busy_of(&stat).context("/proc/stat is malformed")
}

/// The number in a line of a file such as `/proc/PID/status` or `/proc/meminfo`, in KiB.
pub(crate) fn kibibytes_of(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(':')?;
        value.trim().strip_suffix("kB")?.trim().parse().ok()
    })
}

/// `utime`, `stime`, and the same of children that have ended.
fn cpu_of(stat: &str) -> Option<Duration> {
    // The program's name may contain spaces and parentheses; nothing after it does. `utime` is the twelfth field
    // there.
    let (_, fields) = stat.rsplit_once(')')?;
    let times: Vec<u64> = fields
        .split_whitespace()
        .skip(11)
        .take(4)
        .map_while(|field| field.parse().ok())
        .collect();
    (times.len() == 4).then(|| from_ticks(times.iter().sum()))
}

fn busy_of(stat: &str) -> Option<Duration> {
    let times: Vec<u64> = stat
        .lines()
        .find_map(|line| line.strip_prefix("cpu "))?
        .split_whitespace()
        .map_while(|field| field.parse().ok())
        .collect();
    let [user, nice, system, _idle, _iowait, irq, softirq, steal, ..] = times.as_slice() else {
        return None;
    };
    Some(from_ticks(user + nice + system + irq + softirq + steal))
}

fn from_ticks(ticks: u64) -> Duration {
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Duration::from_nanos(ticks.saturating_mul(1_000_000_000 / per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let times = "1 7 7 0 -1 4194304 99 0 0 0 120 30 5 1 20 0 4 0 7";
        for name in ["host", "tokio worker", ":-) S 9 9", ""] {
            let stat = format!("42 ({name}) S {times}\n");
            assert_eq!(cpu_of(&stat), Some(from_ticks(156)), "{name}");
        }
        for stat in [
            "",
            "42 (host",
            "42 (host) S 1 7 7 0",
            "42 (host) S 1 7 7 0 -1 4 9 0 0 0 a b c d",
        ] {
            assert_eq!(cpu_of(stat), None, "{stat}");
        }
    }

    #[test]
    fn sizes_are_found_by_their_whole_name() {
        let status = "Name:\tVmHWM\nVmHWMx:\t  1 kB\nVmHWM:\t  20480 kB\nThreads:\t4\n";
        assert_eq!(kibibytes_of(status, "VmHWM"), Some(20_480));
        assert_eq!(kibibytes_of(status, "Threads"), None);
        assert_eq!(kibibytes_of(status, "VmRSS"), None);
    }

    #[test]
    fn idle_time_and_waiting_for_disks_are_not_busy() {
        let stat = "cpu  10 1 5 900 800 2 3 4 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(busy_of(stat), Some(from_ticks(25)));
        assert_eq!(busy_of("cpu  10 1 5\n"), None);
    }

    #[test]
    fn this_process_has_used_something() {
        assert!(usage_of_tree(std::process::id()).unwrap().peak_bytes > 0);
        assert!(busy_time().unwrap() > Duration::ZERO);
    }
}
