//! ARCHITECTURE.md is correct as far as it can be checked: its rooms are the existing ones, and the files that it
//! names exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{repository, rust_files, shown};

pub(super) fn architecture() -> String {
    fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap()
}

/// The rows of the table under the heading that begins with these words: the first cell of each, and the rest.
pub(super) fn rows<'a>(text: &'a str, heading: &str) -> Vec<(&'a str, &'a str)> {
    text.split("\n## ")
        .find(|section| section.starts_with(heading))
        .expect("the section")
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")
        })
        // The head of the table.
        .skip(1)
        .collect()
}

/// The texts in backticks.
pub(super) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether such a file or folder exists; `*` matches any name.
fn exists(folder: &Path, path: &str) -> bool {
    let mut found = vec![folder.to_owned()];
    for name in path.split('/') {
        found = found
            .iter()
            .flat_map(|folder| match name {
                "*" => fs::read_dir(folder)
                    .into_iter()
                    .flatten()
                    .map(|entry| entry.unwrap().path())
                    .collect(),
                _ => Vec::from_iter(Some(folder.join(name)).filter(|path| path.exists())),
            })
            .collect::<Vec<PathBuf>>();
    }
    !found.is_empty()
}

#[test]
fn files_to_touch_exist() {
    let text = architecture();
    let rows = rows(&text, "To add");
    assert!(rows.len() >= 12, "only {} rows", rows.len());
    for (added, places) in rows {
        assert!(quoted(places).next().is_some(), "{added}: no file at all");
        for place in quoted(places) {
            let place = place.trim_end_matches('/');
            let homes = [repository(), repository().join("host/src")];
            assert!(
                homes.iter().any(|home| exists(home, place)),
                "{added}: `{place}` is neither in the repository's root nor in host/src"
            );
        }
    }
}

#[test]
fn rooms_of_the_table_are_the_existing_ones() {
    let text = architecture();
    let listed: BTreeSet<String> = rows(&text, "Rooms")
        .iter()
        .flat_map(|(room, _)| quoted(room))
        .map(str::to_owned)
        .collect();
    let sources = repository().join("host/src");
    let rooms: BTreeSet<String> = fs::read_dir(&sources)
        .unwrap()
        .map(|entry| entry.unwrap().path().with_extension(""))
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        // The crate's root files, and what exists only for tests.
        .filter(|name| !["lib", "main", "metrics_probe", "samples"].contains(&name.as_str()))
        .collect();
    assert_eq!(listed, rooms);
}

#[test]
fn source_files_that_the_text_names_exist() {
    let sources: Vec<String> = rust_files(&repository())
        .iter()
        .map(|file| format!("/{}", shown(file)))
        .collect();
    let text = architecture();
    let named: BTreeSet<&str> = text
        .lines()
        .flat_map(quoted)
        .filter(|name| name.ends_with(".rs"))
        .collect();
    assert!(named.len() > 20, "the test found almost nothing: {named:?}");
    let missing: Vec<_> = named
        .iter()
        .filter(|name| {
            !sources
                .iter()
                .any(|file| file.ends_with(&format!("/{name}")))
        })
        .collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names {missing:?}");
}

#[test]
fn missing_files_are_found() {
    let table = "# A\n\n## To add …\n\n| to add | touch |\n|---|---|\n| a thing | `cli/mod.rs`, a line of `kit/*/README.md` |\n";
    let rows = rows(table, "To add");
    assert_eq!(rows[0].0, "a thing");
    let places: Vec<&str> = quoted(rows[0].1).collect();
    assert_eq!(places, ["cli/mod.rs", "kit/*/README.md"]);
    assert!(exists(&repository(), "kit/*/README.md"));
    for missing in ["kit/*/nothing.rs", "cli/mod.rs", "host/*/cli/none.rs"] {
        assert!(!exists(&repository(), missing), "{missing}");
    }
}
