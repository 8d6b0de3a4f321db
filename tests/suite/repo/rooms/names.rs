//! The names of the host's types: each has only one meaning in all rooms, and is a noun.

use std::collections::{BTreeMap, BTreeSet};

use syn::Item;

use super::repository;
use super::source::{for_tests_only, modules};

/// Participles that don't end with `ed`.
const IRREGULAR: [&str; 34] = [
    "Brought",
    "Built",
    "Came",
    "Cut",
    "Delivering",
    "Done",
    "Found",
    "Given",
    "Gone",
    "Had",
    "Heard",
    "Held",
    "Keeping",
    "Kept",
    "Known",
    "Left",
    "Lost",
    "Made",
    "Making",
    "Read",
    "Run",
    "Running",
    "Seen",
    "Sent",
    "Shown",
    "Stuck",
    "Taken",
    "Told",
    "Unread",
    "Waiting",
    "Withdrawn",
    "Won",
    "Worn",
    "Written",
];

/// Exceptions that are nouns.
const NOUNS: [&str; 5] = ["Embed", "Feed", "Need", "Run", "Seed"];

/// Each name of a type with the rooms that define a type of this name; test code is left out.
fn rooms_by_type() -> BTreeMap<String, BTreeSet<String>> {
    let mut rooms = BTreeMap::<_, BTreeSet<String>>::new();
    for module in modules(&repository().join("host/src/lib.rs")) {
        let Some(room) = module.path.first().filter(|_| !module.is_test) else {
            continue;
        };
        for item in &module.items {
            let (name, attributes) = match item {
                Item::Enum(item) => (&item.ident, &item.attrs),
                Item::Struct(item) => (&item.ident, &item.attrs),
                Item::Trait(item) => (&item.ident, &item.attrs),
                Item::Type(item) => (&item.ident, &item.attrs),
                Item::Union(item) => (&item.ident, &item.attrs),
                _ => continue,
            };
            if !for_tests_only(attributes) {
                let defined = rooms.entry(name.to_string()).or_default();
                defined.insert(room.clone());
            }
        }
    }
    assert!(rooms.len() > 200, "the test found almost nothing");
    rooms
}

#[test]
fn a_type_name_has_one_meaning() {
    let shared: Vec<String> = rooms_by_type()
        .into_iter()
        .filter(|(_, rooms)| rooms.len() > 1)
        .map(|(name, rooms)| format!("{name}: {}", Vec::from_iter(rooms).join(", ")))
        .collect();
    assert!(
        shared.is_empty(),
        "these names mean something in each of these rooms: {shared:#?}"
    );
}

#[test]
fn type_names_are_nouns() {
    let participles: Vec<String> = rooms_by_type()
        .into_keys()
        .filter(|name| is_participle(name))
        .collect();
    assert!(
        participles.is_empty(),
        "these names are not nouns: {participles:#?}"
    );
}

/// Whether the last word of a name is a participle, or a word that follows one (`LoggedOut`).
fn is_participle(name: &str) -> bool {
    let last = name
        .rfind(char::is_uppercase)
        .map_or(name, |at| &name[at..]);
    if NOUNS.contains(&last) {
        return false;
    }
    last.ends_with("ed") || IRREGULAR.contains(&last) || ["By", "Of", "Out"].contains(&last)
}

#[test]
fn participles_are_distinguished_from_nouns() {
    for participle in [
        "Had",
        "Told",
        "Loaded",
        "OpenedBy",
        "LoggedOut",
        "CpuTimeExceeded",
    ] {
        assert!(is_participle(participle), "{participle}");
    }
    for noun in [
        "Run",
        "Need",
        "RefusedEntry",
        "StreamedBody",
        "Warning",
        "Page",
    ] {
        assert!(!is_participle(noun), "{noun}");
    }
}
