//! Runs a connector natively, without a component, against its real API.
//!
//! The template has an example that calls [`run`]: `cargo run --example live -- --table orders`. It starts `weld-host run`,
//! which starts the example again as its worker, calls it through two named pipes, and sends its requests under the rules
//! of `NAME.toml`. The connector itself is not sandboxed then.

mod base64;
mod crash;
mod host;
mod line;
mod pipes;

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::rc::Rc;

use self::crash::caught;
use self::host::LiveHost;
use self::line::{Call, Line};
use self::pipes::Pipes;
use crate::{Connector, Host, PageRequest};

/// The variable with the folder of the pipes.
const FOLDER: &str = "WELD_NATIVE";

/// Runs the connector: as the worker if the host has started this program, and otherwise by starting the host, with the
/// program's arguments as those of `weld-host run`. `WELD_HOST` names the host's program; by default it is `weld-host` on
/// the search path.
#[must_use]
#[allow(clippy::print_stderr, reason = "a program's errors go to its terminal")]
pub fn run<C: Connector>() -> ExitCode {
    let outcome = match env::var_os(FOLDER) {
        Some(folder) => work::<C>(Path::new(&folder))
            .map(|()| ExitCode::SUCCESS)
            .map_err(|error| format!("the pipes of {FOLDER} can't be used: {error}")),
        None => start_host(),
    };
    outcome.unwrap_or_else(|message| {
        eprintln!("{message}");
        ExitCode::FAILURE
    })
}

/// Answers the host's calls until the last one.
fn work<C: Connector>(folder: &Path) -> io::Result<()> {
    let live = Rc::new(LiveHost::new(Pipes::open(folder)?));
    let host = |environment| {
        live.environment.replace(environment);
        Host::new(Rc::clone(&live))
    };
    loop {
        let line = match live.pipes.receive()? {
            None | Some(Call::End) => return Ok(()),
            Some(Call::Schema { environment }) => {
                let host = host(environment);
                Line::of_schema(caught(|| C::schema(&host)))
            }
            Some(Call::FetchPage {
                table,
                state,
                environment,
            }) => {
                let request = PageRequest::new(table, state);
                let host = host(environment);
                Line::of_page(caught(|| C::fetch_page(&host, &request)))
            }
        };
        live.pipes.send(&line)?;
    }
}

fn start_host() -> Result<ExitCode, String> {
    let program = env::var_os("WELD_HOST").unwrap_or_else(|| "weld-host".into());
    let shown = program.display().to_string();
    let this = env::current_exe().map_err(|error| format!("this program has no path: {error}"))?;
    let mut command = Command::new(program);
    command.arg("run").args(env::args_os().skip(1));
    command.args([OsString::from("--"), this.into()]);
    if let Some(folder) = env::var_os("CARGO_MANIFEST_DIR") {
        // Where NAME.toml is.
        command.current_dir(folder);
    }
    let error = replace(command)?;
    Err(match error.kind() {
        io::ErrorKind::NotFound => format!(
            "{shown} is not on the search path; install it with `cargo install --locked --path host` in its repository, or \
             name the program in the variable WELD_HOST"
        ),
        _ => format!("{shown} can't be run: {error}"),
    })
}

/// Replaces this process, so that a terminal's signals reach the host. Returns why it can't.
#[cfg(unix)]
fn replace(mut command: Command) -> Result<io::Error, String> {
    use std::os::unix::process::CommandExt;
    Ok(command.exec())
}

#[cfg(not(unix))]
fn replace(_: Command) -> Result<io::Error, String> {
    Err("connectors run natively on Unix only, where there are named pipes".to_owned())
}

#[cfg(test)]
mod tests;
