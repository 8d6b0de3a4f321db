//! Finds and parses a connector's file.

use std::env::VarError;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::config::ConnectorConfig;
use super::keys::ConfiguredKeys;
use super::sections;
use super::usable::{self, UsableConfig};
use crate::config::ceilings::Ceilings;
use crate::config::document::{Document, ValueSources, Variable};
use crate::config::error::{ConfigError, Problem};
use crate::config::policy::OperatorBounds;
use crate::config::reading::{FileFault, FileSystem, PathCheck, ReadLimit, SystemFiles};
use crate::config::stamp::FileStamp;

impl ConnectorConfig {
    /// Reads `NAME.toml`. A missing file is the same as an empty one, since most connectors need none.
    ///
    /// # Errors
    ///
    /// - [`ConfigError::Unreadable`]: the file exists but cannot be read, is a dangling link, or is larger than
    ///   [`ReadLimit::CONFIGURATION`].
    /// - [`ConfigError::Invalid`]: as [`ConnectorConfig::parse`], or the file is not valid UTF-8.
    pub fn read(
        path: &Path,
        ceilings: &Ceilings,
        files: &dyn FileSystem,
    ) -> Result<Self, ConfigError> {
        Self::read_within(path, &OperatorBounds::without_policy(*ceilings), files)
    }

    /// Reads `NAME.toml`, as far as the operator's bounds permit what it says. The connector's name is the file's.
    ///
    /// # Errors
    ///
    /// As [`ConnectorConfig::read`]; a value beyond the policy is a problem that names the policy's line.
    pub fn read_within(
        path: &Path,
        bounds: &OperatorBounds,
        files: &dyn FileSystem,
    ) -> Result<Self, ConfigError> {
        Self::read_with_keys(path, bounds, files).0
    }

    /// The same, and what the file says about the connector's keys, even if it is invalid.
    pub fn read_with_keys(
        path: &Path,
        bounds: &OperatorBounds,
        files: &dyn FileSystem,
    ) -> (Result<Self, ConfigError>, ConfiguredKeys) {
        let variable = |name: &str| std::env::var(name);
        match contents(path, files) {
            Ok(text) => Self::parse_with_keys(&text, path, bounds, (&variable, files)),
            Err(error) => (Err(error), ConfiguredKeys::Unknown),
        }
    }

    /// Reads what is right in a `NAME.toml`, for reports about it.
    ///
    /// # Errors
    ///
    /// As [`ConnectorConfig::read`], but [`ConfigError::Invalid`] only if the file is not TOML in UTF-8.
    pub fn read_usable(
        path: &Path,
        ceilings: &Ceilings,
        files: &dyn FileSystem,
    ) -> Result<UsableConfig, ConfigError> {
        let variable = |name: &str| std::env::var(name);
        let text = contents(path, files)?;
        let sources = ValueSources::new(path, &variable, files);
        let bounds = OperatorBounds::without_policy(*ceilings);
        usable::read(&text, path, sources, &bounds)
    }

    /// Parses the text of `NAME.toml`. Errors name `path`, and `{ file = … }` is relative to its folder; `{ env = … }`
    /// reads the environment of the process.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`], with all problems of the file: malformed TOML, unknown keys, wrong types, values out
    /// of range or above their ceiling, redundant rules, and values whose variable or file is missing or unusable.
    pub fn parse(text: &str, path: &Path, ceilings: &Ceilings) -> Result<Self, ConfigError> {
        let variable = |name: &str| std::env::var(name);
        let bounds = OperatorBounds::without_policy(*ceilings);
        Self::parse_with(text, path, &bounds, (&variable, &SystemFiles))
    }

    /// Checks the bytes of a `NAME.toml` that is meant for another folder or another machine: variables and files that
    /// it refers to may be missing here, and aren't read. Errors name `path`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`], with all problems of the file itself.
    pub fn check_contents(bytes: &[u8], path: &Path) -> Result<(), ConfigError> {
        let text = ConfigError::text_of(path, bytes)?;
        let problems = Document::parse(text)
            .and_then(|file| {
                let sources = ValueSources::new(path, &|_| Err(VarError::NotPresent), &NoFiles);
                let bounds = OperatorBounds::without_policy(Ceilings::UNLIMITED);
                sections::read(file.root(), sources, &bounds)
            })
            .err()
            .unwrap_or_default();
        let problems: Vec<Problem> = problems
            .into_iter()
            .filter(|problem| !problem.concerns_machine)
            .collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(ConfigError::invalid(path, problems))
    }

    fn parse_with(
        text: &str,
        path: &Path,
        bounds: &OperatorBounds,
        sources: (&Variable<'_>, &dyn FileSystem),
    ) -> Result<Self, ConfigError> {
        Self::parse_with_keys(text, path, bounds, sources).0
    }

    fn parse_with_keys(
        text: &str,
        path: &Path,
        bounds: &OperatorBounds,
        (variable, files): (&Variable<'_>, &dyn FileSystem),
    ) -> (Result<Self, ConfigError>, ConfiguredKeys) {
        let connector = path.file_stem().unwrap_or_default().to_string_lossy();
        let file = match Document::parse(text) {
            Ok(file) => file,
            Err(problems) => {
                let error = ConfigError::invalid(path, problems);
                return (Err(error), ConfiguredKeys::Unknown);
            }
        };
        let sources = ValueSources::new(path, variable, files);
        let sources = sources.within(&bounds.policy, &connector);
        let (config, problems) = sections::read_usable(file.root(), sources, bounds);
        let keys = ConfiguredKeys::of(&config, &problems);
        if problems.is_empty() {
            (Ok(config), keys)
        } else {
            (Err(ConfigError::invalid(path, problems)), keys)
        }
    }
}

/// The text of a configuration. It is empty if there is no file.
fn contents(path: &Path, files: &dyn FileSystem) -> Result<String, ConfigError> {
    match files.read(path, ReadLimit::CONFIGURATION) {
        Ok(bytes) => ConfigError::text_of(path, &bytes).map(str::to_owned),
        // A dangling link is an error: when a mount fails, the server's keys must not replace the file's.
        Err(fault) if fault.is_missing() && fs::symlink_metadata(path).is_err() => {
            Ok(String::new())
        }
        Err(source) => Err(ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

/// A machine without files.
struct NoFiles;

impl FileSystem for NoFiles {
    fn read_if(
        &self,
        _: &Path,
        _: ReadLimit,
        _: Option<PathCheck<'_>>,
    ) -> Result<Vec<u8>, FileFault> {
        Err(io::Error::from(io::ErrorKind::NotFound).into())
    }

    fn stamp(&self, _: &Path) -> FileStamp {
        FileStamp::missing()
    }

    fn list(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn is_folder(&self, _: &Path) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use url::Url;

    use super::*;
    use crate::config::limits::Limits;
    use crate::config::secret::Secret;

    fn parse(text: &str) -> Result<ConnectorConfig, ConfigError> {
        let variable = |name: &str| match name {
            "BEERS_KEY" => Ok("hunter2".to_owned()),
            "BROKEN" => Ok("hunter2\u{1}".to_owned()),
            _ => Err(VarError::NotPresent),
        };
        ConnectorConfig::parse_with(
            text,
            Path::new("beers.toml"),
            &OperatorBounds::without_policy(Ceilings::default()),
            (&variable, &SystemFiles),
        )
    }

    fn keys(config: &ConnectorConfig) -> Option<Vec<&str>> {
        config
            .api_keys
            .as_ref()
            .map(|keys| keys.iter().map(Secret::expose).collect())
    }

    #[test]
    fn every_section_is_read() {
        let config = parse(
            r#"
            api-key = ["old", { env = "BEERS_KEY" }]
            [env]
            API_BASE_URL = "https://api.punkapi.com/v2"
            API_BEARER_TOKEN = { env = "BEERS_KEY" }
            A_LAST_ONE = ""
            [network]
            allow = ["https://api.punkapi.com", "GET,POST https://*.example.com:8443/v1/"]
            [rate-limit]
            reserve = 5
            [limits]
            page-timeout = "1h"
            "#,
        )
        .expect("a valid file");
        assert_eq!(keys(&config), Some(vec!["old", "hunter2"]));
        let expected = [
            ("API_BASE_URL", "https://api.punkapi.com/v2"),
            ("API_BEARER_TOKEN", "hunter2"),
            ("A_LAST_ONE", ""),
        ];
        assert_eq!(
            config.env,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        let url = Url::parse("https://a.example.com:8443/v1/x").expect("a URL");
        assert!(config.network.allow.permits("POST", &url));
        assert!(!config.network.allow.permits("PUT", &url));
        assert_eq!(config.rate_limit.reserve, 5);
        assert_eq!(
            config.limits,
            Limits {
                page_timeout: Duration::from_secs(3600),
                ..Limits::default()
            }
        );
    }

    #[test]
    fn one_key_needs_no_list() {
        assert_eq!(
            keys(&parse("api-key = 'key'").expect("a string")),
            Some(vec!["key"])
        );
        assert_eq!(
            keys(&parse("api-key.env = 'BEERS_KEY'").expect("a source")),
            Some(vec!["hunter2"])
        );
        assert_eq!(keys(&parse("").expect("nothing")), None);
    }

    #[test]
    fn debug_shows_no_values() {
        let config = parse("api-key = 'hunter2'\n[env]\nTOKEN = 'hunter2'").expect("a valid file");
        let debug = format!("{config:?}");
        assert!(
            debug.contains("TOKEN") && !debug.contains("hunter2"),
            "{debug}"
        );
    }

    #[test]
    fn a_file_is_optional_but_a_broken_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let ceilings = Ceilings {
            memory_bytes: 1 << 20,
            ..Ceilings::default()
        };

        let missing = ConnectorConfig::read(&path("missing.toml"), &ceilings, &SystemFiles)
            .expect("a missing file is fine");
        assert_eq!(missing.limits, Limits::within(&ceilings));

        fs::write(path("good.toml"), "\u{feff}[env]\r\nA = 'b'\r\n").expect("written");
        let good = ConnectorConfig::read(&path("good.toml"), &ceilings, &SystemFiles)
            .expect("a valid file");
        assert_eq!(good.env, [("A".to_owned(), "b".to_owned())]);

        fs::write(path("binary.toml"), b"[env]\nA = '\xff'").expect("written");
        let binary = ConnectorConfig::read(&path("binary.toml"), &ceilings, &SystemFiles)
            .expect_err("not UTF-8");
        assert_eq!(
            binary.to_string(),
            format!(
                "{}:2: the file is not valid UTF-8",
                path("binary.toml").display()
            )
        );

        fs::create_dir(path("folder.toml")).expect("a folder");
        let unreadable = ConnectorConfig::read(&path("folder.toml"), &ceilings, &SystemFiles)
            .expect_err("a folder");
        assert!(
            matches!(unreadable, ConfigError::Unreadable { .. }),
            "{unreadable}"
        );
    }

    #[test]
    fn contents_are_checked_without_this_machines_variables_and_files() {
        let check = |text: &[u8]| {
            ConnectorConfig::check_contents(text, Path::new("shop/shop.toml"))
                .map_err(|error| error.to_string())
        };
        for text in [
            "",
            "api-key = { env = 'NOBODY_SETS_THIS' }\n[env]\nA = { file = '/no/such/file' }",
            "[network]\nallow = ['https://a.example.com']\nroots = 'no.pem'\n\
             client-certificate = 'no.pem'\nclient-key = { env = 'NOBODY_SETS_THIS' }",
            "[network]\nallow = ['https://a.example.com']\n[auth.a]\n\
             urls = ['https://a.example.com']\nkind = 'bearer'\ntoken = { env = 'NOBODY_SETS_THIS' }",
            "[limits]\nmemory = '3GiB'\npage-timeout = '48h'",
        ] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
        for (text, words) in [
            (
                &b"[env]\nA = { evn = 'X' }"[..],
                "shop/shop.toml:2: env.A.evn: unknown key",
            ),
            (
                b"[env]\nA = { env = 'NOBODY_SETS_THIS' }\nB = 1",
                "shop/shop.toml:3: env.B:",
            ),
            (b"[env", "shop/shop.toml:1: "),
            (
                b"A = '\xff'",
                "shop/shop.toml:1: the file is not valid UTF-8",
            ),
        ] {
            let error = check(text).expect_err(words);
            assert!(
                error.contains(words) && error.lines().count() == 1,
                "{error}"
            );
        }
    }

    #[test]
    fn a_dangling_link_is_not_a_missing_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("beers.toml");
        std::os::unix::fs::symlink("nowhere", &path).expect("a link");
        let error = ConnectorConfig::read(&path, &Ceilings::default(), &SystemFiles)
            .expect_err("it points to nothing");
        assert!(matches!(error, ConfigError::Unreadable { .. }), "{error}");
    }
}
