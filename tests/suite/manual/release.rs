//! A release has one version, which the changelog describes, and its workflow builds what the manual names.

use super::{page, repository};
use std::os::unix::fs::PermissionsExt;

/// The text between the quotes after the first occurrence of `key`.
fn value<'a>(file: &'a str, key: &str) -> &'a str {
    let (_, rest) = file.split_once(key).expect(key);
    rest.split('"').next().unwrap()
}

#[test]
fn host_and_kits_have_the_version_that_the_changelog_describes() {
    let workspace = page("Cargo.toml");
    let version = value(&workspace, "version = \"");
    for (file, key) in [
        ("kit/rust/Cargo.toml", "version = \""),
        ("kit/python/pyproject.toml", "version = \""),
        ("kit/javascript/package.json", "\"version\": \""),
    ] {
        assert_eq!(value(&page(file), key), version, "{file}");
    }
    // Where one package names another: a registry's copy must be the one that was tested with it.
    for (file, key) in [
        (
            "Cargo.toml",
            "weld-protocol = { path = \"protocol\", version = \"",
        ),
        (
            "templates/rust/Cargo.toml",
            "weld-connector = { version = \"",
        ),
        ("templates/python/requirements.txt", "\n# weld-connector=="),
        (
            "templates/javascript/package-lock.json",
            "\n    \"weld-connector\": {\n      \"version\": \"",
        ),
        (
            "templates/typescript/package-lock.json",
            "\n    \"weld-connector\": {\n      \"version\": \"",
        ),
        (
            "templates/adapt-javascript/package-lock.json",
            "\n    \"weld-connector\": {\n      \"version\": \"",
        ),
    ] {
        let text = page(file);
        let named = value(&text, key);
        assert_eq!(named.lines().next(), Some(version), "{file}");
    }
    let changelog = page("CHANGELOG.md");
    let heading = format!("\n## [{version}] - ");
    let (unreleased, released) = changelog.split_once(&heading).expect("a section for it");
    assert!(unreleased.contains("\n## [Unreleased]\n"));
    assert!(released.contains("\n### Added\n"));
}

/// The words of a file that has one on each line.
fn targets() -> Vec<String> {
    let list = page("release/targets");
    list.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn release_has_a_program_for_each_target_and_the_manual_names_it() {
    let workflow = page(".github/workflows/release.yml");
    let built: Vec<_> = workflow
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- target: "))
        .collect();
    assert_eq!(built, targets());
    let installation = page("docs/install.md");
    for target in targets() {
        assert!(installation.contains(&format!("`{target}`")), "{target}");
    }
}

#[test]
fn every_script_that_a_workflow_or_a_recipe_calls_is_there_and_executable() {
    let mut called = Vec::new();
    for file in [
        ".github/workflows/ci.yml",
        ".github/workflows/release.yml",
        "justfile",
        ".ci/run",
    ] {
        let text = page(file);
        let is_mark = |letter: char| !letter.is_alphanumeric() && letter != '/';
        let words = text
            .split_whitespace()
            .map(|word| word.trim_matches(is_mark));
        let scripts = words.filter(|word| word.starts_with("release/") && !word.ends_with(".md"));
        called.extend(scripts.map(str::to_owned));
    }
    assert!(called.len() > 10, "{called:?}");
    for script in called {
        let path = repository().join(&script);
        if path.extension().is_some() || path.is_dir() {
            continue;
        }
        let mode = std::fs::metadata(&path).expect(&script).permissions();
        assert!(mode.mode() & 0o111 != 0, "{script} is not executable");
    }
}
