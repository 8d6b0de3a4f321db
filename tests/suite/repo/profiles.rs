//! The profile for development has the settings of dependencies, so each member of the workspace needs its own.

use std::fs;
use std::path::Path;

fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).expect(path)
}

/// The texts in double quotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

#[test]
fn every_member_of_the_workspace_is_built_with_assertions() {
    let workspace = file("Cargo.toml");
    let (_, members) = workspace.split_once("\nmembers = [").expect("members");
    let members: Vec<&str> = quoted(members.split(']').next().unwrap()).collect();
    assert!(members.contains(&"host"), "{members:?}");
    for member in members {
        let manifest = file(&format!("{member}/Cargo.toml"));
        let (_, name) = manifest.split_once("\nname = ").expect("a name");
        let name = quoted(name).next().unwrap();
        let heading = format!("\n[profile.dev.package.{name}]\n");
        let (_, settings) = workspace
            .split_once(&heading)
            .unwrap_or_else(|| panic!("Cargo.toml has no [profile.dev.package.{name}]"));
        let settings: Vec<&str> = settings
            .lines()
            .take_while(|line| !line.is_empty())
            .collect();
        for setting in [
            "opt-level = 0",
            "debug-assertions = true",
            "overflow-checks = true",
        ] {
            assert!(settings.contains(&setting), "{name}: {settings:?}");
        }
    }
}
