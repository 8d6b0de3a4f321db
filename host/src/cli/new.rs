//! `weld-host new`: creates a connector to start from.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::error::CliError;
use super::output::say;
use super::signals::Signals;
use crate::author::new::{Language, create};
use crate::config::ConnectorName;

#[derive(Debug, Args)]
pub(super) struct NewFlags {
    /// The name of the connector, and of the folder to create here
    name: ConnectorName,
    /// The language to write it in [default: rust]
    #[arg(long = "lang", value_name = "LANGUAGE", value_enum)]
    language: Option<Lang>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Lang {
    Rust,
    Python,
    Typescript,
    Javascript,
    C,
}

/// Creates the folder and prints the next steps.
pub(super) async fn run(flags: NewFlags) -> Result<(), CliError> {
    let mut signals = Signals::catch()?;
    let NewFlags { name, language } = flags;
    let is_chosen = language.is_some();
    let language = match language.unwrap_or(Lang::Rust) {
        Lang::Rust => Language::Rust,
        Lang::Python => Language::Python,
        Lang::Typescript => Language::TypeScript,
        Lang::Javascript => Language::JavaScript,
        Lang::C => Language::C,
    };
    let of_thread = name.clone();
    let creation = tokio::task::spawn_blocking(move || create(Path::new(""), &of_thread, language));
    let created = creation
        .await
        .map_err(|error| CliError::Runtime(error.into()))?;
    // It takes milliseconds, so a signal that came meanwhile waits until nothing is half-written.
    let folder = created?;
    if signals.has_come().await {
        let _ = std::fs::remove_dir_all(folder);
        return Err(CliError::Stopped);
    }
    let title = match language {
        Language::Rust if is_chosen => "Rust",
        Language::Rust => "Rust (--lang chooses python, typescript, javascript or c instead)",
        Language::Python => "Python",
        Language::TypeScript => "TypeScript",
        Language::JavaScript => "JavaScript",
        Language::C => "C",
    };
    say(&format!(
        "{name}/ is a connector for the demo API in {title}. Its README.md describes its files.\n\
         To build it and see its rows:\n\n\
         weld-host build {name} --install\n\
         weld-host demo --api-listen 127.0.0.1:9090   # in another terminal\n\
         weld-host sync {name}",
    ));
    Ok(())
}
