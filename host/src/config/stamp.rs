//! Whether a file is still the one that was read.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file's metadata at one moment; links are followed. Two stamps are equal if the file has not changed between them:
/// the same file, of the same length, modified and changed at the same times. A missing file has a stamp, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStamp(Option<[i128; 5]>);

impl FileStamp {
    /// The stamp of the file at `path`.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        Self::with(fs::metadata(path).ok())
    }

    /// The stamp of an open file.
    pub(crate) fn of_open(file: &File) -> Self {
        Self::with(file.metadata().ok())
    }

    fn with(metadata: Option<Metadata>) -> Self {
        Self(metadata.map(|found| {
            let nanoseconds =
                |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
            [
                found.dev().into(),
                found.ino().into(),
                found.len().into(),
                nanoseconds(found.mtime(), found.mtime_nsec()),
                // The system sets this time at every change, even if someone resets the modification time.
                nanoseconds(found.ctime(), found.ctime_nsec()),
            ]
        }))
    }

    /// Whether it is the same file, and nobody has written to it. Its name may be another one, or gone.
    pub(crate) fn has_contents_of(&self, other: &Self) -> bool {
        let contents = |stamp: &Self| {
            let [device, number, length, written, _] = stamp.0?;
            Some([device, number, length, written])
        };
        contents(self).is_some_and(|own| Some(own) == contents(other))
    }

    /// The stamp of a missing file.
    pub(super) fn missing() -> Self {
        Self(None)
    }

    /// The file's length in bytes; 0 if it was missing.
    #[must_use]
    pub fn length(&self) -> u64 {
        let length = self.0.map_or(0, |[_, _, length, ..]| length);
        u64::try_from(length).unwrap_or(u64::MAX)
    }

    /// Whether the file existed.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_a_file_changes_its_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut seen = vec![FileStamp::of(&path)];
        assert!(!seen[0].exists());
        let mut step = |change: &dyn Fn()| {
            change();
            let stamp = FileStamp::of(&path);
            assert_eq!(stamp, FileStamp::of(&path), "the file is unchanged");
            assert!(!seen.contains(&stamp));
            seen.push(stamp);
        };
        step(&|| fs::write(&path, "one").unwrap());
        step(&|| fs::write(&path, "longer").unwrap());
        assert_eq!(FileStamp::of(&path).length(), 6);
        let other = folder.path().join("other");
        fs::write(&other, "longer").unwrap();
        step(&|| fs::rename(&other, &path).unwrap());
        let target = folder.path().join("target");
        fs::write(&target, "longer").unwrap();
        step(&|| {
            fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(&target, &path).unwrap();
        });
        fs::remove_file(&target).unwrap();
        assert!(!FileStamp::of(&path).exists(), "a dangling link");
    }

    #[test]
    fn a_file_that_is_renamed_or_replaced_keeps_its_contents_until_somebody_writes_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["file", "other"].map(|name| folder.path().join(name));
        fs::write(&path, "one").unwrap();
        fs::write(&other, "one").unwrap();
        let file = File::open(&path).unwrap();
        let stamp = FileStamp::of_open(&file);
        assert_eq!(stamp, FileStamp::of(&path));
        fs::rename(&other, &path).unwrap();
        assert!(FileStamp::of_open(&file).has_contents_of(&stamp));
        assert!(!FileStamp::of(&path).has_contents_of(&stamp));
        let file = File::open(&path).unwrap();
        let stamp = FileStamp::of_open(&file);
        fs::write(&path, "longer").unwrap();
        assert!(!FileStamp::of_open(&file).has_contents_of(&stamp));
        fs::remove_file(&path).unwrap();
        assert!(!FileStamp::of(&path).has_contents_of(&FileStamp::of(&path)));
    }
}
