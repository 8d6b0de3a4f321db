//! The store's contents, and who can access them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::{Store, TokenError};
use super::{entry, key, record, token};

fn mode(path: &Path) -> u32 {
    let metadata = path.symlink_metadata().expect("it is there");
    metadata.permissions().mode() & 0o7777
}

#[test]
fn a_token_is_kept_for_whoever_opens_the_store_until_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let written = entry(folder.path());
    assert_eq!(token(&written), None);
    assert!(!written.exists());
    let locked = written.lock().unwrap();
    locked.write(&record("first")).unwrap();
    locked.write(&record("second")).unwrap();
    let next = entry(folder.path());
    assert_eq!(token(&next).as_deref(), Some("second"));
    assert!(next.exists());
    assert!(locked.remove().unwrap());
    assert_eq!(token(&next), None);
    assert!(!locked.remove().unwrap(), "there is nothing left");
}

#[test]
fn other_users_cannot_access_folders_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let entry = entry(folder.path());
    entry.lock().unwrap().write(&record("secret")).unwrap();
    let tokens = folder.path().join("tokens");
    for (path, expected) in [
        (tokens.clone(), 0o700),
        (tokens.join("beers"), 0o700),
        (tokens.join("beers/api.token"), 0o600),
        (tokens.join("beers/api.lock"), 0o600),
    ] {
        assert_eq!(mode(&path), expected, "{}", path.display());
    }
    let content = std::fs::read(entry.path()).unwrap();
    assert!(!content.windows(6).any(|part| part == b"secret"));
}

#[test]
fn a_locked_entry_is_locked_for_everyone_else_until_released() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (entry(folder.path()), entry(folder.path()));
    let locked = one.lock().unwrap();
    assert!(other.try_lock().unwrap().is_none());
    let store = Store::open(folder.path().join("tokens"), Some(key()));
    let elsewhere = store.entry("beers", "other").unwrap();
    assert!(elsewhere.try_lock().unwrap().is_some(), "each has its own");
    drop(locked);
    assert!(other.try_lock().unwrap().is_some());
}

#[test]
fn names_that_would_lead_out_of_the_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_owned(), None);
    for (connector, credential) in [
        ("..", "api"),
        (".", "api"),
        ("", "api"),
        ("beers", ""),
        ("beers", "../wines/api"),
        ("beers/..", "api"),
        ("beers", "a\0b"),
    ] {
        let refused = store.entry(connector, credential);
        assert!(
            matches!(refused, Err(TokenError::Name(_))),
            "{connector:?} {credential:?}"
        );
    }
    // The configuration allows these names.
    for credential in ["..", "api.token", "api.lock", "api.new"] {
        let entry = store.entry("beers", credential).expect(credential);
        assert_eq!(entry.path().parent(), Some(&*folder.path().join("beers")));
    }
}

#[test]
fn without_a_key_a_token_can_only_be_removed() {
    let folder = tempfile::tempdir().unwrap();
    entry(folder.path())
        .lock()
        .unwrap()
        .write(&record("first"))
        .unwrap();
    let store = Store::open(folder.path().join("tokens"), None);
    let entry = store.entry("beers", "api").unwrap();
    let error = entry.read().expect_err("there is no key");
    assert!(matches!(error, TokenError::NoKey), "{error}");
    assert!(error.to_string().contains("weld-host auth key"), "{error}");
    let locked = entry.lock().unwrap();
    let error = locked
        .write(&record("second"))
        .expect_err("there is no key");
    assert!(matches!(error, TokenError::NoKey), "{error}");
    assert!(entry.exists());
    assert!(locked.remove().unwrap());
    assert!(!entry.exists());
}
