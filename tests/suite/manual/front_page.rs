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

/// The languages of blocks with commands.
const SHELLS: [&str; 4] = ["sh", "bash", "shell", "console"];

#[test]
fn first_commands_set_up_and_test() {
    let text = page("README.md");
    let fenced = text.split("\n```").skip(1).step_by(2);
    let fenced = fenced.filter_map(|block| block.split_once('\n'));
    let commands: Vec<&str> = fenced
        .filter(|(language, _)| SHELLS.contains(&language.trim()))
        .map(|(_, commands)| commands)
        .take(2)
        .collect();
    assert!(commands[0].contains("demo --once"), "{}", commands[0]);
    assert_eq!(commands[1], "cargo test --locked --workspace");
}
