//! A folder with a `weld-host.toml` and an empty plugins folder, in which commands run.

use crate::{PROGRAM, cache_folder};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::process::{Ended, Process};

/// The working folder of commands.
pub(crate) struct Place(TempDir);

impl Place {
    /// A folder with this `weld-host.toml`.
    pub(crate) fn with(toml: &str) -> Self {
        let place = Self(TempDir::new().unwrap());
        fs::write(place.path("weld-host.toml"), toml).unwrap();
        fs::create_dir(place.path("plugins")).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file of the plugins folder.
    pub(crate) fn connector(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path("plugins").join(name), content).unwrap();
    }

    /// Runs the program to its end, with these variables only.
    pub(crate) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .env_clear()
            .env("XDG_CACHE_HOME", cache_folder())
            .envs(variables.iter().copied())
            .current_dir(self.0.path());
        Process::start(&mut command).wait()
    }
}
