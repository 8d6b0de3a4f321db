//! `weld-host lambda package`: writes the zip that is uploaded as a function.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::ValueHint;

use crate::cli::error::CliError;
use crate::cli::folders::PluginsFlag;
use crate::cli::output::say;
use crate::config::headings;
use crate::lambda::package::{MOST_UPLOADED_BYTES, PackageSources, package};
use crate::report::size_beyond;

/// The settings that `serve` reads without a flag.
const SETTINGS: &str = "weld-host.toml";

#[derive(Debug, Args)]
pub(super) struct PackageFlags {
    #[command(flatten)]
    plugins: PluginsFlag,
    /// The program for Lambda's machines, static or for glibc 2.34 [default: this program]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    binary: Option<PathBuf>,
    /// The file with the server's settings [default: ./weld-host.toml, if it exists]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = headings::FOLDERS)]
    config: Option<PathBuf>,
    /// The package to write
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, default_value = "function.zip")]
    output: PathBuf,
}

/// Writes the package, and prints what it contains and how to upload it.
pub(super) fn run(flags: PackageFlags) -> Result<(), CliError> {
    let here = PathBuf::from(SETTINGS);
    let sources = PackageSources {
        binary: match flags.binary {
            Some(binary) => binary,
            None => std::env::current_exe().map_err(CliError::OwnProgram)?,
        },
        plugins: flags.plugins.plugins,
        settings: flags.config.or_else(|| here.exists().then_some(here)),
    };
    let output = flags.output;
    let summary = package(&sources, &output)?;
    let shown = |bytes| size_beyond(bytes, 0);
    say(&format!(
        "{}: {}, {} unpacked",
        output.display(),
        shown(summary.packed_bytes),
        shown(summary.unpacked_bytes)
    ));
    say(&format!(
        "  bootstrap  {} ({}, {})",
        file_name(&sources.binary),
        summary.binary.architecture,
        summary.binary.linkage
    ));
    for connector in &summary.connectors {
        say(&format!("  connector  {connector}"));
    }
    for other in &summary.others {
        say(&format!("  file       {other}"));
    }
    if let Some(settings) = &sources.settings {
        say(&format!("  settings   {}", settings.display()));
    }
    say(&format!(
        "create a function with the runtime provided.al2023 and the architecture {}, and upload {}",
        summary.binary.architecture,
        output.display()
    ));
    if summary.packed_bytes > MOST_UPLOADED_BYTES {
        tracing::warn!(
            packed = shown(summary.packed_bytes),
            "the package is larger than the 50 MiB that can be uploaded directly: put it into an S3 bucket, and name that \
             (`--s3-bucket`, `--s3-key`)"
        );
    }
    Ok(())
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
