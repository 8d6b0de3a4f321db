//! Files whose content is kept up to date while the host runs: the keys of clients, of the admin listener and of the
//! token store, and the server's certificate.
//!
//! Files are read on threads that can be abandoned, up to a size and a time, and no lock is held meanwhile. A content that
//! can't be used changes nothing: the last usable one stays, and the log says why, once for each reason.
//!
//! A leaf: it uses only `config`, `lock` and `report`.

use std::fmt::{self, Debug, Formatter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::config::{
    FILE_TIME, FileStamp, FileSystem, FileThreads, NoAnswer, NotedFiles, SystemFiles,
};
use crate::lock::Mutex;
use crate::report;

/// How long files must be unchanged before they are read, so that nothing half-written is used.
const SETTLED: Duration = Duration::from_millis(200);

/// How often a content that could not be used is read again though it has not changed: a certificate may become valid, and
/// a disk may recover.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Why a content can't be used. Messages contain no secret.
pub(crate) type FollowFault = Box<dyn std::error::Error + Send + Sync>;

/// Reads the files into a value.
type ReadContent<T> = Arc<dyn Fn(&dyn FileSystem) -> Result<T, FollowFault> + Send + Sync>;

/// What the log says about followed files. Each text names what the files have and the flag that names them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FollowTexts {
    /// The new content can't be used.
    pub(crate) unusable: &'static str,
    /// The files don't respond, so nobody knows whether they have changed.
    pub(crate) silent: &'static str,
    /// After one of these: the content is usable.
    pub(crate) usable: &'static str,
}

/// One file, or several that belong together, with the value of their last usable content.
pub(crate) struct FollowedFile<T> {
    paths: Arc<[PathBuf]>,
    texts: FollowTexts,
    read: ReadContent<T>,
    threads: FileThreads,
    /// How long the files may take to respond.
    patience: Duration,
    /// The number of the next read.
    next: AtomicU64,
    state: Mutex<FollowState<T>>,
}

struct FollowState<T> {
    value: Arc<T>,
    /// The stamps of the content that was read last, usable or not; `None` at first, so that a change since the value was
    /// read is noticed.
    read: Option<Vec<FileStamp>>,
    /// The stamps at the last look.
    seen: Option<Vec<FileStamp>>,
    /// When to read the same content again, because it could not be used.
    again: Option<Instant>,
    /// What the log said last.
    problem: Option<FollowProblem>,
    /// The number of the read that counts. One that began earlier and ended later is discarded.
    number: u64,
}

/// A problem that the log mentions once.
#[derive(PartialEq, Eq)]
enum FollowProblem {
    Unusable(String),
    Silent,
}

impl<T: PartialEq + Send + Sync + 'static> FollowedFile<T> {
    /// The files at these paths, which `read` reads, and the value that was just read from them.
    pub(crate) fn new(
        paths: impl Into<Arc<[PathBuf]>>,
        texts: FollowTexts,
        value: T,
        read: impl Fn(&dyn FileSystem) -> Result<T, FollowFault> + Send + Sync + 'static,
    ) -> Self {
        Self {
            paths: paths.into(),
            texts,
            read: Arc::new(read),
            threads: FileThreads::new(Arc::new(SystemFiles)),
            patience: FILE_TIME,
            next: AtomicU64::new(1),
            state: Mutex::new(FollowState {
                value: Arc::new(value),
                read: None,
                seen: None,
                again: None,
                problem: None,
                number: 0,
            }),
        }
    }

    /// The value of the last usable content that was read. Never waits for a file.
    pub(crate) fn current(&self) -> Arc<T> {
        self.state.lock().value.clone()
    }

    /// How long to wait before the next [look](Self::look), if the files are to be looked at this often.
    pub(crate) fn pause(&self, every: Duration) -> Duration {
        let state = self.state.lock();
        // Nothing has been read at first, and nothing has changed.
        let is_changing = state.read.is_some() && state.read != state.seen;
        if is_changing {
            SETTLED.min(every)
        } else {
            every
        }
    }

    /// Looks at the files once. If they have changed, and not since the look before, reads them. Returns the value if it is
    /// a new one.
    pub(crate) async fn look(&self) -> Option<Arc<T>> {
        let paths = self.paths.clone();
        let look = move |files: &NotedFiles| stamps(&paths, files);
        let stamps = match self.threads.run(self.first(), self.patience, look).await {
            Ok(stamps) => stamps,
            Err(silence) => {
                self.note_silence(&silence);
                return None;
            }
        };
        if !self.has_settled(&stamps) {
            return None;
        }
        let (number, read, paths) = (self.number(), self.read.clone(), self.paths.clone());
        let read = move |files: &NotedFiles| {
            let content = read(files);
            (content, self::stamps(&paths, files))
        };
        match self.threads.run(self.first(), self.patience, read).await {
            Ok((content, after)) if after == stamps => self.take(number, stamps, content),
            // Somebody was writing meanwhile. The next look waits until that has settled.
            Ok((_, after)) => {
                self.has_settled(&after);
                None
            }
            Err(silence) => {
                self.note_silence(&silence);
                None
            }
        }
    }

    /// Reads the files if they have changed, settled or not, and returns the value that counts now. Blocks until they
    /// respond, or for the time limit of a file. Files that are known not to respond are not waited for.
    pub(crate) fn refresh(&self) -> Arc<T> {
        let number = self.number();
        let (paths, read) = (self.paths.clone(), self.read.clone());
        let known = {
            let state = self.state.lock();
            state.read.clone().filter(|_| !state.is_due())
        };
        let work = move |files: &NotedFiles| {
            // From before the files are read: if they change meanwhile, the next use reads them again.
            let stamps = stamps(&paths, files);
            (known.as_ref() != Some(&stamps)).then(|| (stamps, read(files)))
        };
        match self.threads.run_blocking(self.first(), self.patience, work) {
            Ok(None) => {}
            Ok(Some((stamps, content))) => {
                self.take(number, stamps, content);
            }
            Err(silence) => self.note_silence(&silence),
        }
        self.current()
    }

    fn first(&self) -> &Path {
        self.paths.first().map_or(Path::new(""), PathBuf::as_path)
    }

    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes a look. Returns whether the files should be read.
    fn has_settled(&self, stamps: &[FileStamp]) -> bool {
        let mut state = self.state.lock();
        let is_stable = state.seen.as_deref() == Some(stamps);
        if !is_stable {
            state.seen = Some(stamps.to_vec());
        }
        is_stable && (state.read.as_deref() != Some(stamps) || state.is_due())
    }

    /// Takes over what was read. Returns the value if it is a new one.
    fn take(
        &self,
        number: u64,
        stamps: Vec<FileStamp>,
        content: Result<T, FollowFault>,
    ) -> Option<Arc<T>> {
        let mut state = self.state.lock();
        if state.number > number {
            return None;
        }
        state.number = number;
        state.read = Some(stamps);
        match content {
            Ok(value) => {
                state.again = None;
                let had_problem = state.problem.take().is_some();
                let new = (*state.value != value).then(|| Arc::new(value));
                if let Some(new) = &new {
                    state.value = new.clone();
                }
                drop(state);
                if had_problem {
                    tracing::info!("{}", self.texts.usable);
                }
                new
            }
            Err(fault) => {
                state.again = Some(Instant::now() + AGAIN_AFTER);
                let cause = report::chain(&*fault);
                let problem = Some(FollowProblem::Unusable(cause.clone()));
                let is_new = state.problem != problem;
                state.problem = problem;
                drop(state);
                if is_new {
                    tracing::warn!(problem = cause, "{}", self.texts.unusable);
                }
                None
            }
        }
    }

    /// The files don't respond. Once they do, they are read in any case.
    fn note_silence(&self, silence: &NoAnswer) {
        let mut state = self.state.lock();
        state.read = None;
        let problem = Some(FollowProblem::Silent);
        let is_new = state.problem != problem;
        state.problem = problem;
        drop(state);
        if is_new {
            let problem = report::chain(silence);
            tracing::warn!(problem, "{}", self.texts.silent);
        }
    }
}

impl<T> FollowState<T> {
    /// Whether the same content should be read again.
    fn is_due(&self) -> bool {
        self.again.is_some_and(|again| again <= Instant::now())
    }
}

impl<T> Debug for FollowedFile<T> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FollowedFile")
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}

fn stamps(paths: &[PathBuf], files: &dyn FileSystem) -> Vec<FileStamp> {
    paths.iter().map(|path| files.stamp(path)).collect()
}

#[cfg(test)]
mod tests;
