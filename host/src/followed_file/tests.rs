use std::fs;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::*;
use crate::config::{FileFault, PathCheck, ReadLimit};

const TEXTS: FollowTexts = FollowTexts {
    unusable: "the numbers can't be used",
    silent: "the file of the numbers doesn't respond",
    usable: "the numbers are usable again",
};

/// A file with a number.
struct NumberFile {
    folder: tempfile::TempDir,
}

impl NumberFile {
    fn new(content: &str) -> Self {
        let file = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        file.write(content);
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("number")
    }

    fn write(&self, content: &str) {
        fs::write(self.path(), content).unwrap();
    }

    fn followed(&self) -> FollowedFile<u32> {
        let path = self.path();
        let read = move |files: &dyn FileSystem| -> Result<u32, FollowFault> {
            let content = files.read(&path, ReadLimit::KEY)?;
            Ok(String::from_utf8(content)?.parse()?)
        };
        FollowedFile::new([self.path()], TEXTS, 0, read)
    }

    /// The same, read by way of these files, which may take so long to respond.
    fn followed_by(
        &self,
        files: impl FileSystem + 'static,
        patience: Duration,
    ) -> FollowedFile<u32> {
        FollowedFile {
            threads: FileThreads::new(Arc::new(files)),
            patience,
            ..self.followed()
        }
    }
}

async fn looks(file: &FollowedFile<u32>, number: usize) -> Vec<Option<u32>> {
    let mut seen = Vec::new();
    for _ in 0..number {
        seen.push(file.look().await.map(|value| *value));
    }
    seen
}

#[tokio::test]
async fn content_is_read_once_two_looks_have_seen_the_same() {
    let number = NumberFile::new("1");
    let file = number.followed();
    assert_eq!(looks(&file, 4).await, [None, Some(1), None, None]);
    let every = Duration::from_secs(1);
    assert_eq!(file.pause(every), every);
    // Contents of other lengths, since a clock may not have advanced between two writes.
    number.write("22");
    assert_eq!(looks(&file, 1).await, [None], "it may be half-written");
    assert_eq!(file.pause(every), SETTLED, "the next look comes soon");
    number.write("223");
    assert_eq!(looks(&file, 3).await, [None, Some(223), None]);
    assert_eq!(*file.current(), 223);
    number.write("0223");
    assert_eq!(looks(&file, 3).await, [None, None, None], "the same value");
}

#[tokio::test]
async fn content_that_cannot_be_used_changes_nothing() {
    let number = NumberFile::new("1");
    let file = number.followed();
    looks(&file, 2).await;
    for content in ["", "x", &"1".repeat(100_000)] {
        number.write(content);
        assert_eq!(looks(&file, 3).await, [None, None, None]);
        assert_eq!((*file.current(), *file.refresh()), (1, 1));
    }
    fs::remove_file(number.path()).unwrap();
    assert_eq!(looks(&file, 3).await, [None, None, None]);
    number.write("22");
    assert_eq!(looks(&file, 2).await, [None, Some(22)]);
}

/// A valid content that can't be used yet.
#[tokio::test]
async fn unusable_content_is_read_again_after_a_while() {
    let number = NumberFile::new("1");
    let is_valid = Arc::new(Mutex::new(false));
    let valid = is_valid.clone();
    let read = move |_: &dyn FileSystem| -> Result<u32, FollowFault> {
        if *valid.lock() {
            Ok(1)
        } else {
            Err("not yet".into())
        }
    };
    let file = FollowedFile::new([number.path()], TEXTS, 0, read);
    assert_eq!(looks(&file, 3).await, [None, None, None]);
    *is_valid.lock() = true;
    assert_eq!(looks(&file, 2).await, [None, None], "it has not changed");
    file.state.lock().again = Some(Instant::now());
    assert_eq!(looks(&file, 1).await, [Some(1)]);
}

#[test]
fn refreshed_value_is_that_of_the_present_content() {
    let number = NumberFile::new("1");
    let file = number.followed();
    for content in ["1", "22", "333"] {
        number.write(content);
        assert_eq!(file.refresh().to_string(), content);
    }
}

/// Files of the system whose reads wait until they are released.
struct HeldFiles {
    reading: Sender<()>,
    release: Mutex<Receiver<()>>,
}

impl HeldFiles {
    /// The files, what tells that a read has begun, and what releases one.
    fn new() -> (Self, Receiver<()>, Sender<()>) {
        let (reading, begun) = channel();
        let (releaser, release) = channel();
        let release = Mutex::new(release);
        (Self { reading, release }, begun, releaser)
    }
}

impl FileSystem for HeldFiles {
    fn read_if(
        &self,
        path: &Path,
        limit: ReadLimit,
        permits: Option<PathCheck<'_>>,
    ) -> Result<Vec<u8>, FileFault> {
        let content = SystemFiles.read_if(path, limit, permits);
        let _ = self.reading.send(());
        // The test has ended if there is nobody who releases it.
        let _ = self.release.lock().recv();
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

#[test]
fn slow_read_holds_no_lock() {
    let number = NumberFile::new("7");
    let (files, begun, release) = HeldFiles::new();
    let file = number.followed_by(files, FILE_TIME);
    thread::scope(|scope| {
        let reading = scope.spawn(|| *file.refresh());
        begun.recv().unwrap();
        // This would wait forever.
        assert_eq!(*file.current(), 0);
        release.send(()).unwrap();
        assert_eq!(reading.join().unwrap(), 7);
    });
}

#[test]
fn files_that_do_not_respond_are_given_up_and_the_last_value_stays() {
    let number = NumberFile::new("7");
    let (files, begun, release) = HeldFiles::new();
    let file = number.followed_by(files, Duration::from_millis(1));
    assert_eq!(*file.refresh(), 0);
    assert!(file.state.lock().problem == Some(FollowProblem::Silent));
    begun.recv().unwrap();
    // The thread still waits, so no other one tries.
    assert_eq!(*file.refresh(), 0);
    assert!(begun.try_recv().is_err());
    drop(release);
}

#[test]
fn read_that_began_earlier_and_ends_later_does_not_count() {
    let number = NumberFile::new("1");
    let file = number.followed();
    let (old, new) = (file.number(), file.number());
    let stamps = || vec![FileStamp::of(&number.path())];
    assert_eq!(file.take(new, stamps(), Ok(2)).as_deref(), Some(&2));
    assert_eq!(file.take(old, stamps(), Ok(1)), None);
    assert_eq!(*file.current(), 2);
}
