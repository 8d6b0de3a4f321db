//! Threads that can be abandoned, for files that may never respond.
//!
//! A thread that waits in the kernel for a network file system can't be stopped. So once a thread has been abandoned at
//! a file, no other thread tries that file until the first one returns, the path has another entry, or some time has
//! passed: at first 30 s, and twice as long after each further thread.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::timeout_at;

use super::fault::{FileFault, NoAnswer};
use super::files::{FileSystem, PathCheck};
use super::limit::{MAX_THREADS, ReadLimit};
use crate::config::stamp::FileStamp;
use crate::lock::Mutex;

/// The time after which a file may be tried again, if one thread has been abandoned at it.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Reads files on its own threads, so that a file that hangs stops nothing else.
#[derive(Clone)]
pub struct FileThreads(Arc<Askers>);

struct Askers {
    files: Arc<dyn FileSystem>,
    /// The running threads, by number.
    busy: Mutex<HashMap<u64, Step>>,
    /// Notified whenever a thread has ended.
    ended: Notify,
}

/// The file that a thread is reading.
struct Step {
    path: PathBuf,
    /// The entry at the path; `None` while it isn't known yet.
    entry: Option<EntryId>,
    since: Instant,
    given_up: Option<Instant>,
}

/// The identity of a folder's entry, not of the file it links to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct EntryId(Option<[i64; 4]>);

impl EntryId {
    fn of(path: &Path) -> Self {
        let found = std::fs::symlink_metadata(path).ok();
        Self(found.map(|found| {
            let numbers = [found.dev(), found.ino()].map(u64::cast_signed);
            [numbers[0], numbers[1], found.ctime(), found.ctime_nsec()]
        }))
    }
}

impl FileThreads {
    /// Creates threads that read these files.
    #[must_use]
    pub fn new(files: Arc<dyn FileSystem>) -> Self {
        Self(Arc::new(Askers {
            files,
            busy: Mutex::default(),
            ended: Notify::new(),
        }))
    }

    /// Does `work` on a thread. The thread is abandoned once one of its files, beginning with `first`, has not
    /// responded for `patience`.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]; also if `work` tried to read a file that is known not to respond.
    pub async fn run<T: Send + 'static>(
        &self,
        first: &Path,
        patience: Duration,
        work: impl FnOnce(&NotedFiles) -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let files = self.begin(first, patience).await?;
        let (askers, number) = (self.0.clone(), files.number);
        let receiver = spawn(files, work)?;
        // Measured by the system's clock, since tests may pause the runtime's.
        spawn_blocking(move || askers.wait(number, patience, &receiver))
            .await
            .map_err(|error| NoAnswer::Thread(error.into()))?
    }

    /// As [`run`](Self::run), but blocks, also outside of a runtime. If the most threads wait for files, it fails at once.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_blocking<T: Send + 'static>(
        &self,
        first: &Path,
        patience: Duration,
        work: impl FnOnce(&NotedFiles) -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let number = self.0.enter(first)?.ok_or(NoAnswer::TooMany)?;
        let receiver = spawn(self.noted(number), work)?;
        self.0.wait(number, patience, &receiver)
    }

    fn noted(&self, number: u64) -> NotedFiles {
        NotedFiles {
            askers: self.0.clone(),
            number,
            refused: Mutex::default(),
        }
    }

    /// Waits until a thread may begin.
    async fn begin(&self, first: &Path, patience: Duration) -> Result<NotedFiles, NoAnswer> {
        let deadline = Instant::now() + patience;
        loop {
            let mut ended = std::pin::pin!(self.0.ended.notified());
            // From here on, no notification is missed.
            ended.as_mut().enable();
            if let Some(number) = self.0.enter(first)? {
                return Ok(self.noted(number));
            }
            if timeout_at(deadline.into(), ended).await.is_err() {
                return Err(NoAnswer::TooMany);
            }
        }
    }
}

/// Does `work` on a new thread. Returns what receives its result.
fn spawn<T: Send + 'static>(
    files: NotedFiles,
    work: impl FnOnce(&NotedFiles) -> T + Send + 'static,
) -> Result<Receiver<Result<T, NoAnswer>>, NoAnswer> {
    let (sender, receiver) = sync_channel(1);
    let thread = thread::Builder::new().name("weld-files".to_owned());
    thread
        .spawn(move || {
            let found = work(&files);
            let refused = files.take_refusal();
            drop(files);
            // An abandoned thread has no receiver.
            let _ = sender.send(refused.map_or(Ok(found), Err));
        })
        .map_err(NoAnswer::Thread)?;
    Ok(receiver)
}

impl Askers {
    /// The number of a thread that may begin; `None` if it must wait for another to end.
    fn enter(&self, first: &Path) -> Result<Option<u64>, NoAnswer> {
        let mut busy = self.busy.lock();
        if busy.len() >= MAX_THREADS {
            if busy.values().all(|step| step.given_up.is_some()) {
                return Err(NoAnswer::TooMany);
            }
            return Ok(None);
        }
        let mut number = busy.len() as u64;
        while busy.contains_key(&number) {
            number += 1;
        }
        let step = Step {
            path: first.to_owned(),
            entry: None,
            since: Instant::now(),
            given_up: None,
        };
        busy.insert(number, step);
        Ok(Some(number))
    }

    /// Records that a thread reads `path` next, where `entry` is. Returns whether it may.
    fn note(&self, number: u64, path: &Path, entry: Option<EntryId>) -> bool {
        let mut busy = self.busy.lock();
        let mut stuck = 0_u32;
        let mut latest = None;
        for step in busy.values().filter(|step| step.path == path) {
            if step.given_up.is_some() && (step.entry.is_none() || step.entry == entry) {
                stuck += 1;
                latest = latest.max(step.given_up);
            }
        }
        let pause = AGAIN_AFTER * 2_u32.saturating_pow(stuck.saturating_sub(1));
        if latest.is_some_and(|latest| latest.elapsed() < pause) {
            return false;
        }
        if let Some(step) = busy.get_mut(&number) {
            if step.path != path {
                step.path = path.to_owned();
            }
            step.entry = entry;
            step.since = Instant::now();
        }
        true
    }

    /// Waits for a thread's result, or abandons the thread.
    fn wait<T>(
        &self,
        number: u64,
        patience: Duration,
        found: &Receiver<Result<T, NoAnswer>>,
    ) -> Result<T, NoAnswer> {
        loop {
            let since = self.since(number);
            let left = since.map_or(patience, |since| patience.saturating_sub(since.elapsed()));
            match found.recv_timeout(left) {
                Ok(found) => return found,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(NoAnswer::Thread(io::Error::other("it panicked")));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(path) = self.give_up(number, since) {
                return Err(NoAnswer::GivenUp {
                    path,
                    waited: patience,
                });
            }
        }
    }

    fn since(&self, number: u64) -> Option<Instant> {
        Some(self.busy.lock().get(&number)?.since)
    }

    /// The path that a thread has been reading `since` then, if it still is; the thread counts as abandoned from now
    /// on.
    fn give_up(&self, number: u64, since: Option<Instant>) -> Option<PathBuf> {
        let mut busy = self.busy.lock();
        let step = busy.get_mut(&number)?;
        if Some(step.since) != since {
            return None;
        }
        step.given_up = Some(Instant::now());
        Some(step.path.clone())
    }
}

/// The files, as one thread reads them. Each read is recorded first, so that a file that hangs can be named, and a file
/// that is known to hang is not tried.
pub struct NotedFiles {
    askers: Arc<Askers>,
    number: u64,
    refused: Mutex<Option<PathBuf>>,
}

impl NotedFiles {
    /// The file that was not tried because it is known not to respond. If there is one, the thread's result is
    /// meaningless.
    pub fn take_refusal(&self) -> Option<NoAnswer> {
        let path = self.refused.lock().take()?;
        Some(NoAnswer::Still { path })
    }

    /// The files, if `path` may be read.
    fn at(&self, path: &Path) -> Option<&dyn FileSystem> {
        // Even reading the metadata may hang.
        let may = self.askers.note(self.number, path, None) && {
            let entry = EntryId::of(path);
            self.askers.note(self.number, path, Some(entry))
        };
        if may {
            return Some(&*self.askers.files);
        }
        *self.refused.lock() = Some(path.to_owned());
        None
    }
}

impl Drop for NotedFiles {
    fn drop(&mut self) {
        self.askers.busy.lock().remove(&self.number);
        self.askers.ended.notify_waiters();
    }
}

impl FileSystem for NotedFiles {
    fn read_if(
        &self,
        path: &Path,
        limit: ReadLimit,
        permits: Option<PathCheck<'_>>,
    ) -> Result<Vec<u8>, FileFault> {
        let Some(files) = self.at(path) else {
            let path = path.to_owned();
            return Err(NoAnswer::Still { path }.into());
        };
        files.read_if(path, limit, permits)
    }

    fn stamp(&self, path: &Path) -> FileStamp {
        self.at(path)
            .map_or_else(FileStamp::missing, |files| files.stamp(path))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.at(folder)
            .map_or_else(|| Ok(Vec::new()), |files| files.list(folder))
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.at(path).is_some_and(|files| files.is_folder(path))
    }
}

#[cfg(test)]
mod tests;
