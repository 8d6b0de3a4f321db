//! The settings with their values and origins, for people and programs.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::arguments::Resolution;
use super::host_settings::HostSettings;
use super::origin::SettingOrigin;
use super::output::printable;
use crate::config::{SETTINGS, Secret};

/// Stands for the value of a secret.
const SECRET: &str = "[secret]";

/// All settings, in the order of the help.
pub(super) struct SettingList(Vec<SettingLine>);

#[derive(Clone)]
struct SettingLine {
    key: String,
    /// `None` if it has none. That of a secret is compared, and never shown.
    value: Option<String>,
    /// The value for people if that is another text.
    shown: Option<String>,
    /// Whether the value must not be shown.
    is_secret: bool,
    origin: SettingOrigin,
}

impl SettingList {
    pub(super) fn new(settings: &HostSettings, resolution: &Resolution) -> Self {
        let joined = |keys: &[Secret]| Vec::from_iter(keys.iter().map(Secret::expose)).join("\n");
        let token_key = &settings.token_key_fingerprint;
        let secrets = [
            (
                "api-key",
                &settings.keys_from,
                joined(&settings.config.api_keys),
            ),
            (
                "admin-key",
                &settings.admin_keys_from,
                joined(&settings.config.admin_keys),
            ),
            (
                "token-key",
                &settings.token_key_from,
                token_key.clone().unwrap_or_else(|| SECRET.to_owned()),
            ),
        ];
        let secrets = secrets.map(|(key, from, value)| SettingLine {
            key: key.to_owned(),
            value: from.as_ref().map(|_| value),
            shown: None,
            is_secret: true,
            origin: from.clone().unwrap_or(SettingOrigin::Default),
        });
        let flags = resolution.flags.all().iter();
        let flags = flags.map(|flag| SettingLine::of(&flag.key.name, settings, resolution));
        let policy = settings.config.policy.lines();
        let policy = policy.into_iter().map(|(place, value)| SettingLine {
            key: place.key().to_owned(),
            value: Some(value.to_owned()),
            shown: None,
            is_secret: false,
            origin: resolution.line(place.line()),
        });
        Self(secrets.into_iter().chain(flags).chain(policy).collect())
    }

    /// One line for each setting, in columns.
    pub(super) fn to_text(&self) -> String {
        let rows = self.0.iter().map(|line| {
            [
                line.key.clone(),
                printable(line.shown().unwrap_or("-")),
                line.origin.to_string(),
            ]
        });
        let rows: Vec<[String; 3]> = rows.collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let (keys, values) = (width(0), width(1));
        let lines = rows
            .iter()
            .map(|[key, value, origin]| format!("{key:keys$}  {value:values$}  {origin}"));
        Vec::from_iter(lines).join("\n")
    }

    /// `{"file": PATH, "settings": {KEY: {"value": TEXT, "origin": …}}}`; the file and a value may be `null`.
    pub(super) fn to_json(&self, resolution: &Resolution) -> Value {
        let settings = self.0.iter().map(|line| {
            let value = json!({"value": line.shown(), "origin": line.origin.to_json()});
            (line.key.clone(), value)
        });
        let file = resolution.file.as_ref();
        json!({
            "file": file.map(|file| file.path.to_string_lossy()),
            "settings": settings.collect::<Map<String, Value>>(),
        })
    }

    /// The value of a setting, if it has one.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        let line = self.0.iter().find(|line| line.key == key)?;
        line.value.as_deref()
    }

    /// Takes over the values of these keys from `other`.
    pub(super) fn adopt(&mut self, other: &Self, keys: &[String]) {
        self.0.retain(|line| !keys.contains(&line.key));
        let adopted = other.0.iter().filter(|line| keys.contains(&line.key));
        self.0.extend(adopted.cloned());
    }

    /// The keys whose values are different in `other`, in the order of the help.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let mut changed: Vec<String> = Vec::new();
        for line in other.0.iter().chain(&self.0) {
            if self.value(&line.key) != other.value(&line.key) && !changed.contains(&line.key) {
                changed.push(line.key.clone());
            }
        }
        changed
    }
}

impl SettingLine {
    /// The value for people; `None` if it has none.
    fn shown(&self) -> Option<&str> {
        match &self.value {
            Some(_) if self.is_secret => Some(SECRET),
            value => self.shown.as_deref().or(value.as_deref()),
        }
    }

    fn of(key: &str, settings: &HostSettings, resolution: &Resolution) -> Self {
        let other = settings
            .other_origins
            .iter()
            .find(|(known, _)| *known == key);
        let origin = match other {
            Some((_, origin)) => origin.clone(),
            None => resolution.origin(key),
        };
        let line = resolution.file.as_ref().and_then(|file| file.value(key));
        let is_secret =
            matches!(origin, SettingOrigin::File { .. }) && line.is_some_and(|line| line.is_secret);
        let mut table = SETTINGS.iter().filter(|setting| setting.is_secret());
        let setting = table.find(|setting| setting.key == key);
        Self {
            key: key.to_owned(),
            shown: setting.and_then(|setting| setting.shown_text(&settings.config)),
            value: effective(key, origin == SettingOrigin::Default, settings, resolution),
            is_secret,
            origin,
        }
    }
}

/// The value that a server would use.
fn effective(
    key: &str,
    is_default: bool,
    settings: &HostSettings,
    resolution: &Resolution,
) -> Option<String> {
    let path = |path: &Path| path.to_string_lossy().into_owned();
    match key {
        "cache" => return settings.config.cache.as_deref().map(path),
        "tokens" => return settings.token_folder.as_deref().map(path),
        "log" => return Some(resolution.text(key).unwrap_or_else(|| "info".to_owned())),
        _ => {}
    }
    let setting = SETTINGS.iter().find(|setting| setting.key == key);
    match setting {
        // Some defaults depend on the machine, and are described.
        Some(setting) if is_default && key != "listen" => setting
            .default_text()
            .or_else(|| setting.current_text(&settings.config)),
        Some(setting) => setting.current_text(&settings.config),
        None => resolution.text(key),
    }
}
