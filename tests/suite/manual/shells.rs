//! What shells and `man` get from the program: completions and manual pages, for every command that help lists.

use super::command_line::{commands, help};
use crate::PROGRAM;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Shells with the arguments that make them check a script's syntax.
const SHELLS: [(&str, &[&str]); 3] = [("bash", &["-n"]), ("zsh", &["-n"]), ("fish", &["-n"])];

/// The command by which a host starts its compilers.
const HIDDEN: &str = "__compiler";

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear();
    command.output().expect("the program can be started")
}

fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Every command, such as `["sync", "state", "show"]`; the first one is the program itself.
fn all_commands() -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut next = 0;
    while let Some(command) = found.get(next).cloned() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        for below in commands(&help(&words)) {
            found.push([command.clone(), vec![below]].concat());
        }
        next += 1;
    }
    assert!(found.len() > 15, "{found:?}");
    found
}

/// Runs a program of this machine; `None` if it isn't installed.
fn tool(program: &str, arguments: &[&str], input: &str) -> Option<Output> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    Some(child.wait_with_output().expect("it ends"))
}

#[test]
fn completions_know_every_command_and_flag_that_help_shows() {
    for (shell, check) in SHELLS {
        let script = printed(&["completions", shell]);
        for command in all_commands() {
            let word = command.last().map_or("weld-host", String::as_str);
            assert!(script.contains(word), "{shell}: {command:?}");
        }
        for flag in ["max-memory", "offline", "api-listen", "log-format"] {
            assert!(script.contains(flag), "{shell}: --{flag}");
        }
        let hidden = script.split(|character: char| !character.is_alphanumeric());
        assert!(!hidden.clone().any(|word| word == HIDDEN), "{shell}");
        let checked = tool(shell, check, &script);
        assert!(
            shell != "bash" || checked.is_some(),
            "bash is not installed"
        );
        if let Some(output) = checked {
            assert!(output.status.success(), "{shell}: {output:?}");
        }
    }
}

/// Bash completes a started word to the commands and flags that begin with it.
#[test]
fn bash_completes_commands_and_flags() {
    let script = printed(&["completions", "bash"]);
    for (line, expected) in [
        ("weld-host dem", "demo"),
        ("weld-host check --offl", "--offline"),
        ("weld-host sync state res", "reset"),
        ("weld-host compl", "completions"),
        ("weld-host new shop --lang pyt", "python"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (last, before) = (words.len() - 1, words[words.len() - 2]);
        let ask = format!(
            "{script}\nCOMP_WORDS=({line}); COMP_CWORD={last}\n_weld__host weld-host {} {before}\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
            words[last]
        );
        let output = tool("bash", &[], &ask).expect("bash is installed");
        let offered = String::from_utf8(output.stdout).expect("text");
        assert_eq!(offered.trim(), expected, "{line}");
    }
}

#[test]
fn shell_that_is_not_known_is_refused_with_the_list() {
    let output = run(&["completions", "tcsh"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("bash") && stderr.contains("zsh"),
        "{stderr}"
    );
}

fn assert_is_page(page: &str, name: &str) {
    assert!(page.contains(&format!(".TH {name} 1")), "{name}: {page}");
    for section in [".SH NAME", ".SH SYNOPSIS", ".SH LOGGING"] {
        assert!(page.contains(section), "{name}: {section}");
    }
    // Formatting a page has no warnings, and shows its name.
    if let Some(output) = tool("groff", &["-man", "-ww", "-Tascii", "-P-bcou"], page) {
        let (text, warnings) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(
            output.status.success() && warnings.is_empty(),
            "{name}: {warnings}"
        );
        assert!(text.contains("SYNOPSIS"), "{name}: {text}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let desk = TempDir::new().unwrap();
    let folder = desk.path().join("share/man1");
    // The second time, the pages of the first are replaced.
    for _ in 0..2 {
        let told = printed(&["man", folder.to_str().unwrap()]);
        assert!(told.contains("weld-host.1"), "{told}");
    }
    let mut expected: Vec<String> = all_commands()
        .iter()
        .map(|command| {
            [vec!["weld-host".to_owned()], command.clone()]
                .concat()
                .join("-")
        })
        .collect();
    expected.sort();
    let entries = fs::read_dir(&folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<String> = names.map(|name| name.replace(".1", "")).collect();
    pages.sort();
    assert_eq!(pages, expected);
    for name in &pages {
        let page = fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
        assert_is_page(&page, name);
        assert!(
            !page.contains("compiler.1") && !page.contains(HIDDEN),
            "{name}"
        );
    }
    let serve = fs::read_to_string(folder.join("weld-host-serve.1")).unwrap();
    for text in [".SH LIMITS", "WELD\\_LISTEN", "max\\-memory"] {
        let plain = text.replace('\\', "");
        assert!(
            serve.contains(text) || serve.contains(&plain),
            "{text}: {serve}"
        );
    }
}

#[test]
fn page_of_the_program_goes_to_stdout() {
    let page = printed(&["man"]);
    assert_is_page(&page, "weld-host");
    assert!(page.contains("weld\\-host\\-sync(1)"), "{page}");
}

#[test]
fn folder_for_pages_that_cannot_be_made_is_named() {
    let desk = TempDir::new().unwrap();
    let file = desk.path().join("file");
    fs::write(&file, "mine").unwrap();
    let below = file.join("man1");
    let output = run(&["man", below.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(below.to_str().unwrap()), "{stderr}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

/// A full disk, as far as `/dev/full` plays it.
#[test]
fn output_that_cannot_be_written_is_an_error() {
    for arguments in [&["completions", "bash"][..], &["man"]] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open(Path::new("/dev/full"))
            .unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_clear().stdout(full);
        let output = command.stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("stdout can't be written"), "{stderr}");
    }
}

#[test]
fn every_help_lists_the_log_and_its_other_flags_under_headings() {
    for command in all_commands() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let help = help(&words);
        let (_, logging) = help.split_once("\nLogging:\n").expect(&help);
        assert!(logging.contains("--log <LEVEL>"), "{help}");
        let (_, options) = help.split_once("\nOptions:\n").expect(&help);
        let options = options.split("\n\n").next().unwrap();
        assert!(!options.contains("--log"), "{help}");
        assert!(options.contains("--help"), "{help}");
    }
    let serve = help(&["serve"]);
    for heading in ["Folders", "Keys", "Network", "Limits", "Logging"] {
        assert!(serve.contains(&format!("\n{heading}:\n")), "{serve}");
    }
    for (command, heading) in [
        ("sync", "Network"),
        ("build", "Folders"),
        ("demo", "Network"),
    ] {
        let help = help(&[command]);
        assert!(help.contains(&format!("\n{heading}:\n")), "{help}");
    }
}

/// The tips of an error message: the texts between single quotes in its lines with `tip:`.
fn tips(arguments: &[&str]) -> Vec<String> {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    let stderr = String::from_utf8(output.stderr).expect("text");
    let lines = stderr.lines().filter(|line| line.contains("tip:"));
    let quoted = lines.flat_map(|line| line.split('\'').skip(1).step_by(2));
    quoted.map(str::to_owned).collect()
}

#[test]
fn mistyped_word_is_answered_with_the_one_that_is_meant() {
    for (arguments, meant) in [
        (&["serv"][..], "serve"),
        (&["completion"], "completions"),
        (&["check", "--ofline", "x.wasm"], "--offline"),
        (&["sync", "state", "sho"], "show"),
    ] {
        assert!(tips(arguments).contains(&meant.to_owned()), "{arguments:?}");
    }
}

#[test]
fn command_of_the_host_itself_is_never_suggested() {
    for typed in ["__compilerx", "_compiler", "compilers", "ompiler", "comp"] {
        let tips = tips(&[typed]);
        assert!(!tips.contains(&HIDDEN.to_owned()), "{typed}: {tips:?}");
        let help = run(&["help", typed]);
        let stderr = String::from_utf8_lossy(&help.stderr);
        assert!(!stderr.contains("'__compiler'"), "{stderr}");
    }
}
