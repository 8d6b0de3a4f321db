//! `build` compiles into the cache what it has built.

use super::super::workshop::Workshop;
use super::assert_fails;
use crate::{guests, host};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use weld_host_tests::component::{starting_with, with_core_module};
use weld_host_tests::process::Ended;

/// Builds with a cache of its own.
fn build(workshop: &Workshop) -> Ended {
    let cache = cache(workshop).display().to_string();
    workshop.run("build", &["beers", "--cache", &cache])
}

fn cache(workshop: &Workshop) -> PathBuf {
    workshop.at("cache")
}

/// The files in the cache with this ending.
fn cached(workshop: &Workshop, ending: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(cache(workshop)).into_iter().flatten();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect()
}

/// How a host with the workshop's cache has loaded this component.
fn announcement(workshop: &Workshop, component: &Path) -> String {
    let host = host()
        .flag("--cache", &cache(workshop).display().to_string())
        .plugin("beers", component.to_str().unwrap())
        .start();
    host.announcement("beers")
}

/// A workshop with a connector in Rust, whose build makes `component`. It is in the folder, where it can be changed.
fn workshop_of(component: &[u8]) -> (Workshop, TempDir) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("component.wasm");
    fs::write(&path, component).unwrap();
    (Workshop::of_rust(path.to_str().unwrap()), folder)
}

fn change(folder: &TempDir, component: &[u8]) {
    fs::write(folder.path().join("component.wasm"), component).unwrap();
}

/// The connector with another function, which its start calls.
fn with_another_function(instruction: u8) -> Vec<u8> {
    let whole = fs::read(guests::ECHOES_STATE).unwrap();
    with_core_module(&whole, &starting_with(&[], &[instruction]))
}

/// An instruction that does nothing, and a byte that no instruction has.
const NO_OPERATION: u8 = 0x01;
const NO_INSTRUCTION: u8 = 0xff;

#[test]
fn next_host_finds_the_code_of_a_build_in_the_cache() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE);
    let ended = build(&workshop);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(cached(&workshop, "cwasm").len(), 1);
    let line = announcement(&workshop, &workshop.at("plugins/beers.wasm"));
    assert!(line.contains("from the cache"), "{line}");
}

#[test]
fn a_build_keeps_its_functions_in_the_same_file_as_the_last_one() {
    let (workshop, folder) = workshop_of(&fs::read(guests::ECHOES_STATE).unwrap());
    assert!(build(&workshop).status.success());
    let [functions] = &cached(&workshop, "functions")[..] else {
        panic!("one project has one file");
    };
    let first = fs::read(functions).unwrap();
    change(&folder, &with_another_function(NO_OPERATION));
    let ended = build(&workshop);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(cached(&workshop, "cwasm").len(), 2);
    assert_eq!(cached(&workshop, "functions"), [functions.as_path()]);
    let second = fs::read(functions).unwrap();
    assert!(second.len() > first.len(), "one function more");
    let line = announcement(&workshop, &workshop.at("plugins/beers.wasm"));
    assert!(line.contains("from the cache"), "{line}");
}

#[test]
fn changed_functions_are_refused_with_a_warning_and_replaced() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE);
    // Without its code, the component is compiled again.
    let build_again = || {
        for code in cached(&workshop, "cwasm") {
            fs::remove_file(code).unwrap();
        }
        let ended = build(&workshop);
        assert!(ended.status.success(), "{ended:?}");
        assert_eq!(cached(&workshop, "cwasm").len(), 1);
        ended.stderr.join("\n")
    };
    build_again();
    let [functions] = &cached(&workshop, "functions")[..] else {
        panic!("one project has one file");
    };
    let mut changed = fs::read(functions).unwrap();
    let middle = changed.len() / 2;
    changed[middle] ^= 0xff;
    fs::write(functions, changed).unwrap();
    for is_refused in [true, false] {
        let said = build_again();
        let found = said.contains("cached functions refused");
        assert_eq!(found, is_refused, "{said}");
    }
}

#[test]
fn component_that_no_host_can_compile_is_not_installed() {
    let (workshop, _folder) = workshop_of(&with_another_function(NO_INSTRUCTION));
    let workshop = workshop.with("plugins/beers.wasm", "the previous one");
    let words = ["component.wasm", "can't be compiled", "illegal opcode"];
    assert_fails(&build(&workshop), &words);
    assert_eq!(workshop.read("plugins/beers.wasm"), "the previous one");
}

#[test]
fn without_a_usable_cache_a_build_only_warns() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE).with("cache", "a file");
    let ended = build(&workshop);
    assert!(ended.status.success(), "{ended:?}");
    let said = ended.stderr.join("\n");
    assert!(said.contains("the cache folder can't be used"), "{said}");
    assert!(workshop.has_installed(guests::ECHOES_STATE));
}
