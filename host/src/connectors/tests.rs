//! Loading while some files hang and some components fail, with a scripted file system and a scripted compiler.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::hanging::HangingFiles;
use super::{AdmissionSettings, ConnectorError, LoadReport, Plugins, StartError, Startup};
use crate::config::{
    Ceilings, CompileLimits, FileFault, FileStamp, FileSystem, PathCheck, ReadLimit, SystemFiles,
};
use crate::egress::Upstreams;
use crate::report;
use crate::sandbox::{Compilation, CompilerPriority, CompilerProcess, EngineSettings, Runtime};

mod configurations;

/// The maximum size of a component in these tests.
const LARGEST_BYTES: u64 = 1 << 20;

/// The bytes of an empty component. It differs from others by a custom section of one byte.
fn component(mark: u8) -> Vec<u8> {
    [&b"\0asm\x0d\0\x01\0\0\x02\x01"[..], &[mark]].concat()
}

/// A compiler that writes its process number, a line for each component, and then runs the script.
fn compiler(folder: &Path, script: &str) -> Compilation {
    let script = format!(
        "cat > /dev/null; echo $$ >> {}; {script}",
        folder.join("count").display()
    );
    Compilation::Process(CompilerProcess {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        limits: CompileLimits::default(),
        priority: CompilerPriority::Background,
    })
}

/// The compilers that were started.
fn compilers(folder: &Path) -> Vec<String> {
    let lines = fs::read_to_string(folder.join("count")).unwrap_or_default();
    lines.lines().map(str::to_owned).collect()
}

/// Starts with a compiler that runs the script.
async fn start(folder: &TempDir, files: Arc<dyn FileSystem>, script: &str) -> Startup {
    try_start(folder, files, script).await.unwrap()
}

async fn try_start(
    folder: &TempDir,
    files: Arc<dyn FileSystem>,
    script: &str,
) -> Result<Startup, StartError> {
    plugins(folder, files, script).load(None, ADMISSION).await
}

const ADMISSION: AdmissionSettings = AdmissionSettings {
    slots: 1,
    queue: 1,
    queue_wait: Duration::from_secs(1),
    max_concurrency: 1,
};

fn plugins(folder: &TempDir, files: Arc<dyn FileSystem>, script: &str) -> Plugins {
    let engine = EngineSettings {
        slots: 1,
        max_memory_bytes: 1 << 20,
        total_memory_bytes: 1 << 30,
        keep_memory_bytes: 0,
    };
    let runtime = Runtime::new(engine, compiler(folder.path(), script), None).unwrap();
    let plugins = Plugins::new(
        Arc::new(runtime),
        Arc::new(Upstreams::default()),
        folder.path().to_owned(),
        Ceilings {
            component_bytes: LARGEST_BYTES,
            ..Ceilings::default()
        },
    );
    plugins.with_files(files)
}

/// Waits until a condition holds, and fails if that takes very long.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let held = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(60), held).await;
    assert!(in_time.is_ok(), "{what}");
}

/// Waits until this connector has failed to load.
async fn until_failed(connectors: &super::Connectors, name: &str) {
    let has_failed = || {
        matches!(
            connectors.find(Some(name)),
            Err(ConnectorError::Unavailable { .. })
        )
    };
    until(name, has_failed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_hang_delay_neither_the_start_nor_a_reload_of_the_others() {
    let folder = TempDir::new().unwrap();
    let put = |name: &str| fs::write(folder.path().join(name), "no component").unwrap();
    let hanging = ["a.wasm", "b.toml", "secret", "e.wasm", "f.wasm", "g.wasm"];
    let files = HangingFiles::new(&hanging);
    // More than are read at once.
    let silent = ["a", "b", "c", "e", "f", "g"];
    for name in silent.into_iter().chain(["good"]) {
        put(&format!("{name}.wasm"));
    }
    let config = "[env]\nSECRET = { file = \"secret\" }";
    fs::write(folder.path().join("c.toml"), config).unwrap();
    put("secret");
    let startup = start(&folder, files.clone(), "exit 1").await;
    let names: Vec<&str> = startup
        .reports
        .iter()
        .map(|report| report.name.as_str())
        .collect();
    assert_eq!(names, ["good"]);
    assert_eq!(startup.loader.unfinished(), silent.len());
    let connectors = startup.connectors;
    for name in silent {
        let waits = connectors.find(Some(name)).map(|_| ());
        assert!(
            matches!(waits, Err(ConnectorError::Loading)),
            "{name}: {waits:?}"
        );
    }
    let loader = startup.loader;
    let reloading = tokio::spawn(loader.run(Some(Duration::from_millis(100)), drop));
    put("new.wasm");
    until_failed(&connectors, "new").await;
    // A configuration that no longer names a hanging file is read, though the load of the old one hangs.
    fs::write(folder.path().join("d.toml"), config).unwrap();
    put("d.wasm");
    until("it hangs", || files.hanging_at("secret") == 2).await;
    fs::write(folder.path().join("d.toml"), "").unwrap();
    until_failed(&connectors, "d").await;
    // Once they respond, they are read to the end.
    files.release();
    for name in silent {
        until_failed(&connectors, name).await;
    }
    reloading.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn component_that_failed_is_not_compiled_again_until_it_changes() {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, mark| fs::write(folder.path().join(name), component(mark)).unwrap();
    put("first.wasm", 1);
    let mut startup = start(&folder, Arc::new(SystemFiles), "exit 1").await;
    startup
        .loader
        .finish(|report: LoadReport| assert!(report.outcome.is_err()))
        .await;
    assert_eq!(compilers(folder.path()).len(), 1);
    let connectors = startup.connectors;
    let loader = startup.loader;
    let reloading = tokio::spawn(loader.run(Some(Duration::from_millis(100)), drop));
    put("copy.wasm", 1);
    until_failed(&connectors, "copy").await;
    assert_eq!(
        compilers(folder.path()).len(),
        1,
        "a copy fails like the original"
    );
    put("other.wasm", 2);
    until_failed(&connectors, "other").await;
    assert_eq!(
        compilers(folder.path()).len(),
        2,
        "another component is compiled"
    );
    reloading.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_all_files_are_remembered_while_the_files_exist() {
    const FILES: usize = 300;
    let folder = TempDir::new().unwrap();
    let file = |number: usize| folder.path().join(format!("broken-{number}.wasm"));
    for number in 0..FILES {
        // A name of three bytes for the section by which they differ.
        let name = format!("{number:03}");
        let bytes = [&b"\0asm\x0d\0\x01\0\0\x04\x03"[..], name.as_bytes()];
        fs::write(file(number), bytes.concat()).unwrap();
    }
    let plugins = plugins(&folder, Arc::new(SystemFiles), "exit 1");
    for _ in 0..2 {
        let mut startup = plugins.clone().load(None, ADMISSION).await.unwrap();
        startup
            .loader
            .finish(|report: LoadReport| assert!(report.outcome.is_err()))
            .await;
        assert_eq!(compilers(folder.path()).len(), FILES);
    }
    let startup = plugins.clone().load(None, ADMISSION).await.unwrap();
    let reloading = tokio::spawn(startup.loader.run(Some(Duration::from_millis(100)), drop));
    for number in 1..FILES {
        fs::remove_file(file(number)).unwrap();
    }
    until("the others are forgotten", || plugins.failures.files() == 1).await;
    reloading.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn compilation_ends_when_the_component_changes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("first.wasm");
    fs::write(&path, component(1)).unwrap();
    let startup = start(&folder, Arc::new(SystemFiles), "exec sleep 3600").await;
    let (connectors, loader) = (startup.connectors, startup.loader);
    let reloading = tokio::spawn(loader.run(Some(Duration::from_millis(100)), drop));
    until("it is compiled", || !compilers(folder.path()).is_empty()).await;
    fs::write(&path, "no component").unwrap();
    until_failed(&connectors, "first").await;
    let compiler = compilers(folder.path()).concat();
    until("the compiler has ended", || !is_running(&compiler)).await;
    reloading.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn component_whose_compiler_was_killed_from_outside_is_retried() {
    for interval in [Some(Duration::from_millis(100)), None] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("first.wasm"), component(1)).unwrap();
        let startup = start(&folder, Arc::new(SystemFiles), "kill -KILL $$").await;
        let reloading = tokio::spawn(startup.loader.run(interval, drop));
        until("it is compiled again", || {
            compilers(folder.path()).len() >= 3
        })
        .await;
        reloading.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_folder_that_hangs_ends_the_start_with_the_reason() {
    let folder = TempDir::new().unwrap();
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    let files = HangingFiles::new(&[name]);
    let error = try_start(&folder, files.clone(), "exit 1").await.err();
    let message = report::chain(&error.expect("it does not start"));
    assert!(
        message.contains("could not read") && message.contains("has not responded for 5s"),
        "{message}"
    );
    files.release();
}

/// The system's files, recording how many bytes are being read at once.
#[derive(Default)]
struct CountedFiles {
    bytes: AtomicU64,
    most: AtomicU64,
}

impl FileSystem for CountedFiles {
    fn read_if(
        &self,
        path: &Path,
        limit: ReadLimit,
        permits: Option<PathCheck<'_>>,
    ) -> Result<Vec<u8>, FileFault> {
        // A larger file is refused unread.
        let length = Some(self.stamp(path).length()).filter(|length| *length <= LARGEST_BYTES);
        let length = length.unwrap_or_default();
        let bytes = self.bytes.fetch_add(length, Ordering::SeqCst) + length;
        self.most.fetch_max(bytes, Ordering::SeqCst);
        // So that other threads that may read do so in the meantime.
        std::thread::sleep(Duration::from_millis(20));
        let content = SystemFiles.read_if(path, limit, permits);
        self.bytes.fetch_sub(length, Ordering::SeqCst);
        content
    }

    fn stamp(&self, path: &Path) -> FileStamp {
        SystemFiles.stamp(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        SystemFiles.list(folder)
    }

    fn is_folder(&self, path: &Path) -> bool {
        SystemFiles.is_folder(path)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn components_read_at_once_have_at_most_the_bytes_of_the_largest() {
    let folder = TempDir::new().unwrap();
    let large = usize::try_from(LARGEST_BYTES).unwrap();
    for number in 0..8 {
        let path = folder.path().join(format!("large{number}.wasm"));
        fs::write(path, vec![b'x'; large - number]).unwrap();
    }
    fs::write(folder.path().join("over.wasm"), vec![b'x'; large + 1]).unwrap();
    let files = Arc::new(CountedFiles::default());
    let mut startup = start(&folder, files.clone(), "exit 1").await;
    let mut messages = Vec::new();
    let mut note = |report: LoadReport| {
        messages.push(report::chain(&report.outcome.unwrap_err()));
    };
    startup.reports.drain(..).for_each(&mut note);
    startup.loader.finish(note).await;
    let refused = messages
        .iter()
        .filter(|message| message.contains("--max-component"));
    assert_eq!((messages.len(), refused.count()), (9, 1), "{messages:?}");
    let most = files.most.load(Ordering::SeqCst);
    assert!(most <= LARGEST_BYTES, "{most}");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_component_in_a_long_compilation_does_not_delay_others() {
    let folder = TempDir::new().unwrap();
    for mark in [1, 2] {
        let mut large = component(mark);
        large.resize(usize::try_from(LARGEST_BYTES).unwrap(), 0);
        fs::write(folder.path().join(format!("large{mark}.wasm")), large).unwrap();
    }
    let startup = start(&folder, Arc::new(SystemFiles), "exec sleep 3600").await;
    let loading = tokio::spawn(startup.loader.run(None, drop));
    until("both are compiled", || compilers(folder.path()).len() == 2).await;
    loading.abort();
}

fn is_running(process: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}
