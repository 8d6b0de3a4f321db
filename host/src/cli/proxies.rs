//! The variables for proxies that other programs use, too.

use std::ffi::OsString;

use super::error::CliError;
use super::origin::SettingOrigin;
use crate::config::{ProxyAddress, ProxyConfig, SETTINGS, ServerConfig, Setting};

/// The key of the setting that lists hosts without a proxy.
const NO_PROXY: &str = "no-proxy";

/// The settings with the variables that other programs use for them, in the order of curl: lower case comes first.
const COMMON_VARIABLES: [(&str, [&str; 2]); 3] = [
    ("https-proxy", ["https_proxy", "HTTPS_PROXY"]),
    ("http-proxy", ["http_proxy", "HTTP_PROXY"]),
    (NO_PROXY, ["no_proxy", "NO_PROXY"]),
];

/// The setting without a common variable.
const PROXY_RESOLVES: &str = "proxy-resolves";

/// The variables of the environment.
type Environment<'e> = dyn Fn(&str) -> Option<OsString> + 'e;

/// The proxies that the environment names, for commands without the flags of `serve`.
///
/// # Errors
///
/// [`CliError::Proxy`]: a variable is invalid.
pub(super) fn of_environment() -> Result<ProxyConfig, CliError> {
    of_variables(&|name| std::env::var_os(name))
}

fn of_variables(environment: &Environment<'_>) -> Result<ProxyConfig, CliError> {
    let mut config = ServerConfig::default();
    let mut given = Vec::new();
    let keys = COMMON_VARIABLES.iter().map(|(key, _)| *key);
    for setting in keys.chain([PROXY_RESOLVES]).filter_map(setting) {
        if let Some(value) = environment(setting.variable) {
            given.push(setting.key);
            read(setting, setting.variable, value, &mut config)?;
        }
    }
    complete_with(&mut config, |key| given.contains(&key), environment)?;
    Ok(config.proxies)
}

/// Adds what the settings leave open from the variables of other programs. `is_given` says whether a setting has a value
/// of its own. Returns the settings that were added, each with its variable.
///
/// # Errors
///
/// [`CliError::Proxy`]: a variable is invalid. `NO_PROXY` is read only if there is a proxy.
pub(super) fn complete(
    config: &mut ServerConfig,
    is_given: impl Fn(&str) -> bool,
) -> Result<Vec<(&'static str, SettingOrigin)>, CliError> {
    complete_with(config, is_given, &|name| std::env::var_os(name))
}

fn complete_with(
    config: &mut ServerConfig,
    is_given: impl Fn(&str) -> bool,
    environment: &Environment<'_>,
) -> Result<Vec<(&'static str, SettingOrigin)>, CliError> {
    let mut added = Vec::new();
    for (key, variables) in COMMON_VARIABLES {
        if is_given(key) || key == NO_PROXY && !config.proxies.has_proxy() {
            continue;
        }
        let mut set = variables.into_iter().filter_map(|name| {
            let value = environment(name).filter(|value| !value.is_empty())?;
            Some((name, value))
        });
        if let (Some(setting), Some((name, value))) = (setting(key), set.next()) {
            read(setting, name, value, config)?;
            added.push((setting.key, SettingOrigin::Variable(name.to_owned())));
        }
    }
    Ok(added)
}

/// Reports in the log which proxies are used, without passwords.
pub(super) fn report(config: &ServerConfig) {
    let proxies = &config.proxies;
    if !proxies.has_proxy() {
        return;
    }
    let name = |proxy: &Option<ProxyAddress>| proxy.as_ref().map(ToString::to_string);
    tracing::info!(
        https_proxy = name(&proxies.https),
        http_proxy = name(&proxies.http),
        no_proxy = %proxies.exemptions,
        proxy_resolves = !proxies.host_resolves,
        "the requests of connectors go through a proxy"
    );
    if let Some(networks) = config
        .policy
        .networks
        .as_ref()
        .filter(|_| !proxies.host_resolves)
    {
        let place = networks.place.to_string();
        tracing::warn!(
            place,
            "the policy for networks applies only to addresses in URLs, since the proxy resolves names (`proxy-resolves`)"
        );
    }
}

fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// Reads a setting from the value of a variable.
fn read(
    setting: &Setting,
    variable: &str,
    value: OsString,
    config: &mut ServerConfig,
) -> Result<(), CliError> {
    let error = |problem| CliError::Proxy {
        variable: variable.to_owned(),
        problem,
        own_variable: setting.variable,
    };
    let text = value
        .into_string()
        .map_err(|_| error("it is not UTF-8".to_owned()))?;
    match (setting.value_name(), text.as_str()) {
        (None, "false") => Ok(()),
        (None, "true") | (Some(_), _) => setting.set(config, &text).map_err(error),
        (None, _) => Err(error("write `true` or `false`".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(variables: &[(&str, &str)]) -> Result<ProxyConfig, String> {
        let environment = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        of_variables(&environment).map_err(|error| error.to_string())
    }

    #[test]
    fn own_variables_come_before_common_ones_and_lower_case_before_upper_case() {
        for (variables, http, https) in [
            (&[][..], None, None),
            (&[("HTTP_PROXY", "http://a:1")], Some("http://a:1"), None),
            (
                &[("HTTP_PROXY", "http://a:1"), ("http_proxy", "http://b:2")],
                Some("http://b:2"),
                None,
            ),
            (
                &[
                    ("HTTPS_PROXY", "http://a:1"),
                    ("https_proxy", ""),
                    ("WELD_HTTP_PROXY", "http://c:3"),
                    ("http_proxy", "socks5://b:2"),
                ],
                Some("http://c:3"),
                Some("http://a:1"),
            ),
            (
                &[("HTTPS_PROXY", "http://a:1"), ("WELD_HTTPS_PROXY", "")],
                None,
                None,
            ),
            // As for curl, `all_proxy` might be for other protocols, too; it is not read.
            (&[("ALL_PROXY", "socks5://a:1")], None, None),
        ] {
            let proxies = read_from(variables).expect("valid variables");
            let text = |proxy: Option<crate::config::ProxyAddress>| proxy.map(|it| it.to_string());
            assert_eq!(text(proxies.http), http.map(str::to_owned), "{variables:?}");
            assert_eq!(
                text(proxies.https),
                https.map(str::to_owned),
                "{variables:?}"
            );
        }
    }

    #[test]
    fn exceptions_are_read_only_beside_a_proxy() {
        let broken = ("NO_PROXY", "<local>");
        assert!(read_from(&[broken]).is_ok());
        let error = read_from(&[broken, ("https_proxy", "http://a:1")]).unwrap_err();
        for part in ["NO_PROXY", "`<local>`", "WELD_NO_PROXY"] {
            assert!(error.contains(part), "{error}");
        }
        let own = ("WELD_NO_PROXY", "example.com");
        let proxies = read_from(&[broken, ("https_proxy", "http://a:1"), own]);
        let proxies = proxies.expect("the own variable counts");
        assert_eq!(proxies.exemptions.to_string(), "example.com");
    }

    #[test]
    fn switch_is_true_or_false() {
        for (value, expected) in [("true", Some(false)), ("false", Some(true)), ("1", None)] {
            let read = read_from(&[("WELD_PROXY_RESOLVES", value)]);
            assert_eq!(read.ok().map(|proxies| proxies.host_resolves), expected);
        }
    }

    #[test]
    fn wrong_url_is_not_quoted() {
        let error = read_from(&[("https_proxy", "socks5://weld:hunter2@a:1")]).unwrap_err();
        for part in ["https_proxy", "WELD_HTTPS_PROXY", "SOCKS"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains("hunter2"), "{error}");
    }
}
