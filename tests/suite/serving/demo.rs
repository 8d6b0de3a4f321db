//! `weld-host demo` as a newcomer runs it.

use crate::PROGRAM;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use weld_host::demo::Table;
use weld_host_tests::PATIENCE;
use weld_host_tests::http::Message;
use weld_host_tests::lines::Lines;
use weld_host_tests::tables::assert_synced;
use weld_host_tests::weld::Request;

/// The command, to be run in this folder, since it writes there.
fn demo(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("demo").args(arguments).env_clear();
    command.current_dir(folder.path());
    // Used instead of the user's cache folder.
    command.env(
        "XDG_CACHE_HOME",
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo"),
    );
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs `demo --once` in this folder with further arguments. Returns its output.
fn once(folder: &TempDir, arguments: &[&str]) -> String {
    let output = demo(folder, &[&["--once", "--pause", "0s"], arguments].concat())
        .output()
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(output.status.code(), Some(0), "{stdout}\n{stderr}");
    stdout
}

/// Checks that there is a line with the table's name and its number of rows.
fn assert_counted(stdout: &str, table: Table, rows: u64) {
    let is_row = |line: &&str| {
        let words: Vec<String> = line
            .split_whitespace()
            .map(|word| word.replace(',', ""))
            .collect();
        words.contains(&table.name().to_owned()) && words.contains(&rows.to_string())
    };
    assert!(
        stdout.lines().any(|line| is_row(&line)),
        "{} has {rows} rows:\n{stdout}",
        table.name()
    );
}

#[test]
fn demo_fetches_every_table_to_its_end_and_exits() {
    let stdout = once(&TempDir::new().unwrap(), &[]);
    for table in Table::ALL {
        assert_counted(&stdout, table, table.count(1));
    }
    assert!(stdout.contains("pages"), "{stdout}");
    let first_beer: serde_json::Value = serde_json::from_str(&Table::Beers.row(0)).unwrap();
    assert!(
        stdout.contains(first_beer["name"].as_str().unwrap()),
        "a few rows are shown:\n{stdout}"
    );
}

#[test]
fn demo_scales() {
    let stdout = once(&TempDir::new().unwrap(), &["--scale", "3"]);
    for table in Table::ALL {
        assert_counted(&stdout, table, table.count(3));
    }
}

#[test]
fn demo_leaves_its_rows_in_a_database() {
    let folder = TempDir::new().unwrap();
    for run in 0..2 {
        let stdout = once(&folder, &[]);
        assert!(stdout.contains("demo.sqlite"), "run {run}: {stdout}");
        let database = Connection::open(folder.path().join("demo.sqlite")).unwrap();
        for table in Table::ALL {
            assert_synced(&database, table, 1);
        }
    }
}

/// The commands of the last lines that the demo prints, without their comments.
fn next_commands(stdout: &str) -> Vec<String> {
    let (_, next) = stdout.split_once("\nNext, ").expect(stdout);
    let lines = next.lines().skip(1).take_while(|line| !line.is_empty());
    let commands = lines.map(|line| line.split(" #").next().unwrap_or_default().trim());
    commands.map(str::to_owned).collect()
}

#[test]
fn demo_that_ends_shows_the_next_step_and_no_address_that_is_gone() {
    let folder = TempDir::new().unwrap();
    let stdout = once(&folder, &[]);
    for gone in ["curl", "/schema", "URL"] {
        assert!(!stdout.contains(gone), "{gone}: {stdout}");
    }
    let install = "cargo install --locked --path host";
    let own = [
        "weld-host new shop --lang python",
        "weld-host build shop --install",
        "weld-host demo --api-listen 127.0.0.1:9090",
        "weld-host sync shop",
    ];
    assert_eq!(next_commands(&stdout), [&[install][..], &own].concat());
    for language in ["rust", "typescript", "javascript", "c"] {
        assert!(stdout.contains(language), "{stdout}");
    }
    // Where a shell finds the program, it need not be installed.
    symlink(PROGRAM, folder.path().join("weld-host")).unwrap();
    let mut installed = demo(&folder, &["--once", "--pause", "0s"]);
    let output = installed.env("PATH", folder.path()).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(next_commands(&stdout), own);
}

/// A demo that keeps serving. Dropping it kills it.
struct Serving {
    child: Child,
    stdout: Lines,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Sends the request of a printed `curl` line. A shell parses the line, as the user's would, and a function named
/// `curl` returns the arguments.
fn run(curl_line: &str) -> Message {
    let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{curl_line}");
    let output = Command::new("sh")
        .arg("-c")
        .arg(script)
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{curl_line}");
    let words = String::from_utf8(output.stdout).unwrap();
    let mut words = words.split_terminator('\0');
    let (mut headers, mut body, mut url) = (Vec::new(), None, None);
    while let Some(word) = words.next() {
        match word {
            "-H" | "--header" => headers.push(words.next().expect("a header")),
            "-d" | "--data" | "--json" => body = words.next(),
            flag if flag.starts_with('-') => {
                assert!(["-s", "-sS", "-i", "-f"].contains(&flag), "{flag}")
            }
            word => url = Some(word),
        }
    }
    let url = url
        .and_then(|url| url.strip_prefix("http://"))
        .expect("a URL");
    let (address, path) = url.split_once('/').unwrap_or((url, ""));
    let method = if body.is_some() { "POST" } else { "GET" };
    let request = Request::new(
        address.parse().expect("an address"),
        method,
        &format!("/{path}"),
    );
    let request = headers.iter().fold(request, |request, header| {
        let (name, value) = header.split_once(':').expect("a header");
        request.header(name, value.trim())
    });
    body.into_iter()
        .fold(request, |request, body| request.body(body))
        .send()
}

/// By default the connector pauses between its pages, so the sync takes some seconds.
#[test]
fn demo_that_is_stopped_before_its_rows_are_there_says_so() {
    let folder = TempDir::new().unwrap();
    let mut child = demo(&folder, &["--once"]).spawn().unwrap();
    let stdout = Lines::capture(child.stdout.take().unwrap());
    let stderr = Lines::capture(child.stderr.take().unwrap());
    let mut demo = Serving { child, stdout };
    stderr.wait_for("a table", |line| line.contains(": starting"));
    kill_process(Pid::from_child(&demo.child), Signal::INT).unwrap();
    assert!(demo.stdout.end_within(PATIENCE), "it is still running");
    assert_eq!(demo.child.wait().unwrap().code(), Some(1));
    assert!(
        stderr
            .end()
            .contains("stopped by a signal before all tables"),
        "{}",
        stderr.end()
    );
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["demo.sqlite"], "the log is written into the file");
}

#[test]
fn printed_curl_lines_work_until_the_demo_is_stopped() {
    let folder = TempDir::new().unwrap();
    let mut child = demo(&folder, &["--pause", "0s", "--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let stdout = Lines::capture(child.stdout.take().unwrap());
    let _log = Lines::capture(child.stderr.take().unwrap());
    let mut demo = Serving { child, stdout };
    let is_curl = |line: &str| line.trim_start().starts_with("curl ");
    let schema = demo.stdout.wait_for("curl for the schema", |line| {
        is_curl(line) && line.contains("/schema")
    });
    let page = demo.stdout.wait_for("curl for a page", |line| {
        is_curl(line) && !line.contains("/schema")
    });

    let weld = demo
        .stdout
        .wait_for("what Weld needs", |line| line.contains("Weld itself"));
    assert!(weld.contains("public URL"), "{weld}");
    demo.stdout.wait_for("the next step", |line| {
        line.contains("weld-host new shop --lang python")
    });
    demo.stdout
        .wait_for("the end", |line| line.contains("Ctrl-C"));

    let answer = run(&schema);
    assert_eq!(answer.status(), 200, "{schema}: {}", answer.text());
    assert!(
        answer.json()["schema"]["beers"].is_object(),
        "{}",
        answer.text()
    );
    let answer = run(&page);
    assert_eq!(answer.status(), 200, "{page}: {}", answer.text());
    assert!(
        answer.json()["insert"]
            .as_array()
            .is_some_and(|rows| !rows.is_empty()),
        "{}",
        answer.text()
    );

    kill_process(Pid::from_child(&demo.child), Signal::INT).unwrap();
    assert!(demo.stdout.end_within(PATIENCE), "it is still running");
    assert_eq!(demo.child.wait().unwrap().code(), Some(0));
}
