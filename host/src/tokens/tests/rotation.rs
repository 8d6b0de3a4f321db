//! Rotations of the store's key: with hosts that use the tokens meanwhile, and killed at each step.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

use super::super::files::{WriteStep, WriteWatch};
use super::super::{Store, TokenEntry, TokenError, TokenKey, TokenKeys};
use super::{FOLDER, KEY, child, record};

const CHILD: &str = "tokens::tests::rotation::rotation_that_is_killed";
const STEPS: &str = "WELD_TEST_STEPS";

/// The tokens of the tests: connector, credential, and token.
const TOKENS: [[&str; 3]; 3] = [
    ["beers", "api", "a"],
    ["beers", "other", "b"],
    ["wines", "api", "c"],
];

/// Kills this process after so many steps.
struct KilledAfter(AtomicUsize);

impl WriteWatch for KilledAfter {
    fn step(&self, _: WriteStep) -> io::Result<()> {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 0 {
            kill_process(getpid(), Signal::KILL)?;
        }
        Ok(())
    }
}

fn key_file(folder: &Path) -> PathBuf {
    folder.join("key")
}

/// A host's store, with the keys in the key file.
fn store(folder: &Path) -> Store {
    let keys = TokenKeys::read(key_file(folder)).expect("a key file");
    Store::open(folder.join("tokens"), keys)
}

/// A folder with a key file and tokens.
fn filled() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(key_file(folder.path()), format!("# of the tokens\n{KEY}\n")).unwrap();
    let store = store(folder.path());
    for [connector, credential, token] in TOKENS {
        let entry = store.entry(connector, credential).unwrap();
        entry.lock().unwrap().write(&record(token)).unwrap();
    }
    (folder, store)
}

fn token(entry: &TokenEntry) -> Option<String> {
    let record = entry.read().unwrap_or_else(|error| panic!("{error}"));
    record.map(|record| record.refresh_token.expose().to_owned())
}

fn assert_all_readable(store: &Store, told: &str) {
    for [connector, credential, expected] in TOKENS {
        let entry = store.entry(connector, credential).unwrap();
        assert_eq!(
            token(&entry).as_deref(),
            Some(expected),
            "{told}: {connector}/{credential}"
        );
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// The keys of a file, without its comments.
fn keys(path: &Path) -> Vec<String> {
    let text = text(path);
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn tokens_are_encrypted_with_a_new_key_and_the_old_one_is_kept_aside() {
    let (folder, host) = filled();
    let file = key_file(folder.path());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let rotation = store(folder.path()).rotate_key().unwrap();
    assert!(
        rotation.has_new_key && rotation.failures.is_empty(),
        "{rotation:?}"
    );
    assert_eq!(rotation.tokens, TOKENS.len());
    let old = folder.path().join("key.old");
    assert_eq!(
        rotation.previous_keys.as_deref(),
        Some(old.canonicalize().unwrap().as_path())
    );
    assert_eq!(keys(&old), [KEY]);
    assert!(text(&file).contains("# of the tokens\n"), "{}", text(&file));
    let [new] = &keys(&file)[..] else {
        panic!("{}", text(&file));
    };
    assert_ne!(new, KEY);
    for (path, mode) in [(&file, 0o640), (&old, 0o600)] {
        let found = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}: {found:o}", path.display());
    }
    // A host that has been running all the time, one that begins, and one without the new key.
    assert_all_readable(&host, "running");
    assert_all_readable(&store(folder.path()), "new");
    let keys = TokenKeys::parse(KEY).unwrap();
    let other = Store::open(folder.path().join("tokens"), keys);
    let read = other.entry("beers", "api").unwrap().read();
    assert!(matches!(read, Err(TokenError::AnotherKey(_))), "{read:?}");

    let again = store(folder.path()).rotate_key().unwrap();
    assert_eq!((again.has_new_key, again.tokens), (true, TOKENS.len()));
    assert_eq!(super::rotation::keys(&old), [new.as_str(), KEY]);
    assert_all_readable(&host, "again");
}

#[test]
fn first_of_several_keys_is_the_new_one_whether_or_not_they_are_in_a_file() {
    let (folder, _) = filled();
    let tokens = folder.path().join("tokens");
    let new = TokenKey::random().unwrap().to_base64();
    let both = Store::open(
        tokens.clone(),
        TokenKeys::parse(&format!("{} {KEY}", *new)).unwrap(),
    );
    let rotation = both.rotate_key().unwrap();
    assert_eq!(
        (rotation.has_new_key, rotation.tokens),
        (false, TOKENS.len())
    );
    assert_eq!(rotation.previous_keys, None);
    assert_all_readable(
        &Store::open(tokens.clone(), TokenKeys::parse(&new).unwrap()),
        "new",
    );
    assert_eq!(both.rotate_key().unwrap().tokens, 0);
    // There is no place for another one.
    let one = Store::open(tokens.clone(), TokenKeys::parse(&new).unwrap());
    assert!(matches!(one.rotate_key(), Err(TokenError::NoPlaceForKey)));
    let none = Store::open(tokens, None);
    assert!(matches!(none.rotate_key(), Err(TokenError::NoKey)));
}

#[test]
fn token_with_an_unknown_key_is_reported_and_the_previous_keys_stay() {
    let (folder, _) = filled();
    let tokens = folder.path().join("tokens");
    let foreign = Store::open(tokens.clone(), Some(TokenKey::random().unwrap()));
    let foreign = foreign.entry("zebra", "api").unwrap();
    foreign.lock().unwrap().write(&record("z")).unwrap();
    fs::write(tokens.join("beers/broken.token"), "no token").unwrap();
    let before = fs::read(foreign.path()).unwrap();
    let rotation = store(folder.path()).rotate_key().unwrap();
    assert_eq!(rotation.tokens, TOKENS.len());
    assert!(
        matches!(
            rotation.failures[..],
            [TokenError::Corrupt(_), TokenError::AnotherKey(_)]
        ),
        "{rotation:?}"
    );
    assert_eq!(rotation.previous_keys, None);
    assert_eq!(keys(&key_file(folder.path())).len(), 2);
    assert_eq!(fs::read(foreign.path()).unwrap(), before);
    // The next one continues, without a third key.
    foreign.lock().unwrap().remove().unwrap();
    fs::remove_file(tokens.join("beers/broken.token")).unwrap();
    let next = store(folder.path()).rotate_key().unwrap();
    assert_eq!((next.has_new_key, next.tokens), (false, 0));
    assert_eq!(keys(&key_file(folder.path())).len(), 1);
    assert_all_readable(&store(folder.path()), "next");
}

/// Does something once, after this many steps.
struct Meddler<F> {
    after: AtomicUsize,
    meddle: F,
}

impl<F: Fn()> WriteWatch for Meddler<F> {
    fn step(&self, _: WriteStep) -> io::Result<()> {
        if self.after.fetch_sub(1, Ordering::Relaxed) == 0 {
            (self.meddle)();
        }
        Ok(())
    }
}

/// The steps of one write.
const STEPS_OF_A_WRITE: usize = 6;

#[test]
fn key_that_somebody_else_puts_first_meanwhile_ends_the_rotation_and_no_key_is_lost() {
    // While a token is written, and while the previous keys are written.
    for after in [STEPS_OF_A_WRITE + 2, 4 * STEPS_OF_A_WRITE + 2] {
        let (folder, host) = filled();
        let file = key_file(folder.path());
        let theirs = TokenKey::random().unwrap().to_base64();
        let meddle = || fs::write(&file, format!("{}\n{}", *theirs, text(&file))).unwrap();
        let meddler = Meddler {
            after: AtomicUsize::new(after),
            meddle,
        };
        let rotation = store(folder.path()).rotate_key_watched(&meddler);
        assert!(
            matches!(rotation, Err(TokenError::KeyFileChanged(_))),
            "{rotation:?}"
        );
        let all = keys(&file);
        assert_eq!(all.len(), 3, "{after}");
        assert_eq!((all[0].as_str(), all[2].as_str()), (theirs.as_str(), KEY));
        assert_all_readable(&host, "running");
        // The next one uses their key.
        let next = store(folder.path()).rotate_key().unwrap();
        assert_eq!((next.has_new_key, next.tokens), (false, TOKENS.len()));
        assert_eq!(keys(&file), [theirs.as_str()]);
        assert_all_readable(&host, "next");
    }
}

#[test]
fn edit_of_the_key_file_while_it_is_written_ends_the_rotation_and_no_key_is_lost() {
    // While the new key is written, and while the previous keys are taken out.
    for after in [2, 5 * STEPS_OF_A_WRITE + 2] {
        let (folder, host) = filled();
        let file = key_file(folder.path());
        let theirs = TokenKey::random().unwrap().to_base64();
        let meddler = Meddler {
            after: AtomicUsize::new(after),
            meddle: || fs::write(&file, format!("{}{}\n", text(&file), *theirs)).unwrap(),
        };
        let rotation = store(folder.path()).rotate_key_watched(&meddler);
        assert!(
            matches!(rotation, Err(TokenError::KeyFileChanged(_))),
            "{after}: {rotation:?}"
        );
        let all = keys(&file);
        assert!(all.contains(&*theirs), "{after}: {all:?}");
        assert!(all.contains(&KEY.to_owned()), "{after}: {all:?}");
        assert_all_readable(&host, "running");
    }
}

#[test]
fn key_that_somebody_else_adds_below_meanwhile_stays_in_the_file() {
    let (folder, host) = filled();
    let file = key_file(folder.path());
    let theirs = TokenKey::random().unwrap().to_base64();
    let meddler = Meddler {
        after: AtomicUsize::new(STEPS_OF_A_WRITE + 2),
        meddle: || fs::write(&file, format!("{}{}\n", text(&file), *theirs)).unwrap(),
    };
    let rotation = store(folder.path()).rotate_key_watched(&meddler).unwrap();
    assert!(rotation.previous_keys.is_some());
    let left = keys(&file);
    assert_eq!((left.len(), left[1].as_str()), (2, theirs.as_str()));
    assert_eq!(keys(&folder.path().join("key.old")), [KEY]);
    assert_all_readable(&host, "running");
}

#[test]
fn one_key_on_two_lines_is_replaced_like_any_other() {
    let (folder, host) = filled();
    let file = key_file(folder.path());
    fs::write(&file, format!("{KEY}\n# again\n{}\n", KEY.to_uppercase())).unwrap();
    let rotation = store(folder.path()).rotate_key().unwrap();
    assert_eq!(
        (rotation.has_new_key, rotation.tokens),
        (true, TOKENS.len())
    );
    assert_eq!(keys(&file).len(), 1);
    assert_ne!(keys(&file), [KEY]);
    assert_eq!(keys(&folder.path().join("key.old")), [KEY]);
    assert_all_readable(&host, "running");
    let twice = TokenKeys::parse(&format!("{KEY} {KEY}")).unwrap();
    let fixed = Store::open(folder.path().join("tokens"), twice);
    assert!(matches!(fixed.rotate_key(), Err(TokenError::NoPlaceForKey)));
}

#[test]
fn files_of_others_beside_the_key_file_are_left_alone() {
    let (folder, host) = filled();
    let file = key_file(folder.path());
    let others = ["key.new", ".key.new", "key.tmp"].map(|name| folder.path().join(name));
    for other in &others {
        fs::write(other, "mine").unwrap();
    }
    let old = folder.path().join("key.old");
    // Larger than any file of keys, and one line too many.
    for content in [
        "notes\n".to_owned(),
        "# ".repeat(40_000),
        "\u{0}".to_owned(),
    ] {
        fs::write(&old, &content).unwrap();
        let rotation = store(folder.path()).rotate_key();
        assert!(
            matches!(&rotation, Err(TokenError::NotOfKeys(path)) if path.ends_with("key.old")),
            "{rotation:?}"
        );
        assert_eq!((text(&old), keys(&file)), (content, vec![KEY.to_owned()]));
    }
    fs::write(&old, "# of May\n").unwrap();
    store(folder.path()).rotate_key().unwrap();
    assert_eq!(text(&old), format!("{KEY}\n# of May\n"));
    for other in &others {
        assert_eq!(text(other), "mine", "{}", other.display());
    }
    assert_all_readable(&host, "running");
    let left = fs::read_dir(folder.path()).unwrap().count();
    // The key file, its previous keys and the tokens.
    assert_eq!(left, others.len() + 3, "nothing else is left behind");
}

#[test]
fn only_one_rotation_runs_at_a_time_and_it_waits_for_a_renewal() {
    let (folder, host) = filled();
    let entry = host.entry("beers", "api").unwrap();
    let renewal = entry.lock().unwrap();
    thread::scope(|scope| {
        let rotating = store(folder.path());
        let rotating = scope.spawn(move || rotating.rotate_key());
        while keys(&key_file(folder.path())).len() < 2 {
            thread::sleep(Duration::from_millis(5));
        }
        let second = store(folder.path()).rotate_key();
        assert!(
            matches!(second, Err(TokenError::RotationRunning)),
            "{second:?}"
        );
        // The host has found the new key.
        renewal.write(&record("renewed")).unwrap();
        drop(renewal);
        let rotation = rotating.join().unwrap().unwrap();
        assert_eq!(
            rotation.tokens,
            TOKENS.len() - 1,
            "it was written with the new key"
        );
    });
    assert_eq!(
        token(&store(folder.path()).entry("beers", "api").unwrap()).as_deref(),
        Some("renewed")
    );
}

#[test]
fn link_to_the_key_file_stays_a_link() {
    let (folder, host) = filled();
    let target = folder.path().join("target");
    fs::rename(key_file(folder.path()), &target).unwrap();
    symlink(&target, key_file(folder.path())).unwrap();
    store(folder.path()).rotate_key().unwrap();
    assert!(key_file(folder.path()).is_symlink());
    assert_eq!(keys(&target).len(), 1);
    assert!(folder.path().join("target.old").is_file());
    assert_all_readable(&host, "linked");
}

#[test]
#[ignore = "run by the other tests here, in a process that it kills"]
fn rotation_that_is_killed() {
    let (Ok(folder), Ok(steps)) = (std::env::var(FOLDER), std::env::var(STEPS)) else {
        return;
    };
    let steps = steps.parse().expect("a number");
    let rotation = store(folder.as_ref()).rotate_key_watched(&KilledAfter(AtomicUsize::new(steps)));
    assert!(rotation.unwrap().failures.is_empty());
}

#[test]
fn every_token_can_be_read_at_whichever_step_a_rotation_is_killed() {
    for steps in 0.. {
        let (folder, host) = filled();
        let ended = child(CHILD, folder.path())
            .env(STEPS, steps.to_string())
            .output()
            .unwrap();
        let told = format!("killed after {steps} steps");
        assert_all_readable(&host, &told);
        assert_all_readable(&store(folder.path()), &told);
        if ended.status.success() {
            // A key file with the new key, three tokens, the file of previous keys, and the key file again.
            assert_eq!(steps, 36, "all steps of all writes");
            break;
        }
        assert_eq!(
            ended.status.signal(),
            Some(Signal::KILL.as_raw()),
            "{told}: {ended:?}"
        );
        let next = store(folder.path()).rotate_key().unwrap();
        assert!(next.failures.is_empty(), "{told}: {next:?}");
        assert_all_readable(&host, &told);
        assert_eq!(keys(&key_file(folder.path())).len(), 1, "{told}");
        let old = keys(&folder.path().join("key.old"));
        assert!(old.contains(&KEY.to_owned()), "{told}: {old:?}");
    }
}
