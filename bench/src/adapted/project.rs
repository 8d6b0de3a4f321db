//! The guide's function as `weld-host adapt` reads it, and the same connector written for a kit. Both are built the
//! way their authors would.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use weld_host::author::new::{Language, create};
use weld_host::config::ConnectorName;

use crate::author;
use crate::handlers::{Handler, Stage};
use crate::jobs::Work;
use crate::languages;

/// The function's source, which functions-framework uses as well.
pub(crate) const PYTHON_FUNCTION: &str = include_str!("../../guide/python/main.py");

/// A debug build may have to compile a Python component.
const COMPILE_TIME: Duration = Duration::from_secs(300);

/// The forms of one connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A cloud function, unchanged.
    Adapted,
    /// Written for the kit of its language.
    Kit,
}

impl Form {
    /// The form's name in the tables, before the language.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Adapted => "adapted",
            Self::Kit => "kit",
        }
    }
}

/// A connector in a plugins folder, and the time it took to create it.
pub(super) struct Project {
    pub(super) form: Form,
    pub(super) language: Language,
    /// The component's size.
    pub(super) bytes: u64,
    /// The time of `weld-host adapt`, with tools and packages already installed. `None` for a connector of the kit.
    pub(super) adapt: Option<Duration>,
    /// The time of `weld-host build`, with the same installed.
    pub(super) build: Duration,
    /// The time from when the host finds the component until it is ready, with an empty cache.
    pub(super) compile: Duration,
}

impl Project {
    /// Creates a project and its tools in the folder that the stage has for it, and starts a host with it once.
    ///
    /// # Errors
    ///
    /// A command fails, for example because a tool is missing; or the host does not load the component.
    pub(super) fn make(stage: &Stage, form: Form, language: Language) -> anyhow::Result<Self> {
        let name: ConnectorName = Work::Fetch.path().parse()?;
        let plugins = stage.plugins_of(&folder_name(form, language));
        fs::create_dir_all(&plugins)?;
        fs::write(
            plugins.join(format!("{name}.toml")),
            stage.configuration_of_function(),
        )?;
        let folder = plugins
            .parent()
            .context("the plugins folder has no parent folder")?;
        let adapt = match form {
            Form::Adapted => Some(adapt(folder, &name, language)?),
            Form::Kit => {
                create(folder, &name, language)?;
                let (file, text) = kit_source(language)?;
                fs::write(folder.join(name.as_str()).join(file), text)?;
                author::shell(folder, &language.set_up_command(&name))?;
                None
            }
        };
        let words = ["build", name.as_str(), "--plugins", "plugins"];
        let build = author::weld_host(folder, &words)?;
        let component = fs::metadata(plugins.join(format!("{name}.wasm")))?;
        Ok(Self {
            form,
            language,
            bytes: component.len(),
            adapt,
            build,
            compile: compile(stage, Handler::Guide(form, language))?,
        })
    }
}

/// The name of a project's folder. It has no spaces, since the tools installed there don't support them.
pub(crate) fn folder_name(form: Form, language: Language) -> String {
    format!("{}-{}", form.name(), languages::name(language))
}

/// Adapts the function twice. The first run installs the tools; only the second one counts.
fn adapt(folder: &Path, name: &ConnectorName, language: Language) -> anyhow::Result<Duration> {
    let source = folder.join("source");
    fs::create_dir_all(&source)?;
    for (file, text) in function_files(language)? {
        fs::write(source.join(file), text)?;
    }
    let words = [
        "adapt",
        "source",
        "-o",
        name.as_str(),
        "--plugins",
        "plugins",
    ];
    author::weld_host(folder, &words)?;
    author::weld_host(folder, &words)
}

fn function_files(language: Language) -> anyhow::Result<Vec<(&'static str, &'static str)>> {
    Ok(match language {
        Language::Python => vec![("main.py", PYTHON_FUNCTION)],
        Language::JavaScript => vec![
            ("index.js", include_str!("../../guide/node/index.js")),
            (
                "package.json",
                include_str!("../../guide/node/package.json"),
            ),
        ],
        Language::C | Language::Rust | Language::TypeScript => {
            bail!(
                "no cloud function is written in {}",
                languages::name(language)
            )
        }
    })
}

/// The path of the connector in the template, and the source to put there.
fn kit_source(language: Language) -> anyhow::Result<(&'static str, &'static str)> {
    Ok(match language {
        Language::Python => ("app.py", include_str!("../../guide/python/kit.py")),
        Language::JavaScript => ("connector.js", include_str!("../../guide/node/kit.js")),
        Language::C | Language::Rust | Language::TypeScript => {
            bail!("the table is not written in {}", languages::name(language))
        }
    })
}

/// How long a host with an empty cache takes for the component. Afterwards the component is in the handler's cache.
fn compile(stage: &Stage, handler: Handler) -> anyhow::Result<Duration> {
    let (mut host, _) = stage.start(handler, None)?;
    let line = host.announced(COMPILE_TIME, |line| {
        line.contains("loaded").then(|| line.to_owned())
    })?;
    ensure!(!line.contains("from the cache"), "compiled before: {line}");
    loaded_in(&line).with_context(|| line.trim().to_owned())
}

/// The time in a line such as `  beers  http://127.0.0.1:4000/beers  loaded in 812 ms`.
fn loaded_in(line: &str) -> Option<Duration> {
    let (_, rest) = line.split_once("loaded in ")?;
    let (number, _) = rest.split_once(" ms")?;
    number.parse().ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_loading_are_read_from_the_hosts_line() {
        let line = "  beers  http://127.0.0.1:4000/beers  loaded in 812 ms";
        assert_eq!(loaded_in(line), Some(Duration::from_millis(812)));
        for line in ["", "  beers  not loaded: no", "  still loading 1 more"] {
            assert_eq!(loaded_in(line), None, "{line}");
        }
    }
}
