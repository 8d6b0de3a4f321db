//! README and the manual in `docs/`: their links lead somewhere, and their tables say what the program does.

mod command_line;
mod contract;
mod errors;
mod fixed_limits;
mod flags;
mod front_page;
mod fronts;
mod links;
mod monitoring;
mod recording;
mod release;
mod rooms_picture;
mod shells;
mod summary;

use std::fs;
use std::path::{Path, PathBuf};

/// The folder that has README and `docs/`.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A page by its path in the repository.
fn page(path: &str) -> String {
    fs::read_to_string(repository().join(path)).expect(path)
}

/// The pages of the manual, as paths in `docs/`.
fn manual() -> Vec<String> {
    let folders = ["", "deploy/", "operating/"];
    let mut pages: Vec<_> = folders.into_iter().flat_map(pages_of).collect();
    pages.sort();
    pages
}

/// The pages of one folder of `docs/`.
fn pages_of(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(repository().join("docs").join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = names.filter(|name| name.ends_with(".md"));
    pages.map(|name| format!("{folder}{name}")).collect()
}

/// The rows of the table whose head begins with `head`.
fn rows<'a>(page: &'a str, head: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let (_, table) = page.split_once(head).expect(head);
    let rows = table.lines().skip(2);
    rows.take_while(|line| line.starts_with('|'))
}

/// The cells of a row. Before the first and after the last there is an empty text.
fn cells(row: &str) -> Vec<&str> {
    row.split('|').map(str::trim).collect()
}

/// The texts in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The lines of a page outside of code blocks.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}
