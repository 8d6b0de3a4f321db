//! The flags of `serve`, which are also the keys of `weld-host.toml`.

use std::error::Error;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

use crate::config::{FlagForm, FlagKey, SETTINGS, ServerConfig};

/// The command whose flags are the keys of the file.
const SERVE: &str = "serve";

/// Flags that make no sense in the file.
const NOT_IN_THE_FILE: [&str; 3] = ["config", "help", "version"];

/// The flags of `serve` that the file may set, in the order of the help.
#[derive(Default)]
pub(super) struct FlagTable {
    command: Command,
    flags: Vec<ServeFlag>,
}

/// One flag.
pub(super) struct ServeFlag {
    pub(super) key: FlagKey,
    /// By which clap knows it.
    pub(super) id: String,
    /// The variable that also sets it.
    pub(super) variable: Option<String>,
}

impl FlagTable {
    /// The flags of the program that this command describes.
    pub(super) fn of(program: &Command) -> Self {
        let mut command = program.clone();
        command.build();
        let serve = command.find_subcommand(SERVE);
        let flags = serve.into_iter().flat_map(Command::get_arguments);
        Self {
            flags: flags.filter_map(ServeFlag::of).collect(),
            command: program.clone(),
        }
    }

    pub(super) fn all(&self) -> &[ServeFlag] {
        &self.flags
    }

    pub(super) fn keys(&self) -> Vec<FlagKey> {
        self.flags.iter().map(|flag| flag.key.clone()).collect()
    }

    /// The flag of this name.
    pub(super) fn named(&self, name: &str) -> Option<&ServeFlag> {
        self.flags.iter().find(|flag| flag.key.name == name)
    }

    /// Checks a text as the value of a flag.
    ///
    /// # Errors
    ///
    /// A message in one line that describes the right form.
    pub(super) fn check(&self, name: &str, text: &str) -> Result<(), String> {
        // The command line's parser leaves out the values that it must not quote.
        let setting = SETTINGS.iter().find(|setting| setting.key == name);
        if let Some(setting) = setting.filter(|setting| setting.is_secret()) {
            return setting.set(&mut ServerConfig::default(), text);
        }
        let line = [self.command.get_name(), SERVE, &format!("--{name}={text}")];
        match self.command.clone().try_get_matches_from(line) {
            Err(error) if error.kind() == ErrorKind::ValueValidation => Err(error
                .source()
                .map_or_else(|| "not a valid value".to_owned(), ToString::to_string)),
            Err(error) if error.kind() == ErrorKind::InvalidValue => {
                Err(match error.get(ContextKind::ValidValue) {
                    Some(ContextValue::Strings(valid)) if !valid.is_empty() => {
                        format!("no such value: write one of {}", valid.join(", "))
                    }
                    _ => "the value is empty".to_owned(),
                })
            }
            // Other errors concern several flags, which are checked together.
            _ => Ok(()),
        }
    }
}

/// Whether help has one of these names for the value of a flag.
fn has_name(arg: &Arg, wanted: [&str; 2]) -> bool {
    let names = arg.get_value_names().unwrap_or_default();
    names.iter().any(|name| wanted.contains(&name.as_str()))
}

impl ServeFlag {
    /// `None` for an argument that the file can't set.
    fn of(arg: &Arg) -> Option<Self> {
        let name = arg
            .get_long()
            .filter(|name| !NOT_IN_THE_FILE.contains(name))?;
        let form = match arg.get_action() {
            ArgAction::SetTrue | ArgAction::SetFalse => FlagForm::Switch,
            ArgAction::Append => FlagForm::List,
            _ if has_name(arg, ["FILE", "DIR"]) => FlagForm::Path,
            _ if has_name(arg, ["HOSTS", "NETWORKS"]) => FlagForm::Joined,
            _ => FlagForm::Text,
        };
        Some(Self {
            key: FlagKey {
                name: name.to_owned(),
                form,
            },
            id: arg.get_id().to_string(),
            variable: arg
                .get_env()
                .map(|name| name.to_string_lossy().into_owned()),
        })
    }
}
