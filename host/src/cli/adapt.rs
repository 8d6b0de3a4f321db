//! `weld-host adapt`: turns a cloud function or a Lambda into a connector.

use std::path::PathBuf;

use clap::Args;

use super::adapt_tables::tables;
use super::error::CliError;
use super::folder_build::{announce, built_line, report_installed};
use super::output::{printable, say};
use super::signals::Signals;
use crate::author::adapt::{AdaptRequest, adapt};
use crate::author::build::{ConfigPolicy, InstallTarget, Project, build, quoted};
use crate::config::ConnectorName;

#[derive(Debug, Args)]
pub(super) struct AdaptFlags {
    /// The function: its file or its folder, with main.py, lambda_function.py, app.py, index.js, index.mjs or index.ts
    path: PathBuf,
    /// The connector's name [default: that of the function's folder]
    #[arg(long)]
    name: Option<ConnectorName>,
    /// The function that answers requests, if it is not the usual one
    #[arg(long, value_name = "FUNCTION")]
    entry: Option<String>,
    /// The variable with the key that the function itself checks, if it is not the one found
    #[arg(long, value_name = "VARIABLE")]
    key_variable: Option<String>,
    /// Replace a package that has native code with a stand-in for the calls that connectors usually make
    #[arg(long, value_name = "PACKAGE", value_parser = ["pandas"])]
    stand_in: Vec<String>,
    /// Put the component and its configuration into this plugins folder
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// The folder to create; its name is the connector's [default: the connector's name, in the current folder]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Makes the folder, builds it and prints what was found.
pub(super) async fn run(flags: AdaptFlags) -> Result<(), CliError> {
    let mut signals = Signals::catch()?;
    tokio::select! {
        biased;
        () = signals.next() => Err(CliError::Stopped),
        done = adapt_and_build(flags) => done,
    }
}

async fn adapt_and_build(flags: AdaptFlags) -> Result<(), CliError> {
    let request = AdaptRequest {
        path: flags.path,
        name: flags.name,
        entry: flags.entry,
        key_variable: flags.key_variable,
        stand_ins: flags.stand_in,
        output: flags.output,
    };
    let adapted = adapt(&request, &mut announce).await?;
    let project = Project::find(&adapted.folder, None)?;
    let built = build(&project, &mut announce).await?;
    say(&built_line(&built));
    match &flags.plugins {
        Some(plugins) => {
            let target = InstallTarget::prepare(&project, plugins, ConfigPolicy::Keep)?;
            let installed = target.install(&built)?;
            let replace = format!(
                "weld-host build {} --plugins {} --config",
                quoted(&adapted.folder),
                quoted(plugins)
            );
            report_installed(&installed, say, &replace);
        }
        None => say(&printable(&format!(
            "not installed yet: `weld-host build {}` puts it into the plugins folder",
            adapted.folder.display()
        ))),
    }
    let tables = ("tables", tables(&built, &adapted).await?);
    let summary = adapted.summary();
    for (word, text) in std::iter::once(tables).chain(summary) {
        say(&printable(&format!("{word:<10}{text}")));
    }
    Ok(())
}
