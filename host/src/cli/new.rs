//! `weld-host new`: creates a connector to start from.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::error::CliError;
use super::output::say;
use crate::author::new::{Language, create};
use crate::config::ConnectorName;

#[derive(Debug, Args)]
pub(super) struct NewFlags {
    /// The name of the connector, and of the folder to create here
    name: ConnectorName,
    /// The language to write it in
    #[arg(long = "lang", value_name = "LANGUAGE", value_enum, default_value_t = Lang::Rust)]
    language: Lang,
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
pub(super) fn run(flags: NewFlags) -> Result<(), CliError> {
    let NewFlags { name, language } = flags;
    let language = match language {
        Lang::Rust => Language::Rust,
        Lang::Python => Language::Python,
        Lang::Typescript => Language::TypeScript,
        Lang::Javascript => Language::JavaScript,
        Lang::C => Language::C,
    };
    create(Path::new(""), &name, language)?;
    say(&format!(
        "{name}/ is a connector for the demo API; {name}/README.md describes its files. To build it and see its rows:\n\n\
         {}\n\
         weld-host build {name}\n\
         weld-host demo --api-listen 127.0.0.1:9090   # in another terminal\n\
         weld-host sync plugins/{name}.wasm",
        language.set_up_command(&name),
    ));
    Ok(())
}
