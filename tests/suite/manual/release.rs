//! A release has one version, and the changelog describes it.

use super::page;

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
    let changelog = page("CHANGELOG.md");
    let heading = format!("\n## [{version}] - ");
    let (unreleased, released) = changelog.split_once(&heading).expect("a section for it");
    assert!(unreleased.contains("\n## [Unreleased]\n"));
    assert!(released.contains("\n### Added\n"));
}
