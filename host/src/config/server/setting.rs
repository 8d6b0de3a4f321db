//! One setting of the server: its syntax, its range, and the field that its value goes to.

use super::server_config::ServerConfig;
use super::values::SettingValue;

/// One setting of the server.
pub struct Setting {
    /// Its name, such as `max-body`; the flag is `--max-body`.
    pub key: &'static str,
    /// The heading under which help lists its flag.
    pub heading: &'static str,
    /// Its description in one line, without a full stop.
    pub help: &'static str,
    /// The environment variable that also sets it: `WELD_` and the key in upper case, with `_` for `-`.
    pub variable: &'static str,
    /// A description of the default, if that is not a value but depends on the machine or on what is loaded.
    pub(super) default_words: Option<&'static str>,
    pub(super) field: &'static (dyn SettingField + Sync),
}

impl Setting {
    /// The placeholder for its value in help, such as `SIZE`; `None` for a switch.
    #[must_use]
    pub fn value_name(&self) -> Option<&'static str> {
        self.field.value_name()
    }

    /// Whether its value may contain a password, so that no message may quote it.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.field.is_secret()
    }

    /// The default: a value that [`Setting::set`] reads, or a description. `None` for a switch.
    #[must_use]
    pub fn default_text(&self) -> Option<String> {
        match self.default_words {
            Some(words) => Some(words.to_owned()),
            None => self.field.text(&mut ServerConfig::default()),
        }
    }

    /// The value in `config`, as [`Setting::set`] reads it, or `true` or `false` for a switch. `None` if it has none.
    #[must_use]
    pub fn current_text(&self, config: &ServerConfig) -> Option<String> {
        self.field.current_text(&mut config.clone())
    }

    /// The same for people: with `[secret]` in place of a user and a password.
    #[must_use]
    pub fn shown_text(&self, config: &ServerConfig) -> Option<String> {
        self.field.shown_text(&mut config.clone())
    }

    /// Reads a value into its field. [`ServerConfig::check`] then checks the lower bound.
    ///
    /// # Errors
    ///
    /// A one-line message that describes the right form.
    pub fn set(&self, config: &mut ServerConfig, text: &str) -> Result<(), String> {
        self.field.set(config, text)
    }
}

/// The field that a setting's value goes to, of any type.
pub(super) trait SettingField {
    fn value_name(&self) -> Option<&'static str>;

    /// Reads a value into the field.
    fn set(&self, config: &mut ServerConfig, text: &str) -> Result<(), String>;

    /// The field's value, in the syntax that [`set`](Self::set) reads; `None` if it has no value.
    fn text(&self, config: &mut ServerConfig) -> Option<String>;

    /// The same, for a switch `true` or `false`.
    fn current_text(&self, config: &mut ServerConfig) -> Option<String> {
        self.text(config)
    }

    /// The same for people, without passwords.
    fn shown_text(&self, config: &mut ServerConfig) -> Option<String> {
        self.current_text(config)
    }

    /// Whether a value may contain a password.
    fn is_secret(&self) -> bool {
        false
    }

    /// The smallest allowed value, if the field's value is below it.
    fn unmet_least(&self, config: &mut ServerConfig) -> Option<String>;
}

/// A function that returns the field.
type Accessor<T> = fn(&mut ServerConfig) -> &mut T;

/// A field that accepts every value of its type.
pub(super) struct AnyValue<T>(pub(super) Accessor<T>);

/// A field with a lower bound.
pub(super) struct AtLeast<T>(pub(super) T, pub(super) Accessor<T>);

/// A field that a switch turns off.
pub(super) struct SwitchOff(pub(super) Accessor<bool>);

impl<T: SettingValue> SettingField for AnyValue<T> {
    fn value_name(&self) -> Option<&'static str> {
        Some(T::NAME)
    }

    fn set(&self, config: &mut ServerConfig, text: &str) -> Result<(), String> {
        *self.0(config) = T::parse(text)?;
        Ok(())
    }

    fn text(&self, config: &mut ServerConfig) -> Option<String> {
        self.0(config).text()
    }

    fn shown_text(&self, config: &mut ServerConfig) -> Option<String> {
        self.0(config).shown()
    }

    fn is_secret(&self) -> bool {
        T::IS_SECRET
    }

    fn unmet_least(&self, _config: &mut ServerConfig) -> Option<String> {
        None
    }
}

impl<T: SettingValue + PartialOrd> SettingField for AtLeast<T> {
    fn value_name(&self) -> Option<&'static str> {
        AnyValue(self.1).value_name()
    }

    fn set(&self, config: &mut ServerConfig, text: &str) -> Result<(), String> {
        AnyValue(self.1).set(config, text)
    }

    fn text(&self, config: &mut ServerConfig) -> Option<String> {
        AnyValue(self.1).text(config)
    }

    /// A field without a value gets one at startup, and so is never too small.
    fn unmet_least(&self, config: &mut ServerConfig) -> Option<String> {
        let value = self.1(config);
        if value.text().is_some() && *value < self.0 {
            self.0.text()
        } else {
            None
        }
    }
}

impl SettingField for SwitchOff {
    fn value_name(&self) -> Option<&'static str> {
        None
    }

    fn set(&self, config: &mut ServerConfig, _text: &str) -> Result<(), String> {
        *self.0(config) = false;
        Ok(())
    }

    fn text(&self, _config: &mut ServerConfig) -> Option<String> {
        None
    }

    fn current_text(&self, config: &mut ServerConfig) -> Option<String> {
        Some((!*self.0(config)).to_string())
    }

    fn unmet_least(&self, _config: &mut ServerConfig) -> Option<String> {
        None
    }
}
