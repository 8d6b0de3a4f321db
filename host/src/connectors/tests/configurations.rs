//! Broken configurations, and the cost of watching them.

use super::*;

/// The system's files, counting how often a configuration is read and looked at, and how often a component is read.
#[derive(Default)]
struct WatchedFiles {
    configurations: AtomicU64,
    components: AtomicU64,
    looks: AtomicU64,
}

impl FileSystem for WatchedFiles {
    fn read_if(
        &self,
        path: &Path,
        limit: ReadLimit,
        permits: Option<PathCheck<'_>>,
    ) -> Result<Vec<u8>, FileFault> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("toml") => self.configurations.fetch_add(1, Ordering::SeqCst),
            Some("wasm") => self.components.fetch_add(1, Ordering::SeqCst),
            _ => 0,
        };
        SystemFiles.read_if(path, limit, permits)
    }

    fn stamp(&self, path: &Path) -> FileStamp {
        if path.extension().is_some_and(|ending| ending == "toml") {
            self.looks.fetch_add(1, Ordering::SeqCst);
        }
        SystemFiles.stamp(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        SystemFiles.list(folder)
    }

    fn is_folder(&self, path: &Path) -> bool {
        SystemFiles.is_folder(path)
    }
}

/// Values whose files don't exist yet, and configurations that no file fixes.
const BROKEN_CONFIGURATIONS: [&str; 3] = [
    "[env]\nSECRET = { file = \"secret\" }",
    "[limits]\nmemory = much",
    "api-key = { file = \"secret\" }\nunknown = 1",
];

#[tokio::test(flavor = "multi_thread")]
async fn broken_configurations_are_read_rarely_and_their_components_never() {
    let folder = TempDir::new().unwrap();
    for (number, config) in (0..).zip(BROKEN_CONFIGURATIONS) {
        let path = folder.path().join(format!("broken{number}.wasm"));
        fs::write(path.with_extension("toml"), config).unwrap();
        fs::write(path, component(number)).unwrap();
    }
    let files = Arc::new(WatchedFiles::default());
    let startup = start(&folder, files.clone(), "exit 1").await;
    let reloading = tokio::spawn(startup.loader.run(Some(Duration::from_millis(10)), drop));
    let looks = || files.looks.load(Ordering::SeqCst);
    until("they are looked at", || looks() >= 300).await;
    // Each time one is read, it is looked at three times.
    let reads = files.configurations.load(Ordering::SeqCst);
    assert!((4..60).contains(&reads), "{reads}");
    assert_eq!(files.components.load(Ordering::SeqCst), 0);
    reloading.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_configuration_is_read_again_once_a_file_that_it_names_exists() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("first.wasm"), component(1)).unwrap();
    fs::write(folder.path().join("first.toml"), BROKEN_CONFIGURATIONS[0]).unwrap();
    let startup = start(&folder, Arc::new(SystemFiles), "exit 1").await;
    // Only the change can be the reason.
    let hour = Duration::from_secs(60 * 60);
    let reloading = tokio::spawn(startup.loader.run(Some(hour), drop));
    fs::write(folder.path().join("secret"), "hunter2").unwrap();
    until("the file is noticed", || {
        !compilers(folder.path()).is_empty()
    })
    .await;
    reloading.abort();
}
