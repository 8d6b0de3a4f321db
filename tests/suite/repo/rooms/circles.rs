//! The files of a room don't form a circle, so that each can be read after those that it uses.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::graph::{Arrows, arrows, circles, way_round};
use super::source::modules;
use super::{repository, shown};

/// The crates to check. In the host each folder or file in `src` is a room; each other crate is one room.
const CRATES: [&str; 3] = ["host/src", "protocol/src", "kit/rust/src"];

/// The arrows are the names in a file's code: in `use`, and in paths in code and in macros' input. A name that
/// another file only re-exports leads to the file that defines it. The targets of method calls can't be found without
/// types, and test code doesn't count.
///
/// A file and its parent in the module tree may use each other, since children share their parent's names. No other
/// way may lead back to its beginning: neither from one sibling to another and back, nor from a parent to a child, on
/// to the child's sibling and back to the parent. What the siblings share then belongs in its own file.
#[test]
fn files_of_a_room_form_no_circle() {
    let mut found = String::new();
    let mut total = 0;
    for sources in CRATES {
        let arrows = arrows_within_rooms(&repository().join(sources), sources == "host/src");
        total += arrows.values().map(BTreeMap::len).sum::<usize>();
        for circle in circles(&arrows) {
            let files: Vec<String> = circle.iter().map(|file| shown(file)).collect();
            let way = way_round(&arrows, &circle, &shown);
            found.push_str(&format!("a circle of {files:#?}, such as\n{way}"));
        }
    }
    assert!(total > 500, "the test found almost nothing: {total}");
    assert!(found.is_empty(), "{found}");
}

fn arrows_within_rooms(sources: &Path, has_rooms: bool) -> Arrows {
    let room = |file: &Path| {
        let within = file.strip_prefix(sources).unwrap().with_extension("");
        let first = within.iter().next().unwrap().to_owned();
        has_rooms.then_some(first)
    };
    let mut arrows = arrows(&modules(&sources.join("lib.rs")));
    for (file, used) in &mut arrows {
        used.retain(|other, _| room(other) == room(file));
    }
    arrows
}

/// The circles of a crate with these files, without their common folder.
fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let name = |file: &PathBuf| {
        let within = file.strip_prefix(folder.path()).unwrap();
        within.display().to_string()
    };
    circles(&arrows(&modules(&folder.path().join("lib.rs"))))
        .iter()
        .map(|circle| circle.iter().map(name).collect())
        .collect()
}

#[test]
fn circles_are_found_but_a_parent_and_a_child_do_not_count() {
    let lib = ("lib.rs", "mod a; mod b; mod c;");
    let plain = ("c.rs", "pub struct C;");
    for (case, files, expected) in [
        (
            "one direction",
            vec![
                lib,
                ("a.rs", "use crate::b::B; use super::c::C;"),
                ("b.rs", "use crate::c::C; pub struct B;"),
                plain,
            ],
            vec![],
        ),
        (
            "two siblings, one by a path in a macro's input",
            vec![
                lib,
                ("a.rs", "fn a() { log!(\"{}\", crate::b::b()); }"),
                ("b.rs", "pub fn b() { super::a::a() }"),
                plain,
            ],
            vec![vec!["a.rs", "b.rs"]],
        ),
        (
            "three, one of them by a module's bare name",
            vec![
                lib,
                ("a.rs", "use crate::b; fn a() { b::b() }"),
                ("b.rs", "use crate::c::C; pub struct B;"),
                ("c.rs", "pub struct C(crate::a::A);"),
            ],
            vec![vec!["a.rs", "b.rs", "c.rs"]],
        ),
        (
            "a parent and its child",
            vec![
                lib,
                ("a.rs", "mod x; use x::X; pub struct A;"),
                ("a/x.rs", "use super::A; pub struct X;"),
                ("b.rs", ""),
                plain,
            ],
            vec![],
        ),
        (
            "a parent, its child and the child's sibling",
            vec![
                lib,
                ("a/mod.rs", "mod x; mod y; use x::X; pub struct A;"),
                ("a/x.rs", "use super::y::Y; pub struct X;"),
                ("a/y.rs", "use super::A; pub struct Y;"),
                ("b.rs", ""),
                plain,
            ],
            vec![vec!["a/mod.rs", "a/x.rs", "a/y.rs"]],
        ),
        (
            "an exported macro is its own file's, not the root's",
            vec![
                ("lib.rs", "mod a; mod b; mod c; pub use c::C;"),
                ("a.rs", "#[macro_export] macro_rules! make { () => {} }"),
                ("b.rs", "pub struct B; crate::make!();"),
                ("c.rs", "pub struct C(crate::b::B);"),
            ],
            vec![],
        ),
        (
            "a re-export is not a use of the re-exporting file",
            vec![
                lib,
                ("a/mod.rs", "mod x; mod y; pub use x::X; pub use y::*;"),
                ("a/x.rs", "use super::Y; pub struct X;"),
                ("a/y.rs", "pub struct Y;"),
                ("b.rs", ""),
                plain,
            ],
            vec![],
        ),
        (
            "test code, comments and who may see a thing",
            vec![
                lib,
                ("a.rs", "use crate::b::B; pub struct A;"),
                (
                    "b.rs",
                    "//! [`crate::a::A`]\npub(super) struct B; #[cfg(test)] use crate::a::A;\n\
                     #[cfg(test)] mod tests { use crate::a::A; }",
                ),
                plain,
            ],
            vec![],
        ),
    ] {
        assert_eq!(circles_of(&files), expected, "{case}");
    }
}
