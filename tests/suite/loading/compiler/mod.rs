//! The process that compiles: what it may use and see, how it ends, and that it doesn't harm the host.

mod protocol;

use crate::{PROGRAM, guests, host};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::fs;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::component::large;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::process::{Process, children};
use weld_host_tests::{component, until, until_some};

/// A flag of a descriptor in `/proc/PID/fdinfo`.
const CLOSED_ON_EXEC: u32 = 0o2_000_000;

/// A process that compiles.
struct Compiler(u32);

impl Compiler {
    /// The compiler that this host has started, after it has set its limits. It is stopped, so that it doesn't end on
    /// its own.
    fn of(host: u32) -> Self {
        until_some("a compiler", || {
            let compiler = ManuallyDrop::new(Self(*children(host).first()?));
            let is_set = |limit| compiler.limit(limit).is_some_and(|set| set != "unlimited");
            if !is_set("Max data size") || !is_set("Max cpu time") {
                return None;
            }
            compiler.signal(Signal::STOP);
            Some(ManuallyDrop::into_inner(compiler))
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0))
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.file(name)).ok()
    }

    /// One of its limits, as the kernel shows it: the soft limit.
    fn limit(&self, name: &str) -> Option<String> {
        let limits = self.read("limits")?;
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split_whitespace().next()?.to_owned())
    }

    /// A field of `/proc/PID/stat`, numbered as in `man proc_pid_stat`; from the third on.
    fn stat(&self, field: usize) -> Option<String> {
        let stat = self.read("stat")?;
        let (_, after_name) = stat.rsplit_once(')')?;
        Some(after_name.split_whitespace().nth(field - 3)?.to_owned())
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.0).unwrap()).unwrap();
        kill_process(pid, signal).expect("it is there");
    }

    fn is_compiling(&self) -> bool {
        self.read("cmdline")
            .is_some_and(|line| line.ends_with("\0__compiler\0"))
    }

    /// Waits until it has ended, whether or not its exit status was collected.
    fn wait_for_end(&self) {
        until("the compiler's end", || {
            self.stat(3).is_none_or(|state| state == "Z")
        });
    }
}

impl Drop for Compiler {
    /// A failed test leaves no compiler behind.
    fn drop(&mut self) {
        if self.is_compiling() {
            self.signal(Signal::KILL);
        }
    }
}

/// A host that is compiling a component, with its own cache.
struct Compiling {
    host: Process,
    _folder: TempDir,
}

impl Compiling {
    fn start(flags: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("slow.wasm"), component::slow()).unwrap();
        // Core dumps are allowed if possible, so that the test shows that the compiler forbids them.
        let mut command = Command::new("/bin/sh");
        command
            .args([
                "-c",
                "ulimit -S -c $(ulimit -H -c); exec \"$0\" \"$@\"",
                PROGRAM,
            ])
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--slots",
                "2",
                "--cache",
                "cache",
                "--drain",
                "0s",
            ])
            .args(["--plugins", "."])
            .args(flags)
            .env_clear()
            .env("WELD_API_KEY", "secret")
            .current_dir(folder.path());
        Self {
            host: Process::start(&mut command),
            _folder: folder,
        }
    }
}

/// A host, not yet set up, with the connector `good` in this cache from the start of another host.
fn after_a_start_with(cache: &Path) -> HostBuilder {
    let builder = || {
        host()
            .flag("--cache", &cache.display().to_string())
            .plugin("good", guests::ECHOES_STATE)
    };
    builder().start().announcement("good");
    builder()
}

fn assert_serves(host: &Host, connector: &str) {
    assert_eq!(
        host.weld(connector).good_row("beers", &json!({}))["table"],
        "beers"
    );
}

#[test]
fn compiler_has_limits_a_low_priority_and_no_access_to_the_host() {
    let compiling = Compiling::start(&["--compile-memory", "3GiB", "--compile-time", "100s"]);
    let compiler = Compiler::of(compiling.host.id());
    let limit = |name| compiler.limit(name).expect(name);
    assert_eq!(limit("Max data size"), (3_u64 << 30).to_string());
    assert_eq!(limit("Max core file size"), "0");
    let threads = std::thread::available_parallelism().unwrap().get().min(4);
    assert_eq!(limit("Max cpu time"), (101 * threads).to_string());
    let nice = |process: &Compiler| process.stat(19).unwrap().parse::<i32>().unwrap();
    let of_the_host = nice(&Compiler(compiling.host.id()));
    assert_eq!(nice(&compiler), (of_the_host + 10).min(19));
    assert_eq!(compiler.read("oom_score_adj").unwrap().trim(), "1000");
    assert_eq!(
        compiler.read("environ").unwrap(),
        format!("RAYON_NUM_THREADS={threads}\0")
    );
    // The process that runs this test may have left descriptors open to all its children.
    let is_everybodys = |descriptor: &str| {
        let info =
            fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).unwrap_or_default();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
        flags.is_some_and(|flags| {
            u32::from_str_radix(flags.trim(), 8).unwrap() & CLOSED_ON_EXEC == 0
        })
    };
    for descriptor in fs::read_dir(compiler.file("fd")).unwrap() {
        let descriptor = descriptor.unwrap().file_name().into_string().unwrap();
        assert!(
            ["0", "1", "2"].contains(&&*descriptor) || is_everybodys(&descriptor),
            "{descriptor}"
        );
    }
}

#[test]
fn command_whose_user_waits_compiles_at_its_own_priority_and_says_so() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("slow.wasm"), component::slow()).unwrap();
    let command = Process::start(
        Command::new(PROGRAM)
            .args(["sync", "slow.wasm"])
            .env_clear()
            .env("WELD_CACHE", "cache")
            .current_dir(folder.path()),
    );
    let compiler = Compiler::of(command.id());
    let nice = |process: &Compiler| process.stat(19).unwrap();
    assert_eq!(nice(&compiler), nice(&Compiler(command.id())));
    let line = command.stderr().wait_for_text("compiling");
    assert_eq!(line, "compiling slow.wasm (once for each build) ...");
    command.signal(Signal::KILL);
    compiler.wait_for_end();
}

#[test]
fn compiler_ends_when_its_host_is_killed() {
    let compiling = Compiling::start(&[]);
    let compiler = Compiler::of(compiling.host.id());
    compiling.host.signal(Signal::KILL);
    compiler.wait_for_end();
}

#[test]
fn stopping_host_does_not_wait_for_its_compiler() {
    let compiling = Compiling::start(&[]);
    let compiler = Compiler::of(compiling.host.id());
    compiling.host.signal(Signal::TERM);
    compiler.wait_for_end();
    assert!(compiling.host.wait().status.success());
}

#[test]
fn component_that_takes_too_long_is_reported_and_its_compiler_ended() {
    let compiling = Compiling::start(&["--compile-time", "2s"]);
    let compiler = Compiler::of(compiling.host.id());
    let line = compiling.host.stdout().wait_for_text("  slow  ");
    assert!(
        line.contains("not loaded: compiling the component takes longer than 2s: allow more with --compile-time"),
        "{line}"
    );
    compiling.host.stderr().wait_for_text("--compile-time");
    compiler.wait_for_end();
}

#[test]
fn component_that_takes_too_much_memory_is_reported_while_the_others_serve() {
    // Its own cache, which has nothing compiled by a host without this limit.
    let cache = TempDir::new().unwrap();
    let host = after_a_start_with(cache.path())
        .file("large.wasm", large(1, 50_000))
        .flag("--compile-memory", "48MiB")
        .start();
    let line = host.announcement("large");
    assert!(
        line.contains(
            "not loaded: compiling the component takes more memory than 48MiB: allow more with --compile-memory"
        ),
        "{line}"
    );
    assert_serves(&host, "good");
}

#[test]
fn crash_of_the_compiler_is_reported_and_the_host_keeps_running() {
    let compiling = Compiling::start(&[]);
    // As the kernel does if the machine runs out of memory.
    Compiler::of(compiling.host.id()).signal(Signal::KILL);
    let line = compiling.host.stdout().wait_for_text("  slow  ");
    assert!(
        line.contains("not loaded: the compiler crashed on the component (signal: 9 (SIGKILL))"),
        "{line}"
    );
    compiling.host.stderr().wait_for_text("SIGKILL");
    compiling.host.signal(Signal::TERM);
    assert!(compiling.host.wait().status.success());
}

#[test]
fn code_from_the_cache_needs_no_compiler() {
    let cache = TempDir::new().unwrap();
    let host = after_a_start_with(cache.path())
        .plugin("other", guests::TRAPS)
        .flag("--compile-time", "1ms")
        .start();
    let line = host.announcement("other");
    assert!(
        line.contains("not loaded: compiling the component takes longer than 1ms"),
        "{line}"
    );
    assert_serves(&host, "good");
}
