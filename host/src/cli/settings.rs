//! The flags for the server's settings, made from the table of settings.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::config::{SETTINGS, ServerConfig, Setting};

/// The setting whose default depends on the environment.
const LISTEN: &str = "listen";

/// The server's settings from the command line and the environment.
#[derive(Debug, Clone)]
pub(super) struct SettingFlags {
    /// The settings; those that were not given have their defaults.
    pub(super) config: Box<ServerConfig>,
    /// Whether `--listen` was given.
    pub(super) has_listen: bool,
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut config = Box::<ServerConfig>::default();
        for setting in SETTINGS {
            let text = match setting.value_name() {
                Some(_) => matches.get_one::<String>(setting.key).cloned(),
                None => matches.get_flag(setting.key).then(String::new),
            };
            if let Some(text) = text {
                setting.set(&mut config, &text).map_err(|problem| {
                    let name = setting.value_name().unwrap_or_default();
                    let message = format!(
                        "invalid value for '--{} <{name}>': {problem}\n",
                        setting.key
                    );
                    clap::Error::raw(clap::error::ErrorKind::ValueValidation, message)
                })?;
            }
        }
        Ok(Self {
            config,
            has_listen: matches.contains_id(LISTEN),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Adds the flags of these settings to a command.
pub(super) fn with_flags(command: Command, keys: &[&str]) -> Command {
    command.args(of_keys(keys).map(flag))
}

/// Reads the flags of these settings.
pub(super) fn read_flags(
    matches: &ArgMatches,
    keys: &[&str],
    config: &mut ServerConfig,
) -> Result<(), clap::Error> {
    for setting in of_keys(keys) {
        if let Some(text) = matches.get_one::<String>(setting.key) {
            setting.set(config, text).map_err(|problem| {
                clap::Error::raw(clap::error::ErrorKind::ValueValidation, problem)
            })?;
        }
    }
    Ok(())
}

fn of_keys<'k>(keys: &'k [&str]) -> impl Iterator<Item = &'static Setting> + 'k {
    SETTINGS
        .iter()
        .filter(move |setting| keys.contains(&setting.key))
}

/// The flag for a setting. Clap doesn't fill in the default, so that it is defined in one place.
fn flag(setting: &'static Setting) -> Arg {
    let help = match setting.default_text() {
        Some(default) => format!("{} [default: {default}]", setting.help),
        None => setting.help.to_owned(),
    };
    let arg = Arg::new(setting.key)
        .long(setting.key)
        .help_heading(setting.heading)
        .help(help);
    let arg = match setting.value_name() {
        None => arg.action(ArgAction::SetTrue),
        // Clap's errors and help would quote the value. So it is read later.
        Some(name) if setting.is_secret() => arg.value_name(name).hide_env_values(true),
        Some(name) => arg.value_name(name).value_parser(move |text: &str| {
            let checked = setting.set(&mut ServerConfig::default(), text);
            checked.map(|()| text.to_owned())
        }),
    };
    arg.env(setting.variable)
}
