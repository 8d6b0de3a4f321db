//! Tests what the flags of all commands say of a wrong value.

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::Cli;

/// Words of the standard library and of clap, which name neither the right form nor a range that a person would write.
const LIBRARY_WORDS: [&str; 6] = [
    "invalid digit",
    "number too large",
    "number too small",
    "cannot parse",
    "provided string",
    " is not in ",
];

/// Calls `check` with each flag that has a value, and the words before it on a command line.
fn each_flag(command: &Command, words: &[String], check: &mut impl FnMut(&Arg, &[String])) {
    for flag in command.get_arguments() {
        let has_value = matches!(flag.get_action(), ArgAction::Set | ArgAction::Append);
        if has_value && let Some(name) = flag.get_long() {
            let words = [words, &[format!("--{name}")]].concat();
            check(flag, &words);
        }
    }
    for inner in command.get_subcommands() {
        let words = [words, &[inner.get_name().to_owned()]].concat();
        each_flag(inner, &words, check);
    }
}

#[test]
fn wrong_values_are_refused_in_words_of_our_own() {
    let mut command = Cli::command();
    command.build();
    let mut numbers = 0;
    each_flag(&command, &["weld-host".to_owned()], &mut |_, words| {
        for value in ["many", "", "1x", "-1", "99999999999999999999999"] {
            let mut line = words.to_vec();
            if let Some(flag) = line.last_mut() {
                flag.push('=');
                flag.push_str(value);
            }
            let Err(error) = Cli::command().try_get_matches_from(&line) else {
                continue;
            };
            let message = error.to_string();
            for library in LIBRARY_WORDS {
                assert!(!message.contains(library), "{line:?}: {message}");
            }
            numbers += usize::from(message.contains("not a whole number: write a number from "));
        }
    });
    assert!(
        numbers >= 5,
        "the numbers of `serve` are among them: {numbers}"
    );
}
