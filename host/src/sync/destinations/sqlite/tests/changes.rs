//! A file that is removed or changed during a sync.

use std::fs;

use super::super::super::fixtures::{raw, rows, table};
use super::super::super::{Destination, DestinationError, FileChange};
use super::super::Sqlite;
use super::{Lab, put, shown};

/// A sync that has committed a page.
fn started(lab: &Lab) -> Sqlite {
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    put(&mut sqlite, &["{\"id\": 1}"], "{\"page\": 1}");
    sqlite
}

/// The error of the next page, and that at the end of another sync.
fn next(lab: &Lab, tamper: impl Fn(&Lab)) -> [FileChange; 2] {
    let change = |error| match error {
        DestinationError::Changed { change, path, .. } => {
            assert!(path.is_absolute());
            change
        }
        error => panic!("{error:?}"),
    };
    let mut sqlite = started(lab);
    tamper(lab);
    let page = rows(&["{\"id\": 2}"]);
    let committed = sqlite.commit("t", &page, &raw("{\"page\": 2}"));
    drop(sqlite);
    let lab = Lab::new();
    let mut sqlite = started(&lab);
    tamper(&lab);
    let ended = sqlite.verify();
    [change(committed.unwrap_err()), change(ended.unwrap_err())]
}

#[test]
fn a_deleted_file_is_noticed() {
    let lab = Lab::new();
    let changes = next(&lab, |lab| fs::remove_file(lab.path()).unwrap());
    assert_eq!(changes, [FileChange::Removal; 2]);
    assert_eq!(lab.names(), [""; 0]);
    started(&lab);
}

#[test]
fn a_moved_file_is_noticed_and_keeps_earlier_pages() {
    let lab = Lab::new();
    let moved = |lab: &Lab| lab.folder.path().join("moved.sqlite");
    let changes = next(&lab, |lab| fs::rename(lab.path(), moved(lab)).unwrap());
    assert_eq!(changes, [FileChange::Removal; 2]);
    let sqlite = Sqlite::open(&moved(&lab)).unwrap();
    assert_eq!(shown(&sqlite, "SELECT id FROM t"), ["1"]);
}

#[test]
fn a_moved_folder_is_noticed() {
    let lab = Lab::new();
    let inner = lab.folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let path = inner.join("rows.sqlite");
    let mut sqlite = Sqlite::open(&path).unwrap();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    put(&mut sqlite, &["{\"id\": 1}"], "{}");
    fs::rename(&inner, lab.folder.path().join("moved")).unwrap();
    let page = rows(&["{\"id\": 2}"]);
    let error = sqlite.commit("t", &page, &raw("{}")).unwrap_err();
    assert!(error.to_string().contains("deleted or moved"), "{error}");
}

#[test]
fn a_replaced_file_is_noticed_and_the_new_one_is_left_unchanged() {
    let lab = Lab::new();
    let other = Lab::new();
    drop(started(&other));
    let kept = fs::read(other.path()).unwrap();
    let changes = next(&lab, |lab| {
        let copy = lab.folder.path().join("copy");
        fs::copy(other.path(), &copy).unwrap();
        fs::rename(copy, lab.path()).unwrap();
    });
    assert_eq!(changes, [FileChange::Replacement; 2]);
    assert_eq!(fs::read(lab.path()).unwrap(), kept);
    assert_eq!(lab.names(), ["rows.sqlite"]);
    started(&lab);
}

#[test]
fn a_truncated_file_is_noticed() {
    for length in [0, 4096] {
        let lab = Lab::new();
        let changes = next(&lab, |lab| {
            let file = fs::OpenOptions::new().write(true).open(lab.path()).unwrap();
            file.set_len(length).unwrap();
        });
        assert_eq!(changes, [FileChange::Truncation; 2], "{length}");
    }
}

#[test]
fn a_deleted_log_or_lock_is_noticed() {
    for end in ["-wal", "-lock"] {
        let lab = Lab::new();
        let name = format!("rows.sqlite{end}");
        let changes = next(&lab, |lab| {
            fs::remove_file(lab.folder.path().join(&name)).unwrap();
        });
        assert_eq!(changes, [FileChange::Removal; 2], "{end}");
    }
}

#[test]
fn a_truncated_log_is_noticed_and_the_file_stays_intact() {
    for length in [0, 20, 9_000] {
        let cut = |lab: &Lab| {
            let path = lab.folder.path().join("rows.sqlite-wal");
            let log = fs::OpenOptions::new().write(true).open(path).unwrap();
            assert!(log.metadata().unwrap().len() > length);
            log.set_len(length).unwrap();
        };
        let changes = next(&Lab::new(), cut);
        assert_eq!(changes, [FileChange::Truncation; 2], "{length}");
        let lab = Lab::new();
        let mut sqlite = started(&lab);
        cut(&lab);
        sqlite.verify().unwrap_err();
        drop(sqlite);
        assert_eq!(lab.names(), ["rows.sqlite"]);
        let sqlite = started(&lab);
        assert_eq!(shown(&sqlite, "PRAGMA integrity_check"), ["'ok'"]);
        assert_eq!(shown(&sqlite, "SELECT id FROM t"), ["1"]);
    }
}

#[test]
fn a_file_with_two_names_is_refused_under_each() {
    let lab = Lab::new();
    let link = lab.folder.path().join("link.sqlite");
    let mut sqlite = started(&lab);
    fs::hard_link(lab.path(), &link).unwrap();
    let error = Sqlite::open(&link).unwrap_err();
    assert!(error.to_string().contains("hard links"), "{error}");
    // The first sync continues.
    put(&mut sqlite, &["{\"id\": 2}"], "{}");
    drop(sqlite);
    for path in [&link, &lab.path()] {
        let error = Sqlite::open(path).unwrap_err();
        assert!(matches!(error, DestinationError::Linked { .. }), "{error}");
    }
    assert_eq!(lab.names(), ["link.sqlite", "rows.sqlite"]);
    fs::remove_file(link).unwrap();
    let symbolic = lab.folder.path().join("symbolic.sqlite");
    std::os::unix::fs::symlink(lab.path(), &symbolic).unwrap();
    let sqlite = Sqlite::open(&symbolic).unwrap();
    assert_eq!(shown(&sqlite, "SELECT id FROM t"), ["1", "2"]);
}

#[test]
fn the_error_says_which_pages_are_lost() {
    type Tamper = fn(&Lab);
    fn log(lab: &Lab) -> std::path::PathBuf {
        lab.folder.path().join("rows.sqlite-wal")
    }
    fn cut(path: std::path::PathBuf) {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(0).unwrap();
    }
    let cases: [(Tamper, &str, &[&str]); 5] = [
        (|lab| cut(log(lab)), "only in this log are lost", &[]),
        (
            |lab| {
                fs::write(log(lab).with_extension("new"), "").unwrap();
                fs::rename(log(lab).with_extension("new"), log(lab)).unwrap();
            },
            "only in this log are lost",
            &[],
        ),
        (
            |lab| fs::remove_file(log(lab)).unwrap(),
            "the last page is missing",
            &["1"],
        ),
        (
            |lab| cut(lab.path()),
            "the pages in the truncated part are lost",
            &[],
        ),
        (
            |lab| fs::remove_file(lab.path()).unwrap(),
            "the last page is missing",
            &[],
        ),
    ];
    for (tamper, words, kept) in cases {
        let lab = Lab::new();
        let mut sqlite = started(&lab);
        tamper(&lab);
        let page = rows(&["{\"id\": 2}"]);
        let error = sqlite.commit("t", &page, &raw("{}")).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        drop(sqlite);
        let mut sqlite = lab.open();
        sqlite.prepare(&table("t", &["id"], &[])).unwrap();
        assert_eq!(shown(&sqlite, "SELECT id FROM t"), kept, "{error}");
    }
}

/// Checkpoints by the sync and by another program; some of them make the log shorter.
#[test]
fn checkpoints_and_readers_are_allowed() {
    let lab = Lab::new();
    let mut sqlite = started(&lab);
    let viewer = rusqlite::Connection::open(lab.path()).unwrap();
    let mut id = 1;
    for mode in ["PASSIVE", "FULL", "RESTART", "TRUNCATE"] {
        for by_viewer in [true, false] {
            let connection = if by_viewer {
                &viewer
            } else {
                &sqlite.file.connection
            };
            let checkpoint = format!("PRAGMA wal_checkpoint({mode})");
            let count = "SELECT count(*) FROM t";
            connection.query_row(count, [], |_| Ok(())).unwrap();
            connection.query_row(&checkpoint, [], |_| Ok(())).unwrap();
            sqlite.verify().unwrap();
            id += 1;
            put(&mut sqlite, &[&format!("{{\"id\": {id}}}")], "{}");
        }
    }
}

/// None of this changes the file.
#[test]
fn copying_and_linking_the_file_is_allowed() {
    let lab = Lab::new();
    let mut sqlite = started(&lab);
    let beside = |name: &str| lab.folder.path().join(name);
    fs::copy(lab.path(), beside("copy")).unwrap();
    fs::hard_link(lab.path(), beside("link")).unwrap();
    fs::remove_file(beside("link")).unwrap();
    put(&mut sqlite, &["{\"id\": 2}"], "{}");
    sqlite.verify().unwrap();
}
