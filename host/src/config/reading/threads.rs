//! Threads that can be given up, for files that may never answer.
//!
//! Nothing ends a thread that waits in the system for a network file system. So a file that a thread was given up at is
//! asked by no other one, until that thread has come back, another file stands at its path, or some time has passed: at
//! first half a minute, and twice as long after each further thread.

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
use super::files::FileSystem;
use super::limit::{MAX_THREADS, ReadLimit};
use crate::config::stamp::FileStamp;
use crate::lock::Mutex;

/// After how long a file that one thread was given up at may be asked again.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Reads files on threads of its own, so that one that hangs stops nobody.
#[derive(Clone)]
pub struct FileThreads(Arc<Askers>);

struct Askers {
    files: Arc<dyn FileSystem>,
    /// The threads under way, by numbers.
    busy: Mutex<HashMap<u64, Step>>,
    /// Told whenever a thread has ended.
    ended: Notify,
}

/// What a thread asks for at the moment.
struct Step {
    path: PathBuf,
    /// What stands at the path; `None` as long as not even that is known.
    entry: Option<EntryId>,
    since: Instant,
    given_up: Option<Instant>,
}

/// An entry of a folder, not what it links to: other ones have other numbers.
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
    /// Threads that read these files.
    #[must_use]
    pub fn new(files: Arc<dyn FileSystem>) -> Self {
        Self(Arc::new(Askers {
            files,
            busy: Mutex::default(),
            ended: Notify::new(),
        }))
    }

    /// Does `work` on a thread, which is given up once one of its files, `first` to begin with, has not answered for
    /// `patience`.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]; also if `work` asked for a file that is known not to answer.
    pub async fn run<T: Send + 'static>(
        &self,
        first: &Path,
        patience: Duration,
        work: impl FnOnce(&NotedFiles) -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let files = self.begin(first, patience).await?;
        let (askers, number) = (self.0.clone(), files.number);
        let (sender, receiver) = sync_channel(1);
        let thread = thread::Builder::new().name("weld-files".to_owned());
        thread
            .spawn(move || {
                let found = work(&files);
                let refused = files.take_refusal();
                drop(files);
                // Nobody waits for what was given up.
                let _ = sender.send(refused.map_or(Ok(found), Err));
            })
            .map_err(NoAnswer::Thread)?;
        // By the system's clock, not by the runtime's, which tests may hold.
        spawn_blocking(move || askers.wait(number, patience, &receiver))
            .await
            .map_err(|error| NoAnswer::Thread(error.into()))?
    }

    /// The right to begin a thread.
    async fn begin(&self, first: &Path, patience: Duration) -> Result<NotedFiles, NoAnswer> {
        let deadline = Instant::now() + patience;
        loop {
            let mut ended = std::pin::pin!(self.0.ended.notified());
            // From here on no end is missed.
            ended.as_mut().enable();
            if let Some(number) = self.0.enter(first)? {
                return Ok(NotedFiles {
                    askers: self.0.clone(),
                    number,
                    refused: Mutex::default(),
                });
            }
            if timeout_at(deadline.into(), ended).await.is_err() {
                return Err(NoAnswer::TooMany);
            }
        }
    }
}

impl Askers {
    /// The number of a thread that may begin; `None` if it must wait for another one.
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

    /// Notes that a thread asks for `path` next, at which `entry` stands. Whether it may.
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

    /// Waits for what a thread finds, or gives it up.
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

    /// The path at which a thread has stood `since` then, if it still does: it counts as given up from now on.
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

/// The files, as one thread may ask for them: each is noted before, so that the one that hangs can be named, and one that
/// is known to hang is not asked for.
pub struct NotedFiles {
    askers: Arc<Askers>,
    number: u64,
    refused: Mutex<Option<PathBuf>>,
}

impl NotedFiles {
    /// Which file was not asked for, since it is known not to answer. What came of it means nothing.
    pub fn take_refusal(&self) -> Option<NoAnswer> {
        let path = self.refused.lock().take()?;
        Some(NoAnswer::Still { path })
    }

    /// The files, if `path` may be asked for.
    fn at(&self, path: &Path) -> Option<&dyn FileSystem> {
        // Even to look at what stands there may hang.
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
    fn read(&self, path: &Path, limit: ReadLimit) -> Result<Vec<u8>, FileFault> {
        let Some(files) = self.at(path) else {
            let path = path.to_owned();
            return Err(NoAnswer::Still { path }.into());
        };
        files.read(path, limit)
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
