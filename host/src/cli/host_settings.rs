//! The settings of a server, from its flags, the environment and `weld-host.toml`.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use clap::builder::ValueHint;

use super::admin_key::{ADMIN_KEY_VARIABLE, AdminKeyFlags};
use super::api_keys::{API_KEY_VARIABLE, environment_key, keys_in};
use super::arguments::Resolution;
use super::error::CliError;
use super::folders::{CacheFlag, CompiledFlag, PluginsFlag};
use super::origin::SettingOrigin;
use super::otlp;
use super::proxies;
use super::settings::SettingFlags;
use super::tokens::{self, TOKEN_KEY_VARIABLE, TokenFlags};
use crate::config::{Secret, ServerConfig, headings};
use crate::tokens::{Store, TokenKeys};

/// The flags of `serve`.
#[derive(Debug, Args)]
pub(super) struct ServeFlags {
    #[command(flatten)]
    pub(super) file: ConfigFlag,
    #[command(flatten)]
    plugins: PluginsFlag,
    #[command(flatten)]
    cache: CacheFlag,
    #[command(flatten)]
    compiled: CompiledFlag,
    /// A file with the keys that clients may send, one on each line, instead of WELD_API_KEY
    #[arg(long, value_name = "FILE", env = "WELD_API_KEY_FILE", help_heading = headings::KEYS)]
    api_key_file: Option<PathBuf>,
    #[command(flatten)]
    admin_key: AdminKeyFlags,
    #[command(flatten)]
    tokens: TokenFlags,
    #[command(flatten)]
    settings: SettingFlags,
}

/// The flag that names `weld-host.toml`.
#[derive(Debug, Args)]
pub(super) struct ConfigFlag {
    /// The file with the server's settings and the operator's policy [default: ./weld-host.toml, if it exists]
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        env = "WELD_HOST_CONFIG",
        help_heading = headings::FOLDERS
    )]
    pub(super) config: Option<PathBuf>,
}

/// The settings of a server, with the origins of those that flags alone don't determine.
pub(super) struct HostSettings {
    pub(super) config: ServerConfig,
    /// Where tokens are kept; `None` if the user has no state folder.
    pub(super) tokens: Option<Store>,
    /// The folder of tokens.
    pub(super) token_folder: Option<PathBuf>,
    /// Where the values of settings come from that neither a flag, nor the setting's own variable, nor the file determines.
    pub(super) other_origins: Vec<(&'static str, SettingOrigin)>,
    /// Where the keys of clients come from; `None` if there are none.
    pub(super) keys_from: Option<SettingOrigin>,
    /// Where the keys of the admin listener come from; `None` if there are none.
    pub(super) admin_keys_from: Option<SettingOrigin>,
    /// Where the key of the tokens comes from; `None` if there is none.
    pub(super) token_key_from: Option<SettingOrigin>,
    /// What tells the keys of the tokens from others. `None` if there are none, or if their file is followed.
    pub(super) token_key_fingerprint: Option<String>,
}

impl HostSettings {
    /// Combines the flags of a command with what else determines its settings.
    ///
    /// # Errors
    ///
    /// [`CliError`]: a key can't be read or is invalid, `PORT` is not a port, a variable for proxies is invalid, or the settings
    /// contradict each other.
    pub(super) fn new(flags: ServeFlags, resolution: &Resolution) -> Result<Self, CliError> {
        let mut config = *flags.settings.config;
        let mut other_origins = proxies::complete(&mut config, |key| {
            resolution.origin(key) != SettingOrigin::Default
        })?;
        if !flags.settings.has_listen {
            let port = std::env::var_os(PORT_VARIABLE);
            if port.is_some() {
                let from = SettingOrigin::Variable(PORT_VARIABLE.to_owned());
                other_origins.push(("listen", from));
            }
            config.listen = default_address(port.as_deref())?;
        }
        config.plugins = flags.plugins.plugins;
        config.cache = flags.cache.folder();
        config.compiled = flags.compiled.compiled;
        if let Some(file) = &resolution.file {
            config.policy = file.policy.clone();
        }
        let ApiKeys {
            keys,
            from: keys_from,
            file,
        } = api_keys(flags.api_key_file, resolution)?;
        config.api_keys = keys;
        config.api_key_file = file;
        config.admin_keys = flags.admin_key.keys()?;
        config.admin_key_file = flags.admin_key.file().map(Into::into);
        let admin_keys_from = match (&config.admin_key_file, config.admin_keys.is_empty()) {
            (Some(_), _) => Some(resolution.origin("admin-key-file")),
            (None, false) => Some(SettingOrigin::Variable(ADMIN_KEY_VARIABLE.to_owned())),
            (None, true) => None,
        };
        let (token_keys, token_key_from) = token_keys(&flags.tokens, resolution)?;
        let token_key_fingerprint = token_keys.as_ref().and_then(TokenKeys::fingerprint);
        config.check()?;
        other_origins.push(("otlp", otlp::read(&mut config, resolution)?));
        Ok(Self {
            config,
            token_folder: flags.tokens.folder(),
            tokens: flags.tokens.store_with(token_keys),
            other_origins,
            keys_from,
            admin_keys_from,
            token_key_from,
            token_key_fingerprint,
        })
    }
}

impl HostSettings {
    /// What chooses the address to listen on.
    pub(super) fn listen_setting(&self) -> &'static str {
        let mut origins = self.other_origins.iter();
        if origins.any(|(key, _)| *key == "listen") {
            "PORT or --listen"
        } else {
            "--listen"
        }
    }
}

/// The variable by which platforms such as Cloud Run name a port.
const PORT_VARIABLE: &str = "PORT";

/// The address to listen on. Platforms that set `PORT` mean every address.
fn default_address(port: Option<&OsStr>) -> Result<SocketAddr, CliError> {
    let Some(port) = port else {
        return Ok(ServerConfig::default().listen);
    };
    match port.to_str().map(str::parse::<u16>) {
        Some(Ok(number)) => Ok((Ipv4Addr::UNSPECIFIED, number).into()),
        _ => Err(CliError::Port(port.to_string_lossy().into_owned())),
    }
}

/// The host's keys for clients.
#[derive(Default)]
struct ApiKeys {
    keys: Vec<Secret>,
    /// Where they come from; `None` if there are none.
    from: Option<SettingOrigin>,
    /// The key file, if they come from one.
    file: Option<PathBuf>,
}

impl ApiKeys {
    fn of_file(path: PathBuf, from: SettingOrigin) -> Result<Self, CliError> {
        Ok(Self {
            keys: keys_in(&path)?,
            from: Some(from),
            file: Some(path),
        })
    }
}

/// The host's keys, in the order of precedence: a key file that a flag or a variable names, `WELD_API_KEY`, and
/// `weld-host.toml` with a key file or keys.
fn api_keys(key_file: Option<PathBuf>, resolution: &Resolution) -> Result<ApiKeys, CliError> {
    let from = resolution.origin("api-key-file");
    let is_in_file = matches!(from, SettingOrigin::File { .. });
    if let Some(path) = key_file.clone().filter(|_| !is_in_file) {
        return ApiKeys::of_file(path, from);
    }
    if let Some(key) = environment_key()? {
        return Ok(ApiKeys {
            keys: vec![key],
            from: Some(SettingOrigin::Variable(API_KEY_VARIABLE.to_owned())),
            file: None,
        });
    }
    if let Some(path) = key_file {
        return ApiKeys::of_file(path, from);
    }
    let keys = resolution
        .file
        .as_ref()
        .and_then(|file| file.api_keys.as_ref());
    Ok(match keys {
        Some(keys) => ApiKeys {
            keys: keys.value.clone(),
            from: Some(resolution.line(keys.line)),
            file: None,
        },
        None => ApiKeys::default(),
    })
}

/// The keys of the token store, in the same order.
fn token_keys(
    flags: &TokenFlags,
    resolution: &Resolution,
) -> Result<(Option<TokenKeys>, Option<SettingOrigin>), CliError> {
    let from = resolution.origin("token-key-file");
    let is_in_file = matches!(from, SettingOrigin::File { .. });
    if let Some(path) = flags.key_file().filter(|_| !is_in_file) {
        return Ok((Some(tokens::keys_in(path)?), Some(from)));
    }
    if let Some(keys) = tokens::environment_keys()? {
        let from = SettingOrigin::Variable(TOKEN_KEY_VARIABLE.to_owned());
        return Ok((Some(keys), Some(from)));
    }
    if let Some(path) = flags.key_file() {
        return Ok((Some(tokens::keys_in(path)?), Some(from)));
    }
    match resolution
        .file
        .as_ref()
        .and_then(|file| file.token_key.as_ref())
    {
        Some(key) => {
            let parsed = TokenKeys::parse(key.value.expose())?;
            Ok((Some(parsed), Some(resolution.line(key.line))))
        }
        None => Ok((None, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_variable_means_every_address() {
        for (port, expected) in [
            (None, Some("127.0.0.1:8080")),
            (Some("9000"), Some("0.0.0.0:9000")),
            (Some("65536"), None),
            (Some("http"), None),
            (Some(""), None),
            (Some(" 9000"), None),
            (Some("-1"), None),
            (Some("tcp://10.0.0.1:9000"), None),
        ] {
            let address = default_address(port.map(OsStr::new)).ok();
            assert_eq!(
                address,
                expected.map(|text| text.parse().unwrap()),
                "{port:?}"
            );
        }
    }
}
