//! The keys that clients send, from `--api-key-file`, and how the host follows changes of that file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::config::{
    FILE_TIME, FileStamp, FileSystem, FileThreads, KeyFileError, KeyLine, NotedFiles, Secret,
    SystemFiles,
};
use crate::lock::Mutex;
use crate::report;
use crate::server::LiveSettings;

/// How often the file is looked at, at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long the file must be unchanged before it is read, so that a key that is only half written is not used.
const SETTLED: Duration = Duration::from_millis(200);

/// The file of a running host's keys, if they come from one. Clones are the same file.
#[derive(Clone)]
pub(super) struct ClientKeyFile {
    server: LiveSettings,
    threads: FileThreads,
    seen: Arc<Mutex<SeenKeyFile>>,
}

/// What was last seen of the file.
struct SeenKeyFile {
    /// The file; `None` if the keys come from elsewhere.
    path: Option<Arc<Path>>,
    /// The stamp of the content that was last read, usable or not; `None` for the content at startup.
    read: Option<FileStamp>,
    /// Why the last attempt failed, so that the log says it once.
    problem: Option<String>,
}

/// One look at the file: its stamp, and its keys.
type LookedUp = (FileStamp, Result<Vec<Secret>, KeyFileError>);

impl ClientKeyFile {
    /// The file at this path, from which the server's keys were read at startup.
    pub(super) fn new(path: Option<PathBuf>, server: LiveSettings) -> Self {
        Self {
            server,
            threads: FileThreads::new(Arc::new(SystemFiles)),
            seen: Arc::new(Mutex::new(SeenKeyFile {
                path: path.map(Into::into),
                read: None,
                problem: None,
            })),
        }
    }

    /// The keys come from this file from now on, and have just been read.
    pub(super) fn set_path(&self, path: Option<PathBuf>) {
        let mut seen = self.seen.lock();
        seen.path = path.map(Into::into);
        seen.read = None;
        seen.problem = None;
    }

    /// Reads the file again. The log says if the keys are others now. If the file can't be used, the previous keys stay, and
    /// the log says why, once for each reason.
    async fn reread(&self, path: Arc<Path>) {
        let file = path.clone();
        let read = move |files: &NotedFiles| -> LookedUp {
            let stamp = files.stamp(&file);
            let lines = KeyLine::read_all(&file, files);
            let keys = lines.and_then(|lines| KeyLine::as_client_keys(&lines, &file));
            (stamp, keys)
        };
        let looked = self.threads.run(&path, FILE_TIME, read).await;
        let mut seen = self.seen.lock();
        if seen.path.as_ref() != Some(&path) {
            return;
        }
        let problem = match looked {
            Ok((stamp, keys)) => {
                // The same file may be readable the next time.
                if !matches!(keys, Err(KeyFileError::Unreadable { .. })) {
                    seen.read = Some(stamp);
                }
                match keys {
                    Ok(keys) => {
                        seen.problem = None;
                        if self.server.set_keys(&keys) {
                            let (file, keys) = (path.display(), keys.len());
                            tracing::info!(%file, keys, "the keys of clients have changed (--api-key-file)");
                        }
                        return;
                    }
                    Err(error) => report::chain(&error),
                }
            }
            Err(error) => report::chain(&error),
        };
        if seen.problem.as_ref() != Some(&problem) {
            tracing::warn!(
                problem,
                "the keys of clients can't be read again (--api-key-file), so the previous ones stay valid"
            );
            seen.problem = Some(problem);
        }
    }

    /// Reads the file again whenever it has changed. Looks at it at least this often; never ends.
    pub(super) async fn follow(self, interval: Duration) {
        let interval = interval.min(INTERVAL);
        loop {
            tokio::time::sleep(interval).await;
            let Some(mut found) = self.changed().await else {
                continue;
            };
            loop {
                tokio::time::sleep(SETTLED.min(interval)).await;
                match self.changed().await {
                    Some(next) if next != found => found = next,
                    Some((path, _)) => {
                        self.reread(path).await;
                        break;
                    }
                    None => break,
                }
            }
        }
    }

    /// The file with its stamp, if the content that was last read is not the current one. `None` also if the file doesn't
    /// respond, since nothing can be read then.
    async fn changed(&self) -> Option<(Arc<Path>, FileStamp)> {
        let path = self.seen.lock().path.clone()?;
        let file = path.clone();
        let look = move |files: &NotedFiles| files.stamp(&file);
        let stamp = self.threads.run(&path, FILE_TIME, look).await.ok()?;
        (self.seen.lock().read != Some(stamp)).then_some((path, stamp))
    }
}
