//! `weld-host build`: builds a connector from its sources into the plugins folder.

use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::folder_build::{FolderBuild, FolderFlags};
use super::folders::CacheFlag;
use super::output::{printable, say};
use super::precompiler::Precompiler;
use super::signals::Signals;
use crate::author::build::{ConfigPolicy, SourceWatch};
use crate::report;

#[derive(Debug, Args)]
pub(super) struct BuildFlags {
    /// The connector's folder: with Cargo.toml (Rust), app.py (Python), package.json (JavaScript, TypeScript) or *.c (C)
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Also install the folder's NAME.toml in place of the one in the plugins folder
    #[arg(long)]
    config: bool,
    /// Build again after each change of a source; a changed NAME.toml is installed unless the installed one was edited
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    cache: CacheFlag,
    #[command(flatten)]
    project: FolderFlags,
}

/// Builds once, or with `--watch` after each change until a signal comes.
pub(super) async fn run(flags: BuildFlags) -> Result<(), CliError> {
    let mut signals = Signals::catch()?;
    let precompiler = Precompiler::new(flags.cache.clone());
    let mut watch = if flags.watch {
        let project = flags.project.project(&flags.folder)?;
        let plugins = &flags.project.plugins.plugins;
        Some(SourceWatch::begin(&project.folder, plugins))
    } else {
        None
    };
    let mut build = FolderBuild {
        folder: &flags.folder,
        flags: &flags.project,
        policy: match (flags.config, flags.watch) {
            (true, _) => ConfigPolicy::Replace,
            (false, true) => ConfigPolicy::ReplaceUnedited,
            (false, false) => ConfigPolicy::Keep,
        },
        always: true,
        precompiler: Some(&precompiler),
        say,
        quiet: false,
    };
    loop {
        let built = tokio::select! {
            biased;
            () = signals.next() => return stopped(&flags),
            built = build.run() => built,
        };
        let Some(watch) = &mut watch else {
            return built.map(drop);
        };
        // The watch continues: the author fixes the error and saves.
        if let Err(error) = built {
            eprintln!("weld-host: {}", printable(&report::chain(&error)));
        }
        // A change of the `NAME.toml` alone needs no build.
        build.always = false;
        say("watching for changes; press Ctrl-C to stop");
        tokio::select! {
            biased;
            () = signals.next() => return stopped(&flags),
            () = watch.changed() => {}
        }
    }
}

/// A signal is the normal end of a watch, but interrupts a build.
fn stopped(flags: &BuildFlags) -> Result<(), CliError> {
    if flags.watch {
        Ok(())
    } else {
        Err(CliError::Stopped)
    }
}
