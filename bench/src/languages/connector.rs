//! Creates a connector as its author does, with the commands that `weld-host new` prints.

use std::fs;

use anyhow::Context;
use weld_host::author::new::Language;
use weld_host::config::ConnectorName;

use crate::author;
use crate::handlers::Stage;
use crate::jobs::Work;

/// A connector in a plugins folder.
pub(crate) struct Connector {
    pub(crate) language: Language,
    /// The component's size.
    pub(crate) bytes: u64,
}

impl Connector {
    /// Creates a connector, installs its tools, and builds it into the plugins folder that the stage has for the
    /// language.
    ///
    /// # Errors
    ///
    /// A command fails, for example because a tool is missing.
    pub(crate) fn make(stage: &Stage, language: Language) -> anyhow::Result<Self> {
        let name: ConnectorName = Work::First.path().parse()?;
        let plugins = stage.plugins_of(super::name(language));
        fs::create_dir_all(&plugins)?;
        fs::write(
            plugins.join(format!("{name}.toml")),
            stage.configuration_of_template(),
        )?;
        let folder = plugins
            .parent()
            .context("the plugins folder has no parent folder")?;
        weld_host::author::new::create(folder, &name, language)?;
        author::shell(folder, &language.set_up_command(&name))?;
        author::weld_host(folder, &["build", name.as_str(), "--plugins", "plugins"])?;
        let component = fs::metadata(plugins.join(format!("{name}.wasm")))?;
        Ok(Self {
            language,
            bytes: component.len(),
        })
    }
}
