//! Whom the files of the store and of its keys belong to if root creates them for a service.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::thread::CapabilitySet;

use super::super::{RenewalFailure, Store, TokenKeys};
use super::{KEY, record};

/// A user and a group that no system has.
const SERVICE: (u32, u32) = (471_101, 471_102);

fn owner(path: &Path) -> (u32, u32) {
    let metadata = fs::symlink_metadata(path).unwrap();
    (metadata.uid(), metadata.gid())
}

/// The folder, and all that is in it.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(tree(&path)),
            false => found.push(path),
        }
    }
    found
}

#[test]
fn what_root_creates_belongs_to_the_owner_of_the_folder() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("service");
    fs::create_dir(&folder).unwrap();
    let key = folder.join("key");
    fs::write(&key, format!("{KEY}\n")).unwrap();
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        for path in [&folder, &key] {
            chown(path, Some(SERVICE.0), Some(SERVICE.1)).unwrap();
        }
    }
    // Another user can create files only for itself.
    let expected = if is_root {
        SERVICE
    } else {
        owner(place.path())
    };
    let store = Store::open(folder.join("state/tokens"), TokenKeys::read(key).unwrap());
    let entry = store.entry("beers", "api").unwrap();
    let locked = entry.lock().unwrap();
    for content in ["first", "second"] {
        locked.write(&record(content)).unwrap();
    }
    drop(locked);
    let failure = RenewalFailure {
        at: SystemTime::UNIX_EPOCH,
        message: "no answer".to_owned(),
    };
    entry.keep_failure(Some(&failure)).unwrap();
    let rotation = store.rotate_key().unwrap();
    assert_eq!((rotation.tokens, rotation.failures.len()), (1, 0));
    let found = tree(&folder);
    for name in [
        "key",
        "key.old",
        "state/tokens/.rotation.lock",
        "state/tokens/beers/api.token",
        "state/tokens/beers/api.lock",
        "state/tokens/beers/api.failure",
    ] {
        assert!(found.contains(&folder.join(name)), "{name}: {found:?}");
    }
    for path in found {
        assert_eq!(owner(&path), expected, "{}", path.display());
    }
}

#[test]
fn folder_that_was_replaced_by_a_link_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let entry = super::entry(place.path());
    let lock = entry.lock().unwrap();
    lock.write(&record("first")).unwrap();
    let elsewhere = place.path().join("elsewhere");
    let tokens = place.path().join("tokens");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(tokens.join("beers"), tokens.join("moved")).unwrap();
    symlink(&elsewhere, tokens.join("beers")).unwrap();
    let error = lock.write(&record("second")).unwrap_err();
    let source = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!(source.as_deref(), Some("the folder is a link"), "{error}");
    drop(lock);
    assert!(entry.lock().is_err());
    assert!(tree(&elsewhere).len() == 1, "{:?}", tree(&elsewhere));
}

#[test]
fn store_may_be_a_link_itself() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("real")).unwrap();
    symlink("real", place.path().join("tokens")).unwrap();
    let entry = super::entry(place.path());
    entry.lock().unwrap().write(&record("first")).unwrap();
    assert_eq!(super::token(&entry).as_deref(), Some("first"));
}

/// As in a container without capabilities: root can't give a file another group.
#[test]
fn root_without_capabilities_writes_into_a_folder_of_another_group() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    chown(place.path(), None, Some(SERVICE.1)).unwrap();
    let entry = super::entry(place.path());
    let written = std::thread::spawn(move || {
        // Of this thread alone.
        let mut sets = rustix::thread::capabilities(None).unwrap();
        sets.effective.remove(CapabilitySet::CHOWN);
        rustix::thread::set_capabilities(None, sets).unwrap();
        entry.lock().unwrap().write(&record("first"))
    });
    written.join().unwrap().unwrap();
}
