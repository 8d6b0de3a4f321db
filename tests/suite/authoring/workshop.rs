//! A folder in which an author's commands run, with scripts as tools.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use weld_host_tests::process::{Ended, Process};

use crate::{PROGRAM, cache_folder};

/// A folder with sources and one with tools. A command finds no other tools.
pub(super) struct Workshop(TempDir);

impl Workshop {
    pub(super) fn empty() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    pub(super) fn at(&self, path: &str) -> PathBuf {
        // The path that the program reports: on some systems the temporary folder is a link.
        let folder = self.0.path().canonicalize().expect("it is there");
        folder.join(path)
    }

    pub(super) fn with(self, path: &str, contents: impl AsRef<[u8]>) -> Self {
        self.write(path, contents);
        self
    }

    pub(super) fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("it lies in the workshop")).unwrap();
        fs::write(path, contents).expect("the folder can be written");
    }

    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(super) fn with_tool(self, path: &str, script: &str) -> Self {
        self.tool(path, script);
        self
    }

    /// Writes a script. It first records its arguments in the file `calls`, one call per line.
    pub(super) fn tool(&self, path: &str, script: &str) {
        let (name, calls) = (path.rsplit('/').next().unwrap(), self.at("calls"));
        let text = format!(
            "#!/bin/sh\nPATH=/usr/bin:/bin\necho {name} \"$@\" >> '{}'\n{script}\n",
            calls.display()
        );
        self.write(path, text);
        fs::set_permissions(self.at(path), Permissions::from_mode(0o755)).unwrap();
    }

    /// A command of the program, such as `build`.
    pub(super) fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .arg(name)
            .args(arguments)
            .env_clear()
            .env("PATH", self.at("tools"))
            .env("WELD_CACHE", cache_folder())
            .current_dir(self.0.path());
        command
    }

    pub(super) fn run(&self, name: &str, arguments: &[&str]) -> Ended {
        Process::start(&mut self.command(name, arguments)).wait()
    }

    /// The tools' calls so far, each with its arguments.
    pub(super) fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.at("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }
}
