//! The book's table of contents has every page of the manual, each once.

use super::{manual, page};

#[test]
fn every_page_of_the_manual_is_in_the_book() {
    let summary = page("docs/SUMMARY.md");
    let links = summary.split("](").skip(1);
    let mut listed: Vec<&str> = links.filter_map(|part| part.split(')').next()).collect();
    listed.sort_unstable();
    let pages: Vec<_> = manual()
        .into_iter()
        .filter(|name| name != "SUMMARY.md")
        .collect();
    assert_eq!(listed, pages);
}
