//! ARCHITECTURE.md's table of what to touch to add something names files that exist.

use std::fs;
use std::path::{Path, PathBuf};

use super::repository;

/// The rows of the table under "To add …", each as what is to be added and the places to touch.
fn rows(text: &str) -> Vec<(&str, &str)> {
    text.split("\n## ")
        .find(|section| section.starts_with("To add"))
        .expect("the section")
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")
        })
        .filter(|(added, _)| *added != "to add")
        .collect()
}

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether such a file or folder is there; `*` stands for any name.
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
    let text = fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    let rows = rows(&text);
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
fn missing_files_are_found() {
    let table = "# A\n\n## To add …\n\n| to add | touch |\n|---|---|\n| a thing | `cli/mod.rs`, a line of `kit/*/README.md` |\n";
    let rows = rows(table);
    assert_eq!(rows[0].0, "a thing");
    let places: Vec<&str> = quoted(rows[0].1).collect();
    assert_eq!(places, ["cli/mod.rs", "kit/*/README.md"]);
    assert!(exists(&repository(), "kit/*/README.md"));
    for missing in ["kit/*/nothing.rs", "cli/mod.rs", "host/*/cli/none.rs"] {
        assert!(!exists(&repository(), missing), "{missing}");
    }
}
