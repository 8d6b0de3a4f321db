//! Whether a file is still the one that was read.

use std::fs;
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
        Self(fs::metadata(path).ok().map(|found| {
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
}
