//! `weld-host run`: connectors in Python that run natively, without a component, against a fake API.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;
use weld_host_tests::process::{Ended, Process, children};
use weld_host_tests::until;
use weld_host_tests::upstream::Upstream;

use crate::PROGRAM;

const HEAD: &str = "
import logging, os, subprocess, sys, time
from weld_connector import *

class Shop(Connector):
    def schema(self):
        return [Table('rows', primary_key='id')]

    def fetch_page(self, table, state):
        return rows(state)

Source = export(Shop)
";

/// The folder `shop` of a connector in Python, and an API.
struct NativeDesk {
    folder: TempDir,
    api: Upstream,
}

impl NativeDesk {
    /// A connector whose pages are made by this function `rows(state)`, and its configuration.
    fn with(rows: &str, more: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let api = Upstream::start(|request, exchange| {
            if let Some(status) = request.target().strip_prefix("/status-") {
                exchange.answer(status.parse().expect("a status"), &[], "");
                return;
            }
            let token = request.header("authorization").unwrap_or_default();
            let body = format!(
                r#"[{{"id": {}, "token": "{token}"}}]"#,
                request.target().len()
            );
            exchange.answer(200, &[("content-type", "application/json")], body);
        });
        let desk = Self { folder, api };
        let config = format!(
            "[env]\nURL = \"{0}\"\n[network]\nallow = [\"{0}\"]\n[auth.shop]\nurls = [\"{0}\"]\nkind = \"bearer\"\n\
             token = {{ env = \"SHOP_TOKEN\" }}\n{more}",
            desk.api.origin()
        );
        fs::create_dir(desk.folder.path().join("shop")).unwrap();
        desk.write("shop/app.py", &format!("{HEAD}\n{rows}"));
        desk.write("shop/shop.toml", &config);
        desk
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.folder.path().join(path), text).expect("the folder can be written");
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let kit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kit/python/src");
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("a search path"))
            .env("PYTHONPATH", kit)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SHOP_TOKEN", "hunter2hunter2")
            .env("WELD_API_KEY", "of-weld-of-weld")
            .env("WELD_HOST", PROGRAM)
            .current_dir(self.folder.path());
        command
    }

    /// Runs the connector with these arguments in addition to `run shop`.
    fn run(&self, arguments: &[&str]) -> Ended {
        let arguments = [&["run", "shop"], arguments].concat();
        Process::start(&mut self.command(PROGRAM, &arguments)).wait()
    }

    fn good(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.status.code(), Some(0), "{ended:#?}");
        ended
    }

    /// Runs the connector, which must fail because of its author, and returns all of its stderr.
    fn bad(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
        ended.stderr.join("\n")
    }

    fn ids(&self) -> Vec<i64> {
        let database = rusqlite::Connection::open(self.folder.path().join("shop.sqlite"));
        let database = database.expect("a database");
        let mut query = database
            .prepare("SELECT id FROM rows ORDER BY rowid")
            .unwrap();
        let ids = query.query_map([], |row| row.get(0)).unwrap();
        ids.collect::<Result<_, _>>().unwrap()
    }
}

fn assert_contains(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(words), "`{words}` in:\n{text}");
    }
}

const COUNTS: &str = "
def rows(state):
    page = state.get('page', 1)
    got = requests.get(env('URL') + '/' + 'x' * page).json()
    return Page([{'id': row['id']} for row in got], state={'page': page + 1}, has_more=page % 3 != 0)
";

#[test]
fn only_failures_of_the_api_that_may_pass_are_retried() {
    for (status, tries) in [(404, 1), (503, 3)] {
        let rows = format!(
            "
def rows(state):
    requests.get(env('URL') + '/status-{status}').raise_for_status()
"
        );
        let desk = NativeDesk::with(&rows, "[rate-limit]\nretries = 0");
        let said = desk.bad(&[]);
        assert_contains(&said, &["rows, page 1: ", &status.to_string()]);
        assert_eq!(desk.api.received().len(), tries, "{said}");
    }
}

#[test]
fn rows_are_synced_and_shown_and_the_next_run_continues() {
    let desk = NativeDesk::with(COUNTS, "");
    let ended = desk.good(&[]);
    assert_eq!(desk.ids(), [2, 3, 4]);
    assert_eq!(
        ended.stdout,
        ["", "rows: 3 rows", "  id", "  2", "  3", "  4"]
    );
    let said = ended.stderr.join("\n");
    assert_contains(
        &said,
        &[
            "$ python3 -m weld_connector --worker app",
            "running natively, not sandboxed: the code can read files and reach any host by itself; the rules of \
             shop/shop.toml hold for its requests through the kit",
            "rows: done, 3 rows",
        ],
    );
    let ended = desk.good(&["--rows", "1"]);
    assert_eq!(desk.ids(), [2, 3, 4, 5, 6, 7]);
    assert_eq!(
        ended.stdout,
        ["", "rows: 3 rows; the first 1:", "  id", "  5"]
    );
    desk.good(&["--full", "--quiet"]);
    assert_eq!(desk.ids(), [2, 3, 4]);
}

#[test]
fn rows_can_go_to_stdout_and_prints_go_to_stderr() {
    let rows = "def rows(state):\n    print('printed'); sys.stderr.write('more\\n'); logging.warning('careful')\n    \
                return Page([{'id': 1}])";
    let desk = NativeDesk::with(rows, "");
    let ended = desk.good(&["--to", "-"]);
    assert_eq!(ended.stdout, [r#"{"table": "rows", "row": {"id":1}}"#]);
    assert_contains(
        &ended.stderr.join("\n"),
        &["printed", "more", "warn: careful"],
    );
    let ended = desk.good(&["--to", "-", "--quiet"]);
    assert_eq!(ended.stdout.len(), 1);
}

#[test]
fn the_kits_own_command_does_the_same() {
    let desk = NativeDesk::with(COUNTS, "");
    let arguments = ["-m", "weld_connector", "shop/app.py", "--table", "rows"];
    let ended = Process::start(&mut desk.command("python3", &arguments)).wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:#?}");
    assert_eq!(desk.ids(), [2, 3, 4]);
    let config = desk.folder.path().join("shop/shop.toml");
    fs::rename(config, desk.folder.path().join("other.toml")).unwrap();
    let arguments = [
        "-m",
        "weld_connector",
        "shop/app.py",
        "--full",
        "--config",
        "other.toml",
    ];
    let ended = Process::start(&mut desk.command("python3", &arguments)).wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:#?}");
    assert_contains(&ended.stderr.join("\n"), &["the rules of other.toml hold"]);
}

#[test]
fn the_rules_of_the_network_hold() {
    let rows =
        "def rows(state):\n    return Page(requests.get('https://api.example.com/a').json())";
    let said = NativeDesk::with(rows, "").bad(&[]);
    assert_contains(
        &said,
        &[
            "no rule allows https://api.example.com",
            "to `allow` under [network] in shop/shop.toml",
        ],
    );
}

#[test]
fn the_limits_of_requests_hold() {
    let rows = "def rows(state):\n    for _ in range(3):\n        requests.get(env('URL'))\n    return Page([])";
    let said = NativeDesk::with(rows, "[limits]\ncalls = 2").bad(&[]);
    assert_contains(&said, &["all of its 2 calls (`limits.calls`)"]);
}

#[test]
fn a_refusal_without_a_text_is_explained() {
    let rows = "def rows(state):\n    return Page(requests.get(env('URL')).json())";
    let said = NativeDesk::with(rows, "[limits]\nresponse-size = \"10B\"").bad(&[]);
    assert_contains(
        &said,
        &["the response is larger than 10B (`limits.response-size`)"],
    );
}

#[test]
fn a_credential_is_added_and_not_seen() {
    let rows = "
def rows(state):
    got = requests.get(env('URL')).json()
    process = open('/proc/self/environ').read()
    return Page([{'id': 1, 'got': got[0]['token'], 'process': process, 'variables': sorted(os.environ)}])
";
    let desk = NativeDesk::with(rows, "");
    let ended = desk.good(&["--to", "-"]);
    assert_eq!(
        desk.api.received()[0].header("authorization"),
        Some("Bearer hunter2hunter2")
    );
    let row: serde_json::Value = serde_json::from_str(&ended.stdout[0]).unwrap();
    assert_eq!(row["row"]["got"], "Bearer [secret auth.shop]");
    assert_eq!(row["row"]["variables"], serde_json::json!(["URL"]));
    let process = row["row"]["process"].as_str().unwrap();
    assert!(
        process.contains("PATH=") && process.contains("WELD_NATIVE="),
        "{process}"
    );
    for hidden in ["SHOP_TOKEN", "WELD_API_KEY", "hunter2", "of-weld"] {
        assert!(!process.contains(hidden), "{hidden}: {process}");
    }
}

#[test]
fn an_exception_is_reported_with_its_line_and_pages_before_it_are_kept() {
    let rows = "
def rows(state):
    if state:
        return state['missing']
    return Page([{'id': 7}], state={'page': 2}, has_more=True)
";
    let desk = NativeDesk::with(rows, "");
    let said = desk.bad(&[]);
    let line = HEAD.lines().count() + 5;
    assert_contains(
        &said,
        &[
            &format!("File \"app.py\", line {line}, in rows"),
            "return state['missing']",
            "KeyError: 'missing'",
        ],
    );
    assert_eq!(desk.ids(), [7]);
}

#[test]
fn a_module_that_cannot_be_loaded_is_reported() {
    let line = HEAD.lines().count() + 2;
    for (code, words) in [
        ("def rows(:", "SyntaxError: "),
        (
            "import nowhere",
            "no module named nowhere: there is no nowhere.py here",
        ),
        (
            "del Shop.fetch_page; export(Shop)",
            "class Shop has no method fetch_page: add `def fetch_page(self, table, state):`",
        ),
    ] {
        let said = NativeDesk::with(code, "").bad(&[]);
        let class = HEAD
            .lines()
            .position(|line| line.starts_with("class "))
            .unwrap()
            + 1;
        let line = if code.starts_with("del") { class } else { line };
        assert_contains(&said, &[&format!("app.py:{line}: {words}")]);
        assert_eq!(said.matches(words).count(), 1, "it is said once: {said}");
        for other in ["Traceback", "weld_connector/"] {
            assert!(!said.contains(other), "`{other}` in {said}");
        }
    }
}

#[test]
fn a_refusal_without_end_is_named() {
    let rows = "
def rows(state):
    requests.get(env('URL') + '/status-429')
    raise RateLimited(60)
";
    for retries in [0, 1] {
        let desk = NativeDesk::with(rows, &format!("[rate-limit]\nretries = {retries}"));
        let process = Process::start(&mut desk.command(PROGRAM, &["run", "shop"]));
        let cause = format!(
            ": another try at {} (it answered 429 Too Many Requests)",
            desk.api.origin()
        );
        process.stderr().wait_for(&cause, |line| {
            line.starts_with("rows: waiting until ") && line.ends_with(&cause)
        });
    }
}

#[test]
fn an_api_that_is_not_running_is_asked_for() {
    let rows = "
def rows(state):
    requests.get('http://127.0.0.1:9/rows')
";
    let desk = NativeDesk::with(rows, "");
    let config = fs::read_to_string(desk.folder.path().join("shop/shop.toml")).unwrap();
    let config = config.replace("allow = [", "allow = [\"http://127.0.0.1:9\", ");
    desk.write(
        "shop/shop.toml",
        &format!("{config}\n[rate-limit]\nretries = 0"),
    );
    let said = desk.bad(&[]);
    assert_contains(
        &said,
        &["Connection refused (os error 111); is the API running at this address?"],
    );
    assert!(!said.contains("client error"), "{said}");
}

#[test]
fn a_misspelt_key_is_a_warning_even_with_quiet() {
    let rows = "
Shop.schema = lambda self: [Table('rows', primary_key='idd')]
def rows(state):
    return Page([{'id': 1}, {'id': 2}])
";
    let desk = NativeDesk::with(rows, "");
    let warning = "warning: table \"rows\", page 1: row 1 has no \"idd\", which is in the primary key; did you mean \"id\"?";
    assert_eq!(desk.good(&["--quiet"]).stderr, [warning]);
    let said = desk.good(&["--full"]).stderr.join("\n");
    assert_contains(&said, &[warning, "\n1 warning (above)"]);
}

#[test]
fn the_state_of_an_earlier_sync_is_named_if_it_may_be_the_cause() {
    let rows = "
def rows(state):
    if state:
        requests.get(env('URL') + '/status-400').raise_for_status()
    return Page([{'id': 1}], state={'at': 1})
";
    let desk = NativeDesk::with(rows, "");
    desk.good(&[]);
    let said = desk.bad(&[]);
    assert_contains(
        &said,
        &[
            " answered 400; the page continued from the state of an earlier sync: if that is wrong, --full starts the table over",
        ],
    );
    desk.good(&["--full"]);
}

#[test]
fn a_variable_with_another_name_is_suggested() {
    let desk = NativeDesk::with("def rows(state):\n    return env('API_URL')", "");
    let said = desk.bad(&[]);
    assert_contains(
        &said,
        &[
            "API_URL is missing: set it in the section [env] of shop/shop.toml; did you mean URL, which is set?",
        ],
    );
}

#[test]
fn waits_between_pages_are_kept() {
    let rows = "
def rows(state):
    if not state:
        return Page([{'id': 1}], state={'page': 2}, has_more=True, wait=0.001)
    if not os.path.exists('refused'):
        open('refused', 'w').close()
        raise RateLimited(0.001)
    time.sleep(0.001)
    return Page([{'id': 2}])
";
    let desk = NativeDesk::with(rows, "");
    desk.good(&[]);
    assert_eq!(desk.ids(), [1, 2]);
    let rows = "def rows(state):\n    raise RateLimited(7200)";
    let desk = NativeDesk::with(rows, "[limits]\nmax-wait = \"1h\"");
    let process = Process::start(&mut desk.command(PROGRAM, &["run", "shop"]));
    let words = "the API asks for a longer wait than `limits.max-wait` allows";
    process
        .stderr()
        .wait_for(words, |line| line.contains(words));
}

#[test]
fn a_long_page_is_reported_while_it_runs() {
    let rows = "
def rows(state):
    requests.get(env('URL'))
    time.sleep(4)
    return Page([{'id': 1}])
";
    let desk = NativeDesk::with(rows, "");
    let ended = desk.good(&["--json"]);
    let events = ended.stdout.iter().map(|line| serde_json::from_str(line));
    let events: Vec<serde_json::Value> = events.collect::<Result<_, _>>().unwrap();
    let waiting = events.iter().find(|event| event["event"] == "waiting");
    let waiting = waiting.expect("an event while it waits");
    assert_eq!(waiting["reason"], "running");
    assert_contains(waiting["waits-for"].as_str().unwrap(), &["pause until "]);
    assert_eq!(desk.ids(), [1]);
    assert_eq!(desk.api.received().len(), 1, "it was made once");
}

#[test]
fn a_worker_that_fails_ends_the_run_with_the_reason() {
    let native = "open('/proc/self/environ').read().split('WELD_NATIVE=')[1].split('\\0')[0]";
    for (body, words) in [
        (
            "os.kill(os.getpid(), 9)",
            "ended during the call (signal: 9 (SIGKILL))",
        ),
        ("os._exit(3)", "ended during the call (exit status: 3)"),
        (
            &*format!(
                "f = open({native} + '/to-host', 'w'); f.write('hello\\n'); f.flush(); time.sleep(9)"
            ),
            "a line that is not a message of the kit: `hello`",
        ),
        (
            "return Page([{'id': 1}], state={'at': 'hunter2hunter2'}, has_more=True)",
            "put a secret into its state",
        ),
        (
            "while True: pass",
            "the call took longer than the 2s that `limits.page-timeout` allows",
        ),
        ("time.sleep(3)", "the pause is longer than the"),
    ] {
        let more = "[limits]\npage-timeout = \"2s\"";
        // The connector was given the secret, so that it can try to store it.
        let config = format!("{more}\n[env.SECRET]\nenv = \"SHOP_TOKEN\"");
        let desk = NativeDesk::with(&format!("def rows(state):\n    {body}"), &config);
        assert_contains(&desk.bad(&[]), &[words]);
    }
}

#[test]
fn nothing_runs_after_a_signal() {
    let rows = "
def rows(state):
    child = subprocess.Popen(['sleep', '1000'])
    print('child', child.pid)
    time.sleep(1000)
";
    for signal in [Signal::INT, Signal::TERM] {
        let desk = NativeDesk::with(rows, "");
        let process = Process::start(&mut desk.command(PROGRAM, &["run", "shop"]));
        let line = process
            .stderr()
            .wait_for("child", |line| line.starts_with("child "));
        let child: u32 = line.rsplit(' ').next().unwrap().parse().unwrap();
        let worker = children(process.id())[0];
        process.signal(signal);
        let ended = process.wait();
        assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
        assert_contains(&ended.stderr.join("\n"), &["stopped by a signal"]);
        for id in [worker, child] {
            until("the end of a process", || !is_running(id));
        }
    }
}

/// Whether a process is there and not a zombie.
fn is_running(id: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    status
        .lines()
        .any(|line| line.starts_with("State:") && !line.contains("zombie"))
}

#[test]
fn mistakes_of_the_command_line_name_what_to_do() {
    let desk = NativeDesk::with(COUNTS, "[limits]\npage-timeouts = \"2s\"");
    desk.write("empty.txt", "");
    fs::create_dir(desk.folder.path().join("c")).unwrap();
    desk.write("c/main.c", "");
    fs::create_dir(desk.folder.path().join("web")).unwrap();
    desk.write(
        "web/package.json",
        "{\"name\": \"web\", \"scripts\": {\"build\": \"make\"}}",
    );
    fs::create_dir(desk.folder.path().join("rust")).unwrap();
    desk.write("rust/Cargo.toml", "[package]\nname = \"rust\"");
    fs::create_dir_all(desk.folder.path().join("old/weld_connector")).unwrap();
    desk.write("old/app.py", "");
    for (arguments, words) in [
        (&["shop"][..], "page-timeouts"),
        (
            &["shop", "--config", "nowhere.toml"],
            "there is no file nowhere.toml; --config names",
        ),
        (&["nowhere"], "there is no folder nowhere"),
        (
            &["c"],
            "is a connector in C, which only runs as a component",
        ),
        (&["web"], "run `npm ci` there first"),
        (&["rust"], "has no examples/live.rs"),
        (&["old"], "is too old to run natively"),
        (
            &["shop", "--to", "-", "--json"],
            "rows and --json can't both go to stdout",
        ),
        (
            &["shop", "--config", "good.toml", "--", "nowhere"],
            "nowhere is missing",
        ),
        (
            &["shop", "--config", "good.toml", "--", "sh", "-c", "exit 4"],
            "ended before it was ready (exit status: 4)",
        ),
    ] {
        desk.write("good.toml", "");
        let arguments = [&["run"], arguments].concat();
        let ended = Process::start(&mut desk.command(PROGRAM, &arguments)).wait();
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {ended:#?}");
        let last = ended.stderr.last().expect("a line");
        assert!(last.contains(words), "{words} in {last}");
    }
}
