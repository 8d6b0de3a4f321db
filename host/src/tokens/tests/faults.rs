//! Files that can't be read or written.

use std::fs;
use std::io;

use super::super::files::{WriteStep, WriteWatch};
use super::super::{Store, TokenEntry, TokenError, TokenKey};
use super::{entry, record, token};

fn kept(folder: &std::path::Path) -> TokenEntry {
    let entry = entry(folder);
    entry.lock().unwrap().write(&record("old")).unwrap();
    entry
}

#[test]
fn an_unreadable_file_is_reported_with_its_path_and_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let entry = kept(folder.path());
    let good = fs::read(entry.path()).unwrap();
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    let mut newer = good.clone();
    newer[7] = 9;
    type Expected = fn(&TokenError) -> bool;
    let cases: [(&str, &[u8], Expected); 5] = [
        ("damaged", &changed, |error| {
            matches!(error, TokenError::Corrupt(_))
        }),
        ("damaged", &good[..good.len() / 2], |error| {
            matches!(error, TokenError::Corrupt(_))
        }),
        ("damaged", b"", |error| {
            matches!(error, TokenError::Corrupt(_))
        }),
        ("damaged", b"{\"refresh_token\": \"plain\"}", |error| {
            matches!(error, TokenError::Corrupt(_))
        }),
        (
            "version 9 of the file format, which needs a newer weld-host",
            &newer,
            |error| matches!(error, TokenError::NewerVersion { version: 9, .. }),
        ),
    ];
    for (expected, content, is_expected) in cases {
        fs::write(entry.path(), content).unwrap();
        let error = entry.read().expect_err(expected);
        assert!(is_expected(&error), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(expected), "{message}");
        assert!(
            message.contains(&entry.path().display().to_string()),
            "{message}"
        );
    }
    fs::write(entry.path(), good).unwrap();
    assert_eq!(token(&entry).as_deref(), Some("old"));
}

#[test]
fn a_file_of_another_key_is_reported_as_such() {
    let folder = tempfile::tempdir().unwrap();
    kept(folder.path());
    let store = Store::open(
        folder.path().join("tokens"),
        Some(TokenKey::random().unwrap()),
    );
    let error = store.entry("beers", "api").unwrap().read();
    assert!(matches!(error, Err(TokenError::AnotherKey(_))), "{error:?}");
}

#[test]
fn a_file_is_refused_in_place_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let entry = kept(folder.path());
    let other = entry.path().with_file_name("other.token");
    fs::copy(entry.path(), &other).unwrap();
    let store = Store::open(folder.path().join("tokens"), Some(super::key()));
    let error = store.entry("beers", "other").unwrap().read();
    assert!(
        matches!(&error, Err(TokenError::Corrupt(path)) if *path == other),
        "{error:?}"
    );
}

#[test]
fn a_file_that_is_not_regular_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let entry = kept(folder.path());
    let moved = entry.path().with_extension("moved");
    fs::rename(entry.path(), &moved).unwrap();
    std::os::unix::fs::symlink(&moved, entry.path()).unwrap();
    let error = entry.read();
    assert!(
        matches!(error, Err(TokenError::Unreadable { .. })),
        "a link: {error:?}"
    );
    fs::remove_file(entry.path()).unwrap();
    fs::create_dir(entry.path()).unwrap();
    let error = entry.read();
    assert!(
        matches!(error, Err(TokenError::Unreadable { .. })),
        "a folder: {error:?}"
    );
}

#[test]
fn a_folder_that_cannot_be_created_is_reported_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tokens"), "a file").unwrap();
    let error = entry(folder.path()).lock().expect_err("no folder");
    assert!(matches!(error, TokenError::Unwritable { .. }), "{error:?}");
    assert!(error.to_string().contains("tokens/beers"), "{error}");
}

/// Fails at one step, with the error that the system would return.
struct FailsAt(WriteStep, io::ErrorKind);

impl WriteWatch for FailsAt {
    fn step(&self, step: WriteStep) -> io::Result<()> {
        if step == self.0 {
            return Err(self.1.into());
        }
        Ok(())
    }
}

#[test]
fn a_failed_write_keeps_the_old_token_and_says_what_to_fix() {
    type Expected = fn(&TokenError) -> bool;
    let cases: [(io::ErrorKind, Expected); 5] = [
        (io::ErrorKind::StorageFull, |error| {
            matches!(error, TokenError::Full { .. })
        }),
        (io::ErrorKind::QuotaExceeded, |error| {
            matches!(error, TokenError::Full { .. })
        }),
        (io::ErrorKind::ReadOnlyFilesystem, |error| {
            matches!(error, TokenError::ReadOnly { .. })
        }),
        (io::ErrorKind::PermissionDenied, |error| {
            matches!(error, TokenError::ReadOnly { .. })
        }),
        (io::ErrorKind::Other, |error| {
            matches!(error, TokenError::Unwritable { .. })
        }),
    ];
    for (kind, is_expected) in cases {
        for step in [
            WriteStep::Begun,
            WriteStep::HalfWritten,
            WriteStep::Written,
            WriteStep::Synced,
        ] {
            let folder = tempfile::tempdir().unwrap();
            let entry = kept(folder.path());
            let locked = entry.lock().unwrap();
            let error = locked
                .write_watched(&record("new"), &FailsAt(step, kind))
                .expect_err("it was made to fail");
            assert!(is_expected(&error), "{error:?}");
            assert_eq!(token(&entry).as_deref(), Some("old"), "{step:?}");
            let left = entry.path().with_extension("new");
            assert!(!left.exists(), "{step:?} leaves {}", left.display());
            locked.write(&record("new")).unwrap();
            assert_eq!(token(&entry).as_deref(), Some("new"), "{step:?}");
        }
    }
}
