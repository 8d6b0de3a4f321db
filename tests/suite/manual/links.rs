//! Links of README and the manual lead to files and headings that exist.

use super::{manual, page, prose, repository};
use std::collections::BTreeSet;
use std::path::Path;

/// Where the links of a page lead, without those to other machines.
fn links(page: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in prose(page) {
        for part in line.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            if !target.contains("://") {
                links.push(target.to_owned());
            }
        }
    }
    links
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = prose(page).filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            _ => character.is_alphanumeric().then_some(character),
        });
        kept.collect()
    };
    headings.map(anchor).collect()
}

/// What is wrong with the links of a page that stands at this path.
fn broken_links(path: &str) -> Vec<String> {
    let text = page(path);
    let folder = repository().join(path).parent().unwrap().to_owned();
    let is_broken = |link: &String| {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = folder.join(file);
        let linked = match file {
            "" => Some(text.clone()),
            _ if target.is_dir() => Some(String::new()),
            _ => std::fs::read_to_string(&target).ok(),
        };
        let Some(linked) = linked else { return true };
        let is_page = Path::new(file)
            .extension()
            .is_none_or(|extension| extension == "md");
        !anchor.is_empty() && is_page && !anchors(&linked).contains(anchor)
    };
    links(&text).into_iter().filter(is_broken).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let root = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
    ];
    let folders = [
        "kit/rust",
        "kit/python",
        "kit/javascript",
        "kit/c",
        "guest-example",
        "deploy/monitoring",
        "release",
    ];
    let pages = root.map(str::to_owned).into_iter();
    let pages = pages.chain(manual().into_iter().map(|name| format!("docs/{name}")));
    let pages = pages.chain(folders.map(|folder| format!("{folder}/README.md")));
    let mut count = 0;
    for path in pages {
        assert_eq!(broken_links(&path), [""; 0], "{path}");
        count += links(&page(&path)).len();
    }
    assert!(count > 60, "only {count} links");
}

#[test]
fn broken_links_are_found() {
    assert_eq!(
        links("a [b](c.md#d) and [e](https://example.com)\n```\n[f](g.md)\n```"),
        ["c.md#d"]
    );
    let headings = anchors("# A page\n\n## `weld-host auth`: what, and `why`?\n");
    assert_eq!(
        headings,
        BTreeSet::from([
            "a-page".to_owned(),
            "weld-host-auth-what-and-why".to_owned()
        ])
    );
}
