//! README: short, and its first two blocks are the commands that set the project up.

use super::page;

/// So long may it be, in lines: a front page, not a manual.
const MOST_LINES: usize = 150;

#[test]
fn front_page_is_short() {
    let lines = page("README.md").lines().count();
    assert!(
        lines <= MOST_LINES,
        "README.md has {lines} lines; put the rest into docs/"
    );
}

#[test]
fn first_commands_set_up_and_test() {
    let text = page("README.md");
    let blocks: Vec<&str> = text.split("```sh\n").skip(1).take(2).collect();
    assert!(blocks[0].contains("demo --once"), "{}", blocks[0]);
    assert!(
        blocks[1].starts_with("cargo test --locked --workspace\n```"),
        "{}",
        blocks[1]
    );
}
