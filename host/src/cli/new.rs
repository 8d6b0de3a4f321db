//! `weld-host new`: a connector to begin with.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::error::CliError;
use super::output::say;
use crate::author::new::{Language, create};
use crate::config::ConnectorName;

#[derive(Debug, Args)]
pub(super) struct NewFlags {
    /// The connector's name, and that of the folder to make here
    name: ConnectorName,
    /// The language to write it in
    #[arg(long = "lang", value_name = "LANGUAGE", value_enum, default_value_t = Lang::Rust)]
    language: Lang,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Lang {
    Rust,
}

/// Makes the folder, and says how to go on.
pub(super) fn run(flags: NewFlags) -> Result<(), CliError> {
    let NewFlags { name, language } = flags;
    let language = match language {
        Lang::Rust => Language::Rust,
    };
    create(Path::new(""), &name, language)?;
    say(&format!(
        "{name}/ is a connector with one table; {name}/README.md says what is where. To build and serve it:\n\n\
         {}\ncp {} {name}/{name}.wasm\nweld-host serve --plugins {name}/{name}.wasm",
        language.build_command(&name),
        language.component(&name),
    ));
    Ok(())
}
