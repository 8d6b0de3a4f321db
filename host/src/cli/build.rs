//! `weld-host build`: builds a connector from its sources into the plugins folder.

use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use clap::Args;

use super::error::CliError;
use super::folders::{CacheFlag, PluginsFlag};
use super::output::{printable, say};
use super::precompiler::Precompiler;
use super::signals::Signals;
use crate::author::build::{BuiltComponent, Installation, Project, SourceWatch, build, install};
use crate::report;

#[derive(Debug, Args)]
pub(super) struct BuildFlags {
    /// The connector's folder: with Cargo.toml (Rust), app.py (Python), package.json (JavaScript, TypeScript) or *.c (C)
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    #[command(flatten)]
    plugins: PluginsFlag,
    #[command(flatten)]
    cache: CacheFlag,
    /// Build again after each change of a source
    #[arg(long)]
    watch: bool,
}

/// Builds once, or with `--watch` after each change until a signal comes.
pub(super) async fn run(flags: BuildFlags) -> Result<(), CliError> {
    let mut signals = Signals::catch()?;
    let precompiler = Precompiler::new(flags.cache.clone());
    let mut watch = if flags.watch {
        let project = Project::find(&flags.folder)?;
        Some(SourceWatch::begin(&project.folder, &flags.plugins.plugins))
    } else {
        None
    };
    loop {
        let built = tokio::select! {
            biased;
            () = signals.next() => return stopped(&flags),
            built = build_once(&flags, &precompiler) => built,
        };
        let Some(watch) = &mut watch else {
            return built;
        };
        // The watch continues: the author fixes the error and saves.
        if let Err(error) = built {
            eprintln!("weld-host: {}", printable(&report::chain(&error)));
        }
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
        Err(CliError::BuildStopped)
    }
}

async fn build_once(flags: &BuildFlags, precompiler: &Precompiler) -> Result<(), CliError> {
    // Read each time, since names and files change during a watch.
    let project = Project::find(&flags.folder)?;
    let mut announce = |command: &str| eprintln!("$ {}", printable(command));
    let built = build(&project, &mut announce).await?;
    // Before it is installed: a host that watches the folder then finds the code and need not compile it too.
    precompiler.compile(&project, &built).await?;
    let installed = install(&project, &built, &flags.plugins.plugins)?;
    say_built(&built);
    say_installed(&installed);
    Ok(())
}

/// Prints the path and size of the component.
pub(super) fn say_built(built: &BuiltComponent) {
    let size = ByteSize(built.bytes.len().try_into().unwrap_or(u64::MAX));
    say(&printable(&format!(
        "built     {}, {}",
        built.path.display(),
        size.display().iec()
    )));
}

/// Prints the files that were put into the plugins folder.
pub(super) fn say_installed(installed: &Installation) {
    let line = |path: &Path| say(&printable(&format!("installed {}", path.display())));
    line(&installed.component);
    if let Some(config) = &installed.config {
        line(config);
    }
}
