//! The connector's `NAME.toml`: the project's own, and the one in the plugins folder, which belongs to the operator.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::difference::difference;
use super::error::BuildError;
use super::project::Project;
use super::replacement::replace;
use super::sources::hex_digest;
use crate::config::{ConfigError, ConnectorConfig, FileFault, ReadLimit, disclosed, read_in_time};
use crate::report;

/// What to do with an installed `NAME.toml` that differs from the project's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConfigPolicy {
    /// Keep it, and report the difference.
    Keep,
    /// Replace it.
    Replace,
    /// Replace it if it is still as an earlier build installed it; otherwise somebody has edited it in place.
    ReplaceUnedited,
}

/// What was done with the `NAME.toml`. Paths are those that the user knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ConfigOutcome {
    /// The project has none, or both are the same.
    Unchanged,
    /// The project's was installed.
    Installed {
        /// Its path.
        installed: PathBuf,
        /// A copy of the file that it replaced, if that one may have been edited in place.
        copy: Option<PathBuf>,
    },
    /// Only the installed one was edited since both were the same, so it stays.
    Edited {
        /// The installed file.
        installed: PathBuf,
        /// The project's file.
        own: PathBuf,
    },
    /// The installed one was kept.
    Kept {
        /// The installed file.
        installed: PathBuf,
        /// The project's file.
        own: PathBuf,
        /// Why it was kept, or how it differs, after the installed file's path.
        reason: String,
        /// The changed lines, without secrets.
        difference: Vec<String>,
        /// Whether `--config` would replace it.
        is_replaceable: bool,
        /// Where `--config` would keep a copy of it, if it may have been edited in place.
        copy: Option<PathBuf>,
    },
}

/// A configuration's file.
enum ConfigFile {
    Missing,
    Contents(Vec<u8>),
    Unreadable(FileFault),
}

impl ConfigFile {
    fn read(path: &Path) -> Self {
        match read_in_time(path, ReadLimit::CONFIGURATION) {
            Ok(contents) => Self::Contents(contents),
            // A link to nothing is a file that can't be read.
            Err(fault) if fault.is_missing() && path.symlink_metadata().is_err() => Self::Missing,
            Err(fault) => Self::Unreadable(fault),
        }
    }
}

/// The two files of a project and a plugins folder.
pub(super) struct ConfigPair {
    own: PathBuf,
    shown_own: PathBuf,
    installed: PathBuf,
    policy: ConfigPolicy,
}

impl ConfigPair {
    pub(super) fn new(project: &Project, plugins: &Path, policy: ConfigPolicy) -> Self {
        Self {
            own: project.config(),
            shown_own: project.shown_config(),
            installed: plugins.join(project.name.config_file()),
            policy,
        }
    }

    /// Checks before a build whether the project's file can be installed, if that is certain to be necessary.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: the project's file is missing, unreadable or not valid, or the installed one can't be replaced.
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let installs = match self.policy {
            ConfigPolicy::Replace => true,
            ConfigPolicy::Keep | ConfigPolicy::ReplaceUnedited => {
                self.installed.symlink_metadata().is_err()
            }
        };
        if installs {
            self.installable()?;
            self.check_place()?;
        }
        Ok(())
    }

    /// The contents of the project's file if they are valid; `None` if it has none.
    fn installable(&self) -> Result<Option<Vec<u8>>, BuildError> {
        match ConfigFile::read(&self.own) {
            ConfigFile::Contents(contents) => {
                ConnectorConfig::check_contents(&contents, &self.shown_own)?;
                Ok(Some(contents))
            }
            ConfigFile::Missing if self.policy == ConfigPolicy::Replace => {
                Err(BuildError::NoConfig(self.shown_own.clone()))
            }
            ConfigFile::Missing => Ok(None),
            ConfigFile::Unreadable(source) => Err(BuildError::UnreadableConfig {
                path: self.shown_own.clone(),
                source,
            }),
        }
    }

    /// Fails if there is something other than a file at the place of the installed one.
    fn check_place(&self) -> Result<(), BuildError> {
        let reason = match self.installed.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() && !self.is_same_file() => {
                let target = fs::read_link(&self.installed).unwrap_or_default();
                format!(
                    "it is a link to {}; change that file, or remove the link",
                    target.display()
                )
            }
            Ok(metadata) if metadata.is_dir() => "it is a folder; move it away".to_owned(),
            _ => return Ok(()),
        };
        Err(BuildError::ConfigInTheWay {
            path: self.installed.clone(),
            reason,
        })
    }

    /// Whether the plugins folder is the project itself, or links to its file.
    fn is_same_file(&self) -> bool {
        let real = |path: &Path| path.canonicalize().ok();
        real(&self.own).is_some_and(|own| real(&self.installed) == Some(own))
    }

    /// Installs the project's file, or keeps the installed one. `recorded` is the digest of the file that was the same
    /// in both places after an earlier build. Also returns the digest of a file that is the same in both places now.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: as [`Self::check`], or the file can't be written.
    pub(super) fn settle(
        &self,
        recorded: Option<String>,
    ) -> Result<(ConfigOutcome, Option<String>), BuildError> {
        if self.is_same_file() {
            return Ok((ConfigOutcome::Unchanged, None));
        }
        let installed = ConfigFile::read(&self.installed);
        if matches!(installed, ConfigFile::Missing) || self.policy == ConfigPolicy::Replace {
            return self.replace(&installed, recorded.as_deref());
        }
        let own = match ConfigFile::read(&self.own) {
            ConfigFile::Contents(own) => own,
            ConfigFile::Missing => return Ok((ConfigOutcome::Unchanged, recorded)),
            ConfigFile::Unreadable(fault) => {
                let fault = report::chain(&fault);
                let reason = format!(
                    "because {} can't be read: {fault}",
                    self.shown_own.display()
                );
                return Ok((self.kept(reason, Vec::new(), false), recorded));
            }
        };
        let old = match installed {
            ConfigFile::Contents(old) if old == own => {
                return Ok((ConfigOutcome::Unchanged, Some(hex_digest(&own))));
            }
            ConfigFile::Contents(old) => old,
            ConfigFile::Missing | ConfigFile::Unreadable(_) => {
                let reason = match installed {
                    ConfigFile::Unreadable(fault) => report::chain(&fault),
                    _ => "it is missing".to_owned(),
                };
                let reason = format!(
                    "although it can't be read: {reason}. The connector can't be loaded with it"
                );
                return Ok((self.kept(reason, Vec::new(), false), recorded));
            }
        };
        if let Err(error) = ConnectorConfig::check_contents(&own, &self.shown_own) {
            let reason = format!("because the new one is not valid:\n{error}");
            return Ok((self.kept(reason, Vec::new(), false), recorded));
        }
        if recorded.as_ref() == Some(&hex_digest(&own)) {
            let outcome = ConfigOutcome::Edited {
                installed: self.installed.clone(),
                own: self.shown_own.clone(),
            };
            return Ok((outcome, recorded));
        }
        let is_unedited = recorded.as_ref() == Some(&hex_digest(&old));
        if self.policy == ConfigPolicy::ReplaceUnedited && is_unedited && self.check_place().is_ok()
        {
            return self.replace(&ConfigFile::Contents(old), recorded.as_deref());
        }
        let mut reason = format!("which differs from {}", self.shown_own.display());
        if self.policy == ConfigPolicy::ReplaceUnedited {
            let edited = if recorded.is_some() {
                " and was edited in place"
            } else {
                " and may have been edited in place"
            };
            reason.push_str(edited);
        }
        let lines = differences(&old, &own);
        if lines.is_empty() {
            reason.push_str(same_lines(&old, &self.installed).as_str());
        }
        let is_replaceable = self.check_place().is_ok();
        let mut outcome = self.kept(reason, lines, is_replaceable);
        if let ConfigOutcome::Kept { copy, .. } = &mut outcome
            && is_replaceable
            && !is_unedited
        {
            *copy = Some(self.copy());
        }
        Ok((outcome, recorded))
    }

    /// Where a copy of a replaced file is kept. Hosts don't read it.
    fn copy(&self) -> PathBuf {
        let mut name = self.installed.clone().into_os_string();
        name.push(".old");
        name.into()
    }

    fn replace(
        &self,
        installed: &ConfigFile,
        recorded: Option<&str>,
    ) -> Result<(ConfigOutcome, Option<String>), BuildError> {
        let Some(own) = self.installable()? else {
            return Ok((ConfigOutcome::Unchanged, None));
        };
        self.check_place()?;
        let digest = Some(hex_digest(&own));
        if matches!(installed, ConfigFile::Contents(old) if *old == own) {
            return Ok((ConfigOutcome::Unchanged, digest));
        }
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| BuildError::File { path, source }
        };
        // A file that only its owner may read stays one.
        let model = if self.installed.is_file() {
            &self.installed
        } else {
            &self.own
        };
        let mode = fs::metadata(model)
            .map_err(failed(model))?
            .permissions()
            .mode();
        let copy = self.copy();
        let copy = match installed {
            ConfigFile::Missing => None,
            ConfigFile::Contents(old) if recorded == Some(hex_digest(old).as_str()) => None,
            ConfigFile::Contents(old) => {
                replace(&copy, old, mode & 0o777).map_err(failed(&copy))?;
                Some(copy)
            }
            // A connector is not loaded with it, so none is without it now.
            ConfigFile::Unreadable(_) => {
                fs::rename(&self.installed, &copy).map_err(failed(&copy))?;
                Some(copy)
            }
        };
        replace(&self.installed, &own, mode & 0o777).map_err(failed(&self.installed))?;
        let installed = self.installed.clone();
        Ok((ConfigOutcome::Installed { installed, copy }, digest))
    }

    fn kept(&self, reason: String, difference: Vec<String>, is_replaceable: bool) -> ConfigOutcome {
        ConfigOutcome::Kept {
            installed: self.installed.clone(),
            own: self.shown_own.clone(),
            reason,
            difference,
            is_replaceable,
            copy: None,
        }
    }
}

/// The changed lines; empty if they can't be shown.
fn differences(old: &[u8], new: &[u8]) -> Vec<String> {
    let lines = |contents| disclosed(str::from_utf8(contents).ok()?);
    match (lines(old), lines(new)) {
        (Some(old), Some(new)) => difference(&old, &new).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Why no line is shown.
fn same_lines(installed: &[u8], path: &Path) -> String {
    match ConnectorConfig::check_contents(installed, path) {
        Err(error @ ConfigError::Invalid { .. }) => format!(" and is not valid:\n{error}"),
        _ => " in its line breaks, or in too many lines to show".to_owned(),
    }
}
