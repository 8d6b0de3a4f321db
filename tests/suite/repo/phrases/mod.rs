//! Phrases that read like another language in English words are in no text of the repository.

mod list;

use list::{BE, PERSONS, PHRASES, VERBS};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Names of files whose text people wrote.
const ENDINGS: [&str; 14] = [
    ".rs", ".md", ".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".c", ".h", ".wit", ".toml", ".sh",
    ".yml",
];
const NOT_SOURCES: [&str; 7] = [
    ".git",
    ".venv",
    "__pycache__",
    "dist",
    "node_modules",
    "plugins",
    "target",
];

fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap()
}

fn texts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().unwrap().is_dir() {
            let is_own = entry.path().ends_with("suite/repo/phrases");
            if !is_own && !NOT_SOURCES.contains(&name.as_str()) {
                found.extend(texts(&entry.path()));
            }
        } else if ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            found.push(entry.path());
        }
    }
    found
}

/// A text as one line, as its reader sees it: comments without their marks, names of functions as words. Each piece has
/// the line that it is on.
fn read(text: &str) -> (String, Vec<(usize, usize)>) {
    let mut joined = String::new();
    let mut places = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim().trim_end_matches('\\');
        let line = line.trim_start_matches(['/', '!', '#', '*']).trim();
        places.push((joined.len(), index + 1));
        let mut is_name = false;
        for word in line.split(' ') {
            let text = if is_name {
                word.replace('_', " ")
            } else {
                word.to_owned()
            };
            joined.push_str(&text);
            joined.push(' ');
            is_name = ["fn", "def", "test"].contains(&word);
        }
    }
    (joined, places)
}

/// The words of a text with where each begins. What is between two words decides whether they belong together.
fn words(text: &str) -> Vec<(usize, &str)> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '\'' || letter == '_';
    let mut words = Vec::new();
    let mut begin = None;
    for (place, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (begin, is_part(letter)) {
            (None, true) => begin = Some(place),
            (Some(from), false) => {
                words.push((from, &text[from..place]));
                begin = None;
            }
            _ => {}
        }
    }
    words
}

fn alternatives(words: &str) -> &str {
    if words == "BE" { BE } else { words }
}

fn is_one_of(word: &str, words: &str) -> bool {
    alternatives(words).split('|').any(|other| other == word)
}

/// Each banned phrase of a text: its line, itself, and what to write instead.
fn found(text: &str) -> Vec<(usize, String, String)> {
    let (original, places) = read(text);
    let text = original.to_ascii_lowercase();
    let words = words(&text);
    let line = |place: usize| places[places.partition_point(|(begin, _)| *begin <= place) - 1].1;
    let firsts = PHRASES
        .iter()
        .map(|phrase| phrase.words.split(' ').next().unwrap_or_default());
    let firsts = firsts.flat_map(|first| alternatives(first).split('|'));
    let firsts: BTreeSet<&str> = firsts.chain(["who"]).collect();
    let mut found = Vec::new();
    for index in 0..words.len() {
        if !firsts.contains(words[index].1) {
            continue;
        }
        let rest = &words[index..];
        let (begin, first) = rest[0];
        let before = index.checked_sub(1).map(|index| words[index]);
        // Only if nothing but a space is between them.
        let follows =
            |(place, word): (usize, &str)| text[place + word.len()..begin].trim().is_empty();
        let previous = before
            .filter(|word| follows(*word))
            .map_or("", |(_, word)| word);
        for phrase in &PHRASES {
            let expected: Vec<&str> = phrase.words.split(' ').collect();
            if rest.len() < expected.len()
                || !rest
                    .iter()
                    .zip(&expected)
                    .all(|((_, word), other)| is_one_of(word, other))
            {
                continue;
            }
            let (last, word) = rest[expected.len() - 1];
            let end = last + word.len();
            let pairs = rest[..expected.len()].windows(2);
            let is_together = pairs
                .map(|pair| &text[pair[0].0 + pair[0].1.len()..pair[1].0])
                .all(|between| between.trim().is_empty());
            let after = &text[end..];
            let is_right = phrase.unless_after.contains(&previous)
                || phrase
                    .unless_before
                    .iter()
                    .any(|next| after.trim_start().starts_with(next))
                || !(phrase.only_before.is_empty()
                    || phrase
                        .only_before
                        .iter()
                        .any(|next| after.starts_with(next)));
            // The value of Rust and Python.
            let is_code = original[begin..end].contains("None");
            if is_together && !is_right && !is_code {
                found.push((
                    line(begin),
                    text[begin..end].to_owned(),
                    phrase.instead.to_owned(),
                ));
            }
        }
        if first == "who"
            && rest.len() > 1
            && VERBS.split_whitespace().any(|verb| verb == rest[1].1)
        {
            let person = before.map_or("", |(_, word)| word);
            let is_right = PERSONS.split_whitespace().any(|other| other == person);
            if !is_right && text[begin..rest[1].0].trim() == "who" {
                let instead = "`the caller`, `the operator`, `a client that …`".to_owned();
                found.push((line(begin), format!("who {}", rest[1].1), instead));
            }
        }
    }
    found
}

#[test]
fn texts_have_no_phrases_that_are_read_twice() {
    let mut all = Vec::new();
    for path in texts(&repository()) {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let shown = path
            .strip_prefix(repository())
            .unwrap_or(&path)
            .display()
            .to_string();
        let places = found(&text).into_iter();
        all.extend(
            places.map(|(line, phrase, instead)| {
                format!("{shown}:{line}: {phrase:?}: write {instead}")
            }),
        );
    }
    assert!(all.is_empty(), "{}\n{} phrases", all.join("\n"), all.len());
}

#[test]
fn phrases_are_found_across_lines_and_in_names() {
    let texts = |text: &str| -> Vec<String> {
        found(text)
            .into_iter()
            .map(|(_, phrase, _)| phrase)
            .collect()
    };
    assert_eq!(texts("/// What it says is\n/// no number."), ["is no"]);
    assert_eq!(texts("fn a_file_is_told() {}"), ["is told"]);
    assert_eq!(texts("format!(\"a \\\n    own one\")"), ["a own"]);
    assert_eq!(
        texts("It is asked anew; later who asks waits no more."),
        ["anew", "who asks", "no more"]
    );
    for right in [
        "There is no file, which is no longer read.",
        "No more than 5 are read; those who ask wait.",
        "It stands in for the host.",
        "is a. No one",
        "if value is None: return None if it is there",
    ] {
        assert_eq!(texts(right), [""; 0], "{right}");
    }
    assert_eq!(found("one\ntwo\nis no\n")[0].0, 3);
}
