//! Phrases that read like another language in English words are in no text of the repository.

mod list;

use super::rooms::{files, repository, shown};
use list::{BE, PERSONS, PHRASES, Phrase, VERBS};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Names of files whose text people wrote.
const ENDINGS: [&str; 14] = [
    ".rs", ".md", ".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".c", ".h", ".wit", ".toml", ".sh",
    ".yml",
];
/// The folder with the phrases themselves.
const OWN_FOLDER: &str = "tests/suite/repo/phrases/";
/// Folders that tools fill.
const GENERATED: [&str; 3] = [".venv", "__pycache__", "dist"];

fn texts() -> Vec<PathBuf> {
    let mut found = files(&repository(), &ENDINGS);
    found.retain(|path| {
        let path = shown(path);
        let is_generated = path.split('/').any(|name| GENERATED.contains(&name));
        !is_generated && !path.starts_with(OWN_FOLDER)
    });
    assert!(found.len() > 500, "only {} texts", found.len());
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

fn alternatives(words: &str) -> impl Iterator<Item = &str> {
    let words = if words == "BE" { BE } else { words };
    words.split('|')
}

impl Phrase {
    /// Where the phrase ends in `text`, if `words` begin with it and nothing but spaces is between its words.
    fn end(&self, text: &str, words: &[(usize, &str)]) -> Option<usize> {
        let mut end = words.first()?.0;
        for (index, expected) in self.words.split(' ').enumerate() {
            let (begin, word) = words.get(index)?;
            let follows = text[end..*begin].trim().is_empty();
            if !follows || !alternatives(expected).any(|other| other == *word) {
                return None;
            }
            end = begin + word.len();
        }
        Some(end)
    }

    /// Whether what is around the phrase makes it right.
    fn is_right(&self, previous: &str, after: &str) -> bool {
        let is_one =
            |begins: &[&str], text: &str| begins.iter().any(|begin| text.starts_with(begin));
        self.unless_after.contains(&previous)
            || is_one(self.unless_before, after.trim_start())
            || !(self.only_before.is_empty() || is_one(self.only_before, after))
    }
}

/// The verb after `who` where no person is before it.
fn verb_of_nobody<'a>(text: &str, words: &[(usize, &'a str)], previous: &str) -> Option<&'a str> {
    let [(begin, "who"), (next, verb), ..] = *words else {
        return None;
    };
    let is_verb = VERBS.split_whitespace().any(|other| other == verb);
    let has_person = PERSONS.split_whitespace().any(|other| other == previous);
    let follows = text[begin..next].trim() == "who";
    (is_verb && follows && !has_person).then_some(verb)
}

/// Each banned phrase of a text: its line, itself, and what to write instead.
fn found(text: &str) -> Vec<(usize, String, String)> {
    let (original, places) = read(text);
    let text = original.to_ascii_lowercase();
    let words = words(&text);
    let line = |place: usize| places[places.partition_point(|(begin, _)| *begin <= place) - 1].1;
    let firsts = PHRASES
        .iter()
        .filter_map(|phrase| phrase.words.split(' ').next());
    let firsts: BTreeSet<&str> = firsts.flat_map(alternatives).chain(["who"]).collect();
    let mut found = Vec::new();
    for (index, (begin, first)) in words.iter().copied().enumerate() {
        if !firsts.contains(first) {
            continue;
        }
        let (before, rest) = words.split_at(index);
        let (previous_end, word_before) = before
            .last()
            .map_or((0, ""), |(place, word)| (place + word.len(), *word));
        // Only if nothing but a space is between them.
        let is_adjacent = text[previous_end..begin].trim().is_empty();
        let previous = if is_adjacent { word_before } else { "" };
        for phrase in &PHRASES {
            let Some(end) = phrase.end(&text, rest) else {
                continue;
            };
            // The value of Rust and Python.
            let is_code = original[begin..end].contains("None");
            if !is_code && !phrase.is_right(previous, &text[end..]) {
                let shown = text[begin..end].to_owned();
                found.push((line(begin), shown, phrase.instead.to_owned()));
            }
        }
        if let Some(verb) = verb_of_nobody(&text, rest, word_before) {
            let instead = "`the caller`, `the operator`, `a client that …`".to_owned();
            found.push((line(begin), format!("who {verb}"), instead));
        }
    }
    found
}

#[test]
fn texts_have_no_phrases_that_are_read_twice() {
    let mut all = Vec::new();
    for path in texts() {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let shown = shown(&path);
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
