//! The commands of authors that load compiled files: `sync` and `check`.

use super::{of_image, put};
use crate::PROGRAM;
use std::fs;
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::process::{Ended, Process};

const MISSING: &str = "its compiled file echo.cwasm can't be used: there is no such file";

/// `sync` and `check` of `echo.wasm` in this folder. They have no environment, so no cache.
fn commands(folder: &TempDir) -> [Ended; 2] {
    let ended = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .args(["echo.wasm", "--require-compiled"])
            .current_dir(folder.path())
            .env_clear();
        Process::start(&mut command).wait()
    };
    [
        ended(&["sync", "--to", "rows.sqlite", "--pages", "1"]),
        ended(&["check"]),
    ]
}

#[test]
fn sync_and_check_need_no_compiler_if_they_may_not_compile() {
    let folder = TempDir::new().unwrap();
    put(&of_image("echo.wasm"), &folder.path().join("echo.wasm"));
    for ended in commands(&folder) {
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        let said = [ended.stdout, ended.stderr].concat().join("\n");
        assert!(said.contains(MISSING), "{said}");
    }
    assert!(!folder.path().join("rows.sqlite").exists());

    put(&of_image("echo.cwasm"), &folder.path().join("echo.cwasm"));
    let [synced, checked] = commands(&folder);
    assert_eq!(synced.status.code(), Some(0), "{synced:?}");
    let rows = fs::metadata(folder.path().join("rows.sqlite")).unwrap();
    assert!(rows.len() > 0);
    let report = checked.stdout.join("\n");
    assert!(report.contains("rows: 2 rows seen"), "{report}");
}
