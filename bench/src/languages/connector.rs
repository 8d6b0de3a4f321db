//! Making a connector as its author does: the commands that `weld-host new` prints.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use weld_host::author::new::Language;
use weld_host::config::ConnectorName;

use crate::child::Process;
use crate::handlers::Stage;
use crate::jobs::Work;

/// Tools and packages may be downloaded slowly.
const PATIENCE: Duration = Duration::from_secs(600);

/// A connector in a plugins folder.
pub(crate) struct Connector {
    pub(crate) language: Language,
    /// Of the component.
    pub(crate) bytes: u64,
}

impl Connector {
    /// Makes one, gets its tools, and builds it into the plugins folder that the stage has for the language.
    ///
    /// # Errors
    ///
    /// A command fails, as where a tool is missing.
    pub(crate) fn make(stage: &Stage, language: Language) -> anyhow::Result<Self> {
        let name: ConnectorName = Work::First.path().parse()?;
        let plugins = stage.plugins_of(language);
        fs::create_dir_all(&plugins)?;
        fs::write(
            plugins.join(format!("{name}.toml")),
            stage.configuration_of_template(),
        )?;
        let folder = plugins
            .parent()
            .context("a plugins folder lies in another")?;
        weld_host::author::new::create(folder, &name, language)?;
        let set_up = language.set_up_command(&name);
        run(folder, &set_up, &["exec", "sh", "-ec", &set_up])?;
        let build = ["command", "build", name.as_str(), "--plugins", "plugins"];
        run(folder, "weld-host build", &build)?;
        let component = fs::metadata(plugins.join(format!("{name}.wasm")))?;
        Ok(Self {
            language,
            bytes: component.len(),
        })
    }
}

/// Runs this program in one of its modes, quietly unless it fails, with the environment of whoever measures: tools look
/// there for their own folders.
fn run(folder: &Path, what: &str, words: &[&str]) -> anyhow::Result<()> {
    let log = folder.join("log");
    let file = File::create(&log)?;
    let streams = (Stdio::from(file.try_clone()?), Stdio::from(file));
    let environment: Vec<_> = std::env::vars().collect();
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let mut process = Process::start_on(streams, what, words, &environment, folder)?;
    process.succeed(PATIENCE).with_context(|| last_lines(&log))
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let mut lines: Vec<_> = text.lines().rev().take(5).collect();
    lines.reverse();
    lines.join("\n")
}
