//! Threads that can be given up, for files that may never answer.
//!
//! Nothing ends a thread that waits in the system for a network file system. So each file is asked by at most one
//! thread: while that one waits, the file counts as not answering, and once it has come back, the file may be asked again.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};
use tokio::time::timeout_at;

use super::fault::{FileFault, NoAnswer};
use super::files::FileSystem;
use super::limit::{MAX_THREADS, ReadLimit};
use crate::config::stamp::FileStamp;
use crate::lock::Mutex;

/// What a thread is begun for: its purpose, and a path.
type Subject = (&'static str, PathBuf);

/// Reads files on threads of its own, so that one that hangs stops nobody.
#[derive(Clone)]
pub struct FileThreads(Arc<Askers>);

struct Askers {
    files: Arc<dyn FileSystem>,
    /// The threads under way, each with what it was begun for, and whether it was given up.
    busy: Mutex<HashMap<Subject, bool>>,
    /// Told whenever a thread has ended.
    ended: Notify,
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

    /// Does `work` on a thread. It is given up once one of its files has not answered for `patience`; nobody else asks for
    /// the same `purpose` and `path` then until the thread has come back.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub async fn run<T: Send + 'static>(
        &self,
        purpose: &'static str,
        path: &Path,
        patience: Duration,
        work: impl FnOnce(&NotedFiles) -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let subject = (purpose, path.to_owned());
        let asker = self.begin(&subject, patience).await?;
        let files = NotedFiles::new(self.0.files.clone(), path);
        let step = files.step.clone();
        let (sender, mut receiver) = oneshot::channel();
        let thread = thread::Builder::new().name("weld-files".to_owned());
        thread
            .spawn(move || {
                let found = work(&files);
                drop(asker);
                // Nobody waits for what was given up.
                let _ = sender.send(found);
            })
            .map_err(NoAnswer::Thread)?;
        loop {
            let since = step.lock().1;
            match timeout_at((since + patience).into(), &mut receiver).await {
                Ok(Ok(found)) => return Ok(found),
                Ok(Err(_)) => return Err(NoAnswer::Thread(io::Error::other("it panicked"))),
                Err(_) => {}
            }
            let (path, now_since) = step.lock().clone();
            if now_since == since {
                self.give_up(&subject);
                return Err(NoAnswer::GivenUp {
                    path,
                    waited: patience,
                });
            }
        }
    }

    /// Whether a thread that was begun for this, and given up, has not come back.
    #[must_use]
    pub fn waits_for(&self, purpose: &'static str, path: &Path) -> bool {
        let subject = &(purpose, path.to_owned());
        self.0
            .busy
            .lock()
            .get(subject)
            .is_some_and(|given_up| *given_up)
    }

    /// The right to begin a thread, once nobody else asks for `subject`.
    async fn begin(&self, subject: &Subject, patience: Duration) -> Result<Asker, NoAnswer> {
        let deadline = Instant::now() + patience;
        let still = || NoAnswer::Still {
            path: subject.1.clone(),
        };
        loop {
            let mut ended = std::pin::pin!(self.0.ended.notified());
            // From here on no end is missed.
            ended.as_mut().enable();
            {
                let mut busy = self.0.busy.lock();
                match busy.get(subject) {
                    Some(true) => return Err(still()),
                    None if busy.len() < MAX_THREADS => {
                        busy.insert(subject.clone(), false);
                        return Ok(Asker {
                            askers: self.0.clone(),
                            subject: subject.clone(),
                        });
                    }
                    None if busy.values().all(|given_up| *given_up) => {
                        return Err(NoAnswer::TooMany);
                    }
                    Some(false) | None => {}
                }
            }
            if timeout_at(deadline.into(), ended).await.is_err() {
                // Whoever began that thread doesn't wait for it any more.
                return Err(if self.give_up(subject) {
                    still()
                } else {
                    NoAnswer::TooMany
                });
            }
        }
    }

    /// Whether a thread is under way for `subject`, which counts as given up from now on.
    fn give_up(&self, subject: &Subject) -> bool {
        let mut busy = self.0.busy.lock();
        let asker = busy.get_mut(subject);
        asker.map(|given_up| *given_up = true).is_some()
    }
}

/// One thread under way, as long as this is there.
struct Asker {
    askers: Arc<Askers>,
    subject: Subject,
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.askers.busy.lock().remove(&self.subject);
        self.askers.ended.notify_waiters();
    }
}

/// The files, of which each is noted before it is asked, so that the one that hangs can be named.
pub struct NotedFiles {
    files: Arc<dyn FileSystem>,
    step: Arc<Mutex<(PathBuf, Instant)>>,
}

impl NotedFiles {
    fn new(files: Arc<dyn FileSystem>, first: &Path) -> Self {
        let step = Arc::new(Mutex::new((first.to_owned(), Instant::now())));
        Self { files, step }
    }

    /// The files, which are asked for `path` next.
    fn at(&self, path: &Path) -> &dyn FileSystem {
        *self.step.lock() = (path.to_owned(), Instant::now());
        &*self.files
    }
}

impl FileSystem for NotedFiles {
    fn read(&self, path: &Path, limit: ReadLimit) -> Result<Vec<u8>, FileFault> {
        self.at(path).read(path, limit)
    }

    fn stamp(&self, path: &Path) -> FileStamp {
        self.at(path).stamp(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.at(folder).list(folder)
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.at(path).is_folder(path)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::super::files::SystemFiles;
    use super::*;

    /// For files that hang.
    const SOON: Duration = Duration::from_millis(10);
    /// For files that answer.
    const PATIENT: Duration = Duration::from_secs(60);

    fn threads() -> FileThreads {
        FileThreads::new(Arc::new(SystemFiles))
    }

    /// A file that hangs until the sender is dropped.
    fn hanging() -> (Sender<()>, Receiver<()>) {
        channel()
    }

    async fn hang(threads: &FileThreads, subject: &str, hangs: Receiver<()>) -> NoAnswer {
        let hung = threads.run("load", Path::new(subject), SOON, move |files| {
            files.at(Path::new("/mnt/secret"));
            let _released = hangs.recv();
        });
        hung.await.expect_err("it hangs")
    }

    #[tokio::test]
    async fn file_that_hangs_is_given_up_named_and_asked_by_no_second_thread() {
        let threads = threads();
        let (hold, hangs) = hanging();
        let error = hang(&threads, "a.wasm", hangs).await.to_string();
        assert!(
            error.starts_with("/mnt/secret has not answered for 10ms"),
            "{error}"
        );
        let asked = Arc::new(Mutex::new(false));
        let note = asked.clone();
        let again = threads.run("load", Path::new("a.wasm"), SOON, move |_| {
            *note.lock() = true
        });
        assert!(matches!(again.await, Err(NoAnswer::Still { .. })));
        assert!(!*asked.lock() && threads.waits_for("load", Path::new("a.wasm")));
        let other = threads
            .run("load", Path::new("b.wasm"), PATIENT, |_| 1)
            .await;
        assert_eq!(other.unwrap(), 1, "the others go on");
        drop(hold);
        while threads.waits_for("load", Path::new("a.wasm")) {
            tokio::task::yield_now().await;
        }
        let back = threads
            .run("load", Path::new("a.wasm"), PATIENT, |_| 2)
            .await;
        assert_eq!(back.unwrap(), 2, "once it has come back, it is asked again");
    }

    #[tokio::test]
    async fn work_may_take_longer_than_each_of_its_files() {
        let patience = Duration::from_secs(1);
        let work = move |files: &NotedFiles| {
            for step in 0..4 {
                files.at(Path::new(&step.to_string()));
                thread::sleep(patience / 3);
            }
        };
        let done = threads()
            .run("load", Path::new("a.wasm"), patience, work)
            .await;
        assert!(done.is_ok());
    }

    #[tokio::test]
    async fn no_more_threads_wait_than_may() {
        let threads = threads();
        let mut holds = Vec::new();
        for subject in 0..MAX_THREADS {
            let (hold, hangs) = hanging();
            holds.push(hold);
            let hung = hang(&threads, &subject.to_string(), hangs).await;
            assert!(matches!(hung, NoAnswer::GivenUp { .. }), "{hung}");
        }
        let refused = threads
            .run("load", Path::new("one-more"), SOON, |_| ())
            .await;
        assert!(matches!(refused, Err(NoAnswer::TooMany)), "{refused:?}");
        holds.pop();
        while threads.waits_for("load", Path::new(&(MAX_THREADS - 1).to_string())) {
            tokio::task::yield_now().await;
        }
        assert!(
            threads
                .run("load", Path::new("one-more"), SOON, |_| ())
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn work_that_panics_is_reported_and_leaves_its_file_free() {
        let threads = threads();
        let broken = threads
            .run("load", Path::new("a.wasm"), PATIENT, |_| panic!("broken"))
            .await;
        assert!(matches!(broken, Err(NoAnswer::Thread(_))));
        assert!(
            threads
                .run("load", Path::new("a.wasm"), PATIENT, |_| ())
                .await
                .is_ok()
        );
    }
}
