//! Builds a connector's folder for a command, and reports what happens.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use clap::{Args, ValueEnum};

use super::error::CliError;
use super::folders::PluginsFlag;
use super::output::printable;
use super::precompiler::Precompiler;
use crate::author::build::{
    BuildError, BuiltComponent, ConfigOutcome, ConfigPolicy, InstallTarget, InstallableNeed,
    Installation, Project, ProjectLanguage, build, quoted,
};
use crate::config::ConnectorName;

/// The flags of commands that build a folder.
#[derive(Debug, Args)]
pub(super) struct FolderFlags {
    #[command(flatten)]
    pub(super) plugins: PluginsFlag,
    /// Install what the folder needs to be built and doesn't have: Python or npm packages, zig, Rust's target
    #[arg(long)]
    install: bool,
    #[command(flatten)]
    language: LanguageFlag,
}

/// The flag for the language of a folder.
#[derive(Debug, Args)]
pub(super) struct LanguageFlag {
    /// The language of the folder, if it has files of several
    #[arg(long = "lang", value_name = "LANGUAGE", value_enum)]
    language: Option<SourceLanguage>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SourceLanguage {
    Rust,
    Python,
    #[value(alias = "typescript")]
    Javascript,
    C,
}

impl LanguageFlag {
    /// Recognizes the connector in a folder.
    pub(super) fn project(&self, folder: &Path) -> Result<Project, BuildError> {
        let language = self.language.map(|language| match language {
            SourceLanguage::Rust => ProjectLanguage::Rust,
            SourceLanguage::Python => ProjectLanguage::Python,
            SourceLanguage::Javascript => ProjectLanguage::JavaScript,
            SourceLanguage::C => ProjectLanguage::C,
        });
        Project::find(folder, language)
    }
}

impl FolderFlags {
    /// Recognizes the connector in a folder.
    pub(super) fn project(&self, folder: &Path) -> Result<Project, BuildError> {
        self.language.project(folder)
    }

    /// The command that builds a project with one more flag. It works as printed in the current folder.
    fn command(&self, project: &Project, flag: &str) -> String {
        let mut command = format!("weld-host build {}", quoted(&project.shown));
        if self.plugins.is_elsewhere() {
            command.push_str(&format!(" --plugins {}", quoted(&self.plugins.plugins)));
        }
        if self.language.language.is_some() {
            command.push_str(&format!(" --lang {}", project.language.flag_value()));
        }
        format!("{command} {flag}")
    }
}

/// How a command builds a folder.
pub(super) struct FolderBuild<'f> {
    pub(super) folder: &'f Path,
    pub(super) flags: &'f FolderFlags,
    pub(super) policy: ConfigPolicy,
    /// Whether to build although nothing has changed since the last build.
    pub(super) always: bool,
    /// Compiles the component into the cache before it is installed: a host that watches the folder then finds the code.
    pub(super) precompiler: Option<&'f Precompiler>,
    /// Prints the results; stderr for commands whose own output is on stdout.
    pub(super) say: fn(&str),
    /// Whether to print only errors, and the calls of tools.
    pub(super) quiet: bool,
}

impl FolderBuild<'_> {
    /// Builds the folder, unless nothing has changed, and installs the component. Returns its path.
    pub(super) async fn run(&self) -> Result<PathBuf, CliError> {
        // Read each time, since names and files change during a watch.
        let project = self.flags.project(self.folder)?;
        self.install_needs(&project).await?;
        let plugins = &self.flags.plugins.plugins;
        let target = InstallTarget::prepare(&project, plugins, self.policy)?;
        let installed = if !self.always && target.is_current() {
            let installed = target.keep()?;
            let unchanged = format!(
                "unchanged {}: the sources are those of the last build",
                installed.component.display()
            );
            self.say(&printable(&unchanged));
            installed
        } else {
            let built = build(&project, &mut announce).await?;
            if let Some(precompiler) = self.precompiler {
                precompiler.compile(&project, &built).await?;
            }
            self.say(&built_line(&built));
            target.install(&built)?
        };
        if !self.quiet {
            report_installed(
                &installed,
                self.say,
                &self.flags.command(&project, "--config"),
            );
        }
        Ok(installed.component)
    }

    fn say(&self, line: &str) {
        if !self.quiet {
            (self.say)(line);
        }
    }

    /// Installs what the project lacks, if the user has said so or says so now.
    async fn install_needs(&self, project: &Project) -> Result<(), BuildError> {
        let Some(need) = InstallableNeed::of(project).await? else {
            return Ok(());
        };
        let described = need.description();
        let is_wanted =
            self.flags.install || agrees(&project.name, &described).await.unwrap_or(false);
        if !is_wanted {
            return Err(BuildError::NotInstalled {
                connector: project.name.to_string(),
                need: described,
                command: self.flags.command(project, "--install"),
            });
        }
        need.fetch(project, &mut announce).await
    }
}

/// Prints a tool's call before it runs.
pub(super) fn announce(command: &str) {
    eprintln!("$ {}", printable(command));
}

/// Asks on a terminal whether to install something. Without a terminal, nobody could answer.
async fn agrees(name: &ConnectorName, need: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(false);
    }
    let question = format!("{name} needs {need}.\nInstall now? [y/N] ");
    io::stderr().write_all(printable(&question).as_bytes())?;
    // A signal ends the command meanwhile, and the process doesn't wait for this thread.
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).map(|_| answer)
    });
    let answer = answer.await.map_err(io::Error::other)??;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}

/// The line with the path and size of a component.
pub(super) fn built_line(built: &BuiltComponent) -> String {
    let size = ByteSize(built.bytes.len().try_into().unwrap_or(u64::MAX));
    printable(&format!(
        "built     {}, {}",
        built.path.display(),
        size.display().iec()
    ))
}

/// Reports the files that were put into the plugins folder. `replace` is the command that installs the `NAME.toml`.
pub(super) fn report_installed(installed: &Installation, say: fn(&str), replace: &str) {
    let line = |path: &Path| say(&printable(&format!("installed {}", path.display())));
    if !installed.is_unchanged {
        line(&installed.component);
    }
    match &installed.config {
        ConfigOutcome::Unchanged => {}
        ConfigOutcome::Installed { installed, copy } => {
            line(installed);
            if let Some(copy) = copy {
                let kept = format!(
                    "kept      {}, the file that was there before",
                    copy.display()
                );
                say(&printable(&kept));
            }
        }
        ConfigOutcome::Edited { installed, own } => {
            let line = format!(
                "kept      {}, which was edited; {} is unchanged",
                installed.display(),
                own.display()
            );
            eprintln!("{}", printable(&line));
        }
        ConfigOutcome::Kept {
            installed,
            own,
            reason,
            difference,
            is_replaceable,
            copy,
        } => {
            let mut lines = vec![format!("kept      {}, {reason}", installed.display())];
            lines.extend_from_slice(difference);
            if let Some(copy) = copy {
                lines.push(format!(
                    "the command below replaces the edits of {}, of which it keeps a copy, {}",
                    installed.display(),
                    copy.display()
                ));
            }
            if *is_replaceable {
                lines.push(format!("to install {}: {replace}", own.display()));
            }
            eprintln!("{}", printable(&lines.join("\n")));
        }
    }
}
