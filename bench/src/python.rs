//! functions-framework: its virtual environment, and a server in its production mode, which uses gunicorn.

use std::ffi::OsString;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::adapted::PYTHON_FUNCTION;
use crate::child::Process;
use crate::jobs::{KEY, TOKEN};

const FUNCTION: &str = include_str!("../python/main.py");
const BEERS_FILE: &str = "main.py";
const GUIDE_FILE: &str = "guide.py";
const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// Packages may be downloaded slowly.
const INSTALL_TIME: Duration = Duration::from_secs(300);
const START_TIME: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// Prints the versions of the measured packages.
const VERSIONS: &str = "
import platform
from importlib.metadata import version
names = ['functions-framework', 'gunicorn', 'Flask', 'requests']
print(', '.join(['Python ' + platform.python_version()] + [name + ' ' + version(name) for name in names]))
";

/// A virtual environment with functions-framework, and the function next to it.
#[derive(Debug)]
pub(crate) struct Python {
    folder: PathBuf,
    /// Such as `Python 3.11.7, functions-framework 3.10.2, …`.
    pub(crate) versions: String,
}

/// The function that makes a page, and the number of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variant {
    /// The file with the function.
    source: &'static str,
    /// The function's name there.
    pub(crate) function: &'static str,
    /// The number of gunicorn's workers. The framework's default is 1, with 4 threads for each core.
    pub(crate) workers: usize,
}

impl Variant {
    /// A function of `bench/python/main.py`.
    pub(crate) const fn of_beers(function: &'static str, workers: usize) -> Self {
        Self {
            source: BEERS_FILE,
            function,
            workers,
        }
    }

    /// The guide's function, from the file that is adapted.
    pub(crate) const fn guide(workers: usize) -> Self {
        Self {
            source: GUIDE_FILE,
            function: "handler",
            workers,
        }
    }
}

impl Python {
    /// The environment in Cargo's target folder. If it can't be created, returns `None` and prints a message on
    /// stderr: the rest can still be measured, but nobody must believe that it is everything.
    ///
    /// # Errors
    ///
    /// This program is not in such a folder.
    pub(crate) fn find() -> anyhow::Result<Option<Self>> {
        let program = std::env::current_exe()?;
        let target = program
            .parent()
            .and_then(|profile| profile.parent())
            .context("this program is not in Cargo's target folder")?;
        match Self::install(target.join("bench-python")) {
            Ok(python) => Ok(Some(python)),
            Err(error) => {
                eprintln!("functions-framework is SKIPPED: {error:#}");
                Ok(None)
            }
        }
    }

    /// Finds the environment in `folder`, or creates it there.
    ///
    /// # Errors
    ///
    /// Python 3, its `venv` or the package index is missing.
    fn install(folder: PathBuf) -> anyhow::Result<Self> {
        // Written last, so that an interrupted installation is started again.
        let installed = folder.join("requirements.txt");
        let environment = folder.join("environment");
        if fs::read_to_string(&installed).ok().as_deref() != Some(REQUIREMENTS) {
            fs::create_dir_all(&folder)?;
            let wanted = folder.join("wanted.txt");
            fs::write(&wanted, REQUIREMENTS)?;
            let words: [OsString; 6] = [
                "exec".into(),
                "python3".into(),
                "-m".into(),
                "venv".into(),
                "--clear".into(),
                environment.clone().into(),
            ];
            run("python3 -m venv", words, &folder)?;
            let mut words: Vec<OsString> = vec!["exec".into(), environment.join("bin/pip").into()];
            words.extend(["install", "--quiet", "--disable-pip-version-check"].map(Into::into));
            words.extend(["--timeout", "15", "--retries", "1", "-r"].map(Into::into));
            words.push(wanted.into());
            run("pip install", words, &folder)?;
            fs::write(&installed, REQUIREMENTS)?;
        }
        fs::write(folder.join(BEERS_FILE), FUNCTION)?;
        fs::write(folder.join(GUIDE_FILE), PYTHON_FUNCTION)?;
        let python = environment.join("bin/python").into();
        let words = ["exec".into(), python, "-c".into(), VERSIONS.into()];
        let versions = run("python", words, &folder)?.trim().to_owned();
        Ok(Self { folder, versions })
    }

    /// Starts a server, and waits until it listens.
    ///
    /// # Errors
    ///
    /// It ended, or did not listen in time.
    pub(crate) fn serve(
        &self,
        variant: Variant,
        api: SocketAddr,
    ) -> anyhow::Result<(Process, SocketAddr)> {
        let address = free_address()?;
        let environment = [
            ("API_BASE_URL", format!("http://{api}")),
            ("API_BEARER_TOKEN", TOKEN.to_owned()),
            ("WELD_API_KEY", KEY.to_owned()),
            ("HOST", address.ip().to_string()),
            ("PORT", address.port().to_string()),
            ("FUNCTION_TARGET", variant.function.to_owned()),
            (
                "FUNCTION_SOURCE",
                self.folder.join(variant.source).display().to_string(),
            ),
            ("WORKERS", variant.workers.to_string()),
        ];
        let program = self.folder.join("environment/bin/functions-framework");
        let words: [OsString; 2] = ["exec".into(), program.into()];
        let mut process = Process::start("functions-framework", words, &environment, &self.folder)?;
        wait_until_it_listens(&mut process, address)?;
        Ok((process, address))
    }
}

fn run(
    name: &str,
    words: impl IntoIterator<Item = OsString>,
    folder: &Path,
) -> anyhow::Result<String> {
    Process::start(name, words, &[], folder)?.output(INSTALL_TIME)
}

/// gunicorn does not report the port that it got for port 0. If another program takes this port in the meantime, the
/// server does not start, which is noticed.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no port is free")?;
    Ok(listener.local_addr()?)
}

fn wait_until_it_listens(process: &mut Process, address: SocketAddr) -> anyhow::Result<()> {
    let began = Instant::now();
    while TcpStream::connect_timeout(&address, POLL).is_err() {
        if let Some(status) = process.ended()? {
            bail!("functions-framework ended at its start: {status}");
        }
        if began.elapsed() > START_TIME {
            bail!("functions-framework did not listen in {START_TIME:?}");
        }
        thread::sleep(POLL);
    }
    Ok(())
}
