//! Hints for flags as other programs have them, which are too different from this program's to be found by their letters.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

/// Names of other programs, each with this program's flag and how it is used.
const NAMES: [(&str, &str, &str); 14] = [
    ("--port", "listen", "--listen 127.0.0.1:PORT"),
    ("--host", "listen", "--listen ADDRESS:PORT"),
    ("--bind", "listen", "--listen ADDRESS:PORT"),
    ("--address", "listen", "--listen ADDRESS:PORT"),
    ("--addr", "listen", "--listen ADDRESS:PORT"),
    ("--verbose", "log", "--log debug"),
    ("--debug", "log", "--log debug"),
    ("--output", "to", "--to WHERE"),
    ("--out", "to", "--to WHERE"),
    ("--destination", "to", "--to WHERE"),
    ("--db", "to", "--to FILE.sqlite"),
    ("--reset", "full", "--full"),
    ("--force", "full", "--full"),
    ("--api-key", "key", "--key KEY"),
];

/// The error, with a hint if a flag of another program was given to a command that has one for the same purpose.
/// `command` is the whole program, and `words` are its arguments.
pub(super) fn hinted(mut error: Error, command: &Command, words: &[String]) -> Error {
    if error.kind() != ErrorKind::UnknownArgument || error.get(ContextKind::SuggestedArg).is_some()
    {
        return error;
    }
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let given = given.split('=').next().unwrap_or(given);
    let usage = NAMES
        .iter()
        .filter(|(name, ..)| *name == given)
        .find(|(_, flag, _)| has_flag(command, words, flag))
        .map(|(.., usage)| *usage);
    if let Some(usage) = usage {
        let hint = StyledStr::from(format!("use '{usage}'"));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint]));
    }
    error
}

/// Whether the command that the words name has the flag, or the program for all commands.
fn has_flag(command: &Command, words: &[String], flag: &str) -> bool {
    let named = |command: &Command| {
        command
            .get_arguments()
            .any(|argument| argument.get_long() == Some(flag))
    };
    let mut inner = command;
    for word in words {
        if let Some(found) = inner.find_subcommand(word) {
            inner = found;
        }
    }
    named(inner) || named(command)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    fn printed(words: &[&str]) -> String {
        let error = Cli::command()
            .try_get_matches_from(words)
            .expect_err("an unknown flag");
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        hinted(error, &Cli::command(), &words).to_string()
    }

    #[test]
    fn flags_of_other_programs_get_a_hint_if_the_command_has_that() {
        for (words, hint) in [
            (
                &["weld-host", "serve", "--port", "8080"][..],
                Some("tip: use '--listen 127.0.0.1:PORT'"),
            ),
            (
                &["weld-host", "serve", "--bind=0.0.0.0:80"],
                Some("tip: use '--listen ADDRESS:PORT'"),
            ),
            (
                &[
                    "weld-host",
                    "--log",
                    "warn",
                    "sync",
                    "shop",
                    "--output",
                    "x",
                ],
                Some("tip: use '--to WHERE'"),
            ),
            (
                &["weld-host", "new", "shop", "--debug"],
                Some("'--log debug'"),
            ),
            (&["weld-host", "new", "shop", "--port", "1"], None),
            (&["weld-host", "serve", "--nothing-like-it"], None),
        ] {
            let printed = printed(words);
            match hint {
                Some(hint) => assert!(printed.contains(hint), "{printed}"),
                None => assert!(!printed.contains("tip: use"), "{printed}"),
            }
        }
    }

    #[test]
    fn each_hint_names_a_flag_that_a_command_has() {
        let program = Cli::command();
        for (_, flag, usage) in NAMES {
            let commands = program.get_subcommands().map(clap::Command::get_name);
            let mut having =
                commands.filter(|name| has_flag(&program, &[(*name).to_owned()], flag));
            assert!(having.next().is_some(), "--{flag}");
            assert!(usage.starts_with(&format!("--{flag}")), "{usage}");
        }
    }
}
