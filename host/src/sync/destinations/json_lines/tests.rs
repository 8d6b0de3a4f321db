use std::fs;

use tempfile::TempDir;

use super::super::fixtures::{raw, rows, table};
use super::super::identity::FileChange;
use super::*;

fn read(folder: &TempDir, file: &str) -> String {
    fs::read_to_string(folder.path().join(file)).unwrap()
}

fn open(folder: &TempDir) -> JsonLines {
    JsonLines::open(folder.path()).unwrap()
}

#[test]
fn pages_are_appended_and_the_next_run_has_their_state() {
    let folder = TempDir::new().unwrap();
    let beers = table("beers", &["id"], &[]);
    let mut lines = open(&folder);
    assert_eq!(lines.prepare(&beers).unwrap(), None);
    let page = rows(&["{\"id\":\n 1.10}", "{\"id\": 18446744073709551616}"]);
    lines.commit("beers", &page, &raw("{\"n\": 1.10}")).unwrap();
    drop(lines);

    let mut lines = open(&folder);
    assert_eq!(
        lines.prepare(&beers).unwrap().as_deref(),
        Some("{\"n\": 1.10}")
    );
    lines.commit("beers", &rows(&["{}"]), &raw("null")).unwrap();
    assert_eq!(lines.prepare(&beers).unwrap().as_deref(), Some("null"));
    let expected = "{\"id\": 1.10}\n{\"id\": 18446744073709551616}\n{}\n";
    assert_eq!(read(&folder, "beers.jsonl"), expected);
    drop(lines);
    assert_eq!(
        open(&folder).prepare(&beers).unwrap().as_deref(),
        Some("null")
    );
}

#[test]
fn rows_that_a_killed_run_did_not_commit_are_removed() {
    let folder = TempDir::new().unwrap();
    let keyless = table("t", &[], &[]);
    let mut lines = open(&folder);
    lines.prepare(&keyless).unwrap();
    lines
        .commit("t", &rows(&["{\"a\": 1}"]), &raw("{\"page\": 1}"))
        .unwrap();
    drop(lines);
    let leftovers = ["{\"a\": 2}\n", "{\"a\"", "{\"a\": 2}\n{\"a\": 3}\n"];
    for leftover in leftovers {
        fs::write(
            folder.path().join("t.jsonl"),
            format!("{{\"a\": 1}}\n{leftover}"),
        )
        .unwrap();
        fs::write(folder.path().join("_weld.json.new"), "{\"layout\":").unwrap();
        let mut lines = open(&folder);
        assert_eq!(
            lines.prepare(&keyless).unwrap().as_deref(),
            Some("{\"page\": 1}")
        );
        assert_eq!(read(&folder, "t.jsonl"), "{\"a\": 1}\n", "{leftover}");
    }
}

#[test]
fn a_sync_works_after_a_run_that_was_killed_before_its_first_page() {
    let folder = TempDir::new().unwrap();
    let keyless = table("t", &[], &[]);
    open(&folder).prepare(&keyless).unwrap();
    fs::remove_file(folder.path().join("t.jsonl")).unwrap();
    let mut lines = open(&folder);
    assert_eq!(lines.prepare(&keyless).unwrap(), None);
    lines.commit("t", &rows(&["{}"]), &raw("{}")).unwrap();
    assert_eq!(read(&folder, "t.jsonl"), "{}\n");
}

#[test]
fn after_an_error_the_page_is_undone_and_the_sync_continues() {
    let folder = TempDir::new().unwrap();
    let mut lines = open(&folder);
    lines.prepare(&table("t", &[], &[])).unwrap();
    lines
        .commit("t", &rows(&["{\"a\": 1}"]), &raw("{\"page\": 1}"))
        .unwrap();

    let error = lines
        .commit("t", &rows(&["{}", "7"]), &raw("{\"page\": 2}"))
        .unwrap_err();
    assert!(
        matches!(error, DestinationError::Row { row: 2, .. }),
        "{error:?}"
    );
    // The rows are written, but the manifest can't be.
    let obstacle = folder.path().join("_weld.json.new");
    fs::create_dir(&obstacle).unwrap();
    let error = lines
        .commit("t", &rows(&["{}"]), &raw("{\"page\": 2}"))
        .unwrap_err();
    assert!(matches!(error, DestinationError::File { .. }), "{error:?}");
    assert_eq!(read(&folder, "t.jsonl"), "{\"a\": 1}\n");
    assert_eq!(
        lines.states().unwrap(),
        [("t".to_owned(), "{\"page\": 1}".to_owned())]
    );

    fs::remove_dir(&obstacle).unwrap();
    lines
        .commit("t", &rows(&["{}"]), &raw("{\"page\": 2}"))
        .unwrap();
    assert_eq!(read(&folder, "t.jsonl"), "{\"a\": 1}\n{}\n");
}

#[test]
fn clearing_removes_rows_and_state_but_resetting_only_the_state() {
    let folder = TempDir::new().unwrap();
    let mut lines = open(&folder);
    let keyless = table("t", &[], &[]);
    lines.prepare(&keyless).unwrap();
    lines.commit("t", &rows(&["{}"]), &raw("{}")).unwrap();
    assert!(lines.reset_state("t").unwrap());
    assert!(!lines.reset_state("t").unwrap());
    assert!(!lines.reset_state("unknown").unwrap());
    assert_eq!(read(&folder, "t.jsonl"), "{}\n");
    lines.set_state("t", &raw("{\"page\": 3}")).unwrap();
    lines.set_state("later", &raw("{\"page\": 4}")).unwrap();
    assert_eq!(
        lines.prepare(&keyless).unwrap().as_deref(),
        Some("{\"page\": 3}")
    );
    assert_eq!(lines.states().unwrap().len(), 2);
    lines.clear("t").unwrap();
    assert_eq!(read(&folder, "t.jsonl"), "");
    assert_eq!(lines.prepare(&keyless).unwrap(), None);
    drop(lines);
    let resumed = open(&folder).prepare(&table("later", &[], &[])).unwrap();
    assert_eq!(resumed.as_deref(), Some("{\"page\": 4}"));
}

#[test]
fn a_folder_in_use_is_refused_at_once() {
    let folder = TempDir::new().unwrap();
    let first = open(&folder);
    let error = JsonLines::open(folder.path()).unwrap_err();
    assert!(
        matches!(error, DestinationError::Locked { .. }),
        "{error:?}"
    );
    drop(first);
    open(&folder);
}

#[test]
fn a_foreign_file_is_left_unchanged() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("t.jsonl"), "{\"mine\": 1}\n").unwrap();
    let error = open(&folder).prepare(&table("t", &[], &[])).unwrap_err();
    assert!(
        matches!(error, DestinationError::Foreign { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("t.jsonl"), "{error}");
    assert_eq!(read(&folder, "t.jsonl"), "{\"mine\": 1}\n");
}

#[test]
fn changes_by_others_are_reported() {
    type Expected = fn(&DestinationError) -> bool;
    let damaged: Expected = |error| matches!(error, DestinationError::Damaged { .. });
    let cases: [(&str, &str, Expected); 4] = [
        ("t.jsonl", "{", damaged),
        ("_weld.json", "{\"layout\": 1, \"tab", damaged),
        ("_weld.json", "[]", damaged),
        ("_weld.json", "{\"layout\": 9, \"new\": 1}", |error| {
            matches!(error, DestinationError::Layout { found: 9, .. })
        }),
    ];
    for (file, text, expected) in cases {
        let folder = TempDir::new().unwrap();
        let keyless = table("t", &[], &[]);
        let mut lines = open(&folder);
        lines.prepare(&keyless).unwrap();
        lines
            .commit("t", &rows(&["{\"a\": 1}"]), &raw("{}"))
            .unwrap();
        drop(lines);
        fs::write(folder.path().join(file), text).unwrap();
        let error = JsonLines::open(folder.path())
            .and_then(|mut lines| lines.prepare(&keyless))
            .unwrap_err();
        assert!(expected(&error), "{text}: {error:?}");
        assert_eq!(read(&folder, file), text);
    }
}

#[test]
fn a_folder_that_can_not_be_created_is_reported() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = JsonLines::open(&path).unwrap_err();
        assert!(
            matches!(error, DestinationError::Open { .. }),
            "{}: {error:?}",
            path.display()
        );
    }
    JsonLines::open(&folder.path().join("new/below")).unwrap();
}

#[test]
fn a_table_that_was_not_prepared_is_refused() {
    let folder = TempDir::new().unwrap();
    let error = open(&folder).commit("t", &[], &raw("{}")).unwrap_err();
    assert!(
        matches!(error, DestinationError::NotPrepared { .. }),
        "{error:?}"
    );
}

/// A sync that has committed a page each of the tables `t` and `u`.
fn started(folder: &Path) -> JsonLines {
    let mut lines = JsonLines::open(folder).unwrap();
    for name in ["t", "u"] {
        lines.prepare(&table(name, &[], &[])).unwrap();
        let page = rows(&["{\"id\": 1}"]);
        lines.commit(name, &page, &raw("{\"page\": 1}")).unwrap();
    }
    lines
}

#[test]
fn files_that_are_removed_or_changed_during_a_sync_are_noticed() {
    type Tamper = fn(&Path);
    let cases: [(&str, FileChange, Tamper); 9] = [
        ("t.jsonl deleted", FileChange::Removal, |folder| {
            fs::remove_file(folder.join("t.jsonl")).unwrap();
        }),
        ("t.jsonl moved", FileChange::Removal, |folder| {
            fs::rename(folder.join("t.jsonl"), folder.join("moved")).unwrap();
        }),
        ("t.jsonl replaced", FileChange::Replacement, |folder| {
            fs::copy(folder.join("t.jsonl"), folder.join("copy")).unwrap();
            fs::rename(folder.join("copy"), folder.join("t.jsonl")).unwrap();
        }),
        ("t.jsonl cut", FileChange::Truncation, |folder| {
            fs::write(folder.join("t.jsonl"), "").unwrap();
        }),
        ("the manifest deleted", FileChange::Removal, |folder| {
            fs::remove_file(folder.join("_weld.json")).unwrap();
        }),
        ("the manifest replaced", FileChange::Replacement, |folder| {
            fs::copy(folder.join("_weld.json"), folder.join("copy")).unwrap();
            fs::rename(folder.join("copy"), folder.join("_weld.json")).unwrap();
        }),
        ("the lock deleted", FileChange::Removal, |folder| {
            fs::remove_file(folder.join("_weld.lock")).unwrap();
        }),
        ("the folder deleted", FileChange::Removal, |folder| {
            fs::remove_dir_all(folder).unwrap();
        }),
        ("the folder replaced", FileChange::Replacement, |folder| {
            fs::rename(folder, folder.with_file_name("moved")).unwrap();
            fs::create_dir(folder).unwrap();
        }),
    ];
    for (case, expected, tamper) in cases {
        let lab = TempDir::new().unwrap();
        let folder = lab.path().join("rows");
        let mut lines = started(&folder);
        tamper(&folder);
        let page = rows(&["{\"id\": 2}"]);
        let committed = lines.commit("t", &page, &raw("{\"page\": 2}"));
        drop(lines);
        let lab = TempDir::new().unwrap();
        let folder = lab.path().join("rows");
        let mut lines = started(&folder);
        tamper(&folder);
        for error in [committed.unwrap_err(), lines.verify().unwrap_err()] {
            assert!(
                matches!(error, DestinationError::Changed { change, .. } if change == expected),
                "{case}: {error:?}"
            );
        }
    }
}

#[test]
fn reading_the_folder_and_adding_files_to_it_is_allowed() {
    let lab = TempDir::new().unwrap();
    let folder = lab.path().join("rows");
    let mut lines = started(&folder);
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    fs::copy(folder.join("t.jsonl"), folder.join("copy")).unwrap();
    lines
        .commit("t", &rows(&["{\"id\": 2}"]), &raw("{}"))
        .unwrap();
    lines.verify().unwrap();
    assert_eq!(
        fs::read_to_string(folder.join("t.jsonl")).unwrap(),
        "{\"id\": 1}\n{\"id\": 2}\n"
    );
}
