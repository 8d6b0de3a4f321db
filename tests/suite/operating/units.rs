//! The units of systemd in `deploy/systemd`: they fit the program, and systemd accepts them.

use crate::PROGRAM;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use weld_host::config::ServerConfig;

const FOLDER: &str = "../deploy/systemd";

/// The worst rating that `systemd-analyze security` may give, in tenths.
const MOST_EXPOSED: u32 = 15;

fn unit(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    fs::read_to_string(folder.join(name)).expect(name)
}

/// The values of a setting, in their order.
fn values<'u>(unit: &'u str, key: &str) -> Vec<&'u str> {
    let lines = unit.lines();
    let values = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    values.collect()
}

fn value<'u>(unit: &'u str, key: &str) -> &'u str {
    let values = values(unit, key);
    assert_eq!(values.len(), 1, "{key}: {values:?}");
    values[0]
}

fn seconds(text: &str) -> Duration {
    let number = text
        .strip_suffix('s')
        .and_then(|number| number.parse().ok());
    Duration::from_secs(number.expect(text))
}

/// Runs `systemd-analyze`; `None` if it is not installed.
#[allow(clippy::print_stdout, reason = "the output says what was not checked")]
fn analyze(words: &[&str]) -> Option<Output> {
    match Command::new("systemd-analyze").args(words).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            println!("not checked: the units, since systemd-analyze is not installed");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn flags_of_the_unit_are_flags_of_the_program() {
    let unit = unit("weld-host.service");
    let mut words = value(&unit, "ExecStart").split_whitespace();
    assert_eq!(words.next(), Some("/usr/local/bin/weld-host"));
    assert_eq!(words.next(), Some("serve"));
    let help = Command::new(PROGRAM).args(["serve", "--help"]).output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let mut flags = 0;
    while let Some(flag) = words.next() {
        assert!(help.contains(&format!(" {flag} <")), "{flag}: {help}");
        assert!(words.next().is_some_and(|word| !word.starts_with('-')));
        flags += 1;
    }
    assert!(flags > 3, "{flags}");
}

#[test]
fn unit_reads_the_settings_of_its_own_folder() {
    let unit = unit("weld-host.service");
    let folder = value(&unit, "ConfigurationDirectory");
    assert_eq!(value(&unit, "WorkingDirectory"), format!("%E/{folder}"));
}

#[test]
fn each_credential_of_the_unit_is_passed_to_the_program() {
    let unit = unit("weld-host.service");
    let start = value(&unit, "ExecStart");
    let credentials = values(&unit, "LoadCredential");
    for credential in &credentials {
        let (name, path) = credential.split_once(':').expect(credential);
        assert!(start.contains(&format!("%d/{name}")), "{start}");
        assert_eq!(path, format!("/etc/weld-host/{name}"));
    }
    assert_eq!(start.matches("%d/").count(), credentials.len());
}

#[test]
fn stop_of_the_unit_lasts_longer_than_the_grace() {
    let unit = unit("weld-host.service");
    let config = ServerConfig::default();
    let log = Duration::from_secs(3);
    assert!(config.drain <= config.grace);
    assert!(seconds(value(&unit, "TimeoutStopSec")) > config.grace + log);
}

#[test]
fn unit_leaves_out_what_the_host_cannot_run_with() {
    let unit = unit("weld-host.service");
    for key in ["MemoryDenyWriteExecute", "LimitAS", "ProcSubset"] {
        assert!(values(&unit, key).is_empty(), "{key}");
        assert!(
            unit.contains(&format!("{key}= is missing")),
            "{key} is explained"
        );
    }
}

#[test]
fn systemd_accepts_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let [service, socket] = ["weld-host.service", "weld-host.socket"].map(|name| {
        // Systemd looks for the program.
        let text = unit(name).replace("/usr/local/bin/weld-host", PROGRAM);
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    });
    let Some(verified) = analyze(&["verify", &service, &socket]) else {
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success() && said.is_empty(), "{said}");
    let threshold = format!("--threshold={MOST_EXPOSED}");
    let rated = analyze(&["security", "--offline=true", &threshold, &service]).unwrap();
    let said = String::from_utf8_lossy(&rated.stdout).into_owned();
    assert!(rated.status.success(), "{said}");
}
