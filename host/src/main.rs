//! The binary: parse, run, report, exit status.

use anyhow::Error;
use weld_host::HostAllocator;
use weld_host::cli::{Cli, ExitStatus, printable, say_last};

#[global_allocator]
static ALLOCATOR: HostAllocator = weld_host::ALLOCATOR;

fn main() -> ExitStatus {
    let cli = match Cli::of_process() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are not an error. Neither is a closed pipe.
            let _ = error.print();
            return if error.use_stderr() {
                ExitStatus::Mistake
            } else {
                ExitStatus::Done
            };
        }
    };
    match cli.run() {
        Ok(()) => ExitStatus::Done,
        Err(error) => {
            let status = error.exit_status();
            report(&Error::from(error));
            status
        }
    }
}

/// Prints the error and all its causes on one line.
fn report(error: &Error) {
    say_last(&format!("weld-host: {}", printable(&format!("{error:#}"))));
}
