//! No source file is an orphan, which no compiler reads and no test runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::source::{modules, normal};
use super::{files, repository, rust_files, shown};

/// The files at which Cargo begins to compile the package in this folder: those that its manifest names, and those
/// that Cargo finds itself.
fn roots(package: &Path) -> BTreeSet<PathBuf> {
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
    let mut roots: BTreeSet<PathBuf> = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("path = \"")?.strip_suffix('"'))
        .filter(|path| path.ends_with(".rs"))
        .map(|path| normal(&package.join(path)))
        .collect();
    for known in ["src/lib.rs", "src/main.rs", "build.rs"] {
        roots.insert(package.join(known));
    }
    for found in ["src/bin", "tests", "benches", "examples"] {
        for entry in fs::read_dir(package.join(found)).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                roots.insert(path);
            } else {
                roots.insert(path.join("main.rs"));
            }
        }
    }
    roots.retain(|root| root.exists());
    roots
}

/// The source files below `folder` that no package there compiles, and how many are compiled.
fn orphans(folder: &Path) -> (Vec<String>, usize) {
    let compiled: BTreeSet<PathBuf> = files(folder, &["Cargo.toml"])
        .iter()
        .flat_map(|manifest| roots(manifest.parent().unwrap()))
        .flat_map(|root| modules(&root))
        .map(|module| module.file)
        .collect();
    let orphans = rust_files(folder)
        .iter()
        .filter(|file| !compiled.contains(*file))
        .map(|file| shown(file))
        .collect();
    (orphans, compiled.len())
}

#[test]
fn every_source_file_is_in_a_module_tree() {
    let (orphans, compiled) = orphans(&repository());
    assert!(compiled > 500, "the test found almost nothing: {compiled}");
    assert!(
        orphans.is_empty(),
        "no `mod` item leads to these files, so nothing compiles them: {orphans:#?}"
    );
}

#[test]
fn orphans_are_found_among_files_that_cargo_and_mod_items_lead_to() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    for (file, text) in [
        (
            "Cargo.toml",
            "[[test]]\nname = \"odd\"\npath = \"odd/start.rs\"\n",
        ),
        ("build.rs", "fn main() {}"),
        (
            "src/lib.rs",
            "mod plain; #[cfg(test)] mod tests; mod inline { mod deep; }",
        ),
        (
            "src/plain.rs",
            "mod below; #[path = \"elsewhere/named.rs\"] mod other;",
        ),
        ("src/plain/below.rs", ""),
        ("src/elsewhere/named.rs", "mod beside;"),
        ("src/elsewhere/beside.rs", ""),
        ("src/inline/deep/mod.rs", ""),
        ("src/tests.rs", "// mod commented;"),
        ("src/commented.rs", ""),
        ("src/plain/forgotten.rs", ""),
        ("src/bin/one.rs", ""),
        ("src/bin/two/main.rs", "mod part;"),
        ("src/bin/two/part.rs", ""),
        ("src/bin/two/no_part.rs", ""),
        ("odd/start.rs", ""),
        ("odd/other.rs", ""),
        ("target/debug/made.rs", ""),
    ] {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (orphans, compiled) = orphans(&folder);
    let orphans: Vec<String> = orphans
        .iter()
        .map(|path| path.replace(&format!("{}/", folder.display()), ""))
        .collect();
    assert_eq!(
        orphans,
        [
            "odd/other.rs",
            "src/bin/two/no_part.rs",
            "src/commented.rs",
            "src/plain/forgotten.rs",
        ]
    );
    assert_eq!(compiled, 12);
}
