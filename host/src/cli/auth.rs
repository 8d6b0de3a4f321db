//! `weld-host auth`: the tokens of connectors' credentials.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::{Args, Subcommand};

use super::error::CliError;
use super::folders::PluginsFlag;
use super::output::say;
use super::proxies;
use super::signals::Signals;
use super::text_table::text_table;
use super::tokens::TokenFlags;
use crate::author::auth::{self, AuthCommandError, Login, Status};
use crate::config::{ConnectorName, parse_duration, parse_whole_number};
use crate::platform;
use crate::tokens::{Store, TokenKey};

#[derive(Debug, Args)]
pub(super) struct AuthFlags {
    #[command(subcommand)]
    command: AuthCommand,
}

#[derive(Debug, Subcommand)]
enum AuthCommand {
    /// Let a person grant the host access to an API in a browser, and store the token
    Login {
        /// The connector, by its name
        connector: ConnectorName,
        /// The credential, if there are several
        #[arg(long, value_name = "NAME")]
        credential: Option<String>,
        /// The port on which to wait for the browser; 0 takes that of `redirect-uri`, or any free one
        #[arg(long, value_name = "PORT", default_value_t = 0, value_parser = |text: &str| parse_whole_number(text, 0..=u16::MAX))]
        port: u16,
        /// Only print the address, to open it by hand
        #[arg(long)]
        no_browser: bool,
        /// How long to wait for the person
        #[arg(long, value_name = "TIME", default_value = "5m", value_parser = parse_duration)]
        timeout: Duration,
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// Try a credential: obtain its token, and request a URL with it
    Test {
        /// The connector, by its name
        connector: ConnectorName,
        /// A URL to which the credential goes; it is requested with GET
        url: Option<String>,
        /// The credential, if there are several
        #[arg(long, value_name = "NAME")]
        credential: Option<String>,
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// List the credentials and whether they have tokens; never a token itself
    Status {
        /// Only this connector's credentials
        connector: Option<ConnectorName>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// Remove a credential's stored token
    Logout {
        /// The connector, by its name
        connector: ConnectorName,
        /// The credential, if there are several
        #[arg(long, value_name = "NAME")]
        credential: Option<String>,
        #[command(flatten)]
        place: PlaceFlags,
    },
    /// Print a new key for WELD_TOKEN_KEY, or replace the key of the stored tokens
    Key {
        /// Make a new key, put it into the key file, and encrypt every stored token with it. If there are already several
        /// keys, the first one is the new key
        #[arg(long)]
        rotate: bool,
        #[command(flatten)]
        tokens: TokenFlags,
    },
}

#[derive(Debug, Args)]
struct PlaceFlags {
    #[command(flatten)]
    plugins: PluginsFlag,
    #[command(flatten)]
    tokens: TokenFlags,
}

impl PlaceFlags {
    fn resolve(self) -> Result<(PathBuf, Store), CliError> {
        let store = self.tokens.store()?.ok_or(CliError::NoTokens)?;
        Ok((self.plugins.plugins, store))
    }
}

/// Runs the command. A signal ends it: tokens are replaced as a whole, so that none is half-written.
pub(super) async fn run(flags: AuthFlags) -> Result<(), CliError> {
    let mut signals = Signals::catch()?;
    let is_rotation = matches!(flags.command, AuthCommand::Key { rotate: true, .. });
    tokio::select! {
        biased;
        () = signals.next() => Err(match is_rotation {
            true => CliError::RotationStopped,
            false => CliError::Stopped,
        }),
        done = run_command(flags.command) => done,
    }
}

async fn run_command(command: AuthCommand) -> Result<(), CliError> {
    match command {
        AuthCommand::Login {
            connector,
            credential,
            port,
            no_browser,
            timeout,
            place,
        } => {
            let (plugins, store) = place.resolve()?;
            let proxies = proxies::of_environment()?;
            let name = connector.clone();
            let login = Login::begin(&plugins, connector, credential.as_deref(), store, port);
            let login = login.await?;
            say(&format!(
                "The redirect URI, which must be registered with the API: {}",
                login.redirect_uri()
            ));
            if !login.has_pkce() {
                say(
                    "Warning: `pkce = false`: anyone who sees the redirect can use its code instead of this host.",
                );
            }
            say("Open this address in a browser and allow access:");
            say(&format!("  {}", login.address()));
            if !no_browser {
                open(login.address());
            }
            let kept = login.end(timeout, proxies).await?;
            say(&format!(
                "The token of {name}/{} is stored in {}.",
                kept.credential,
                kept.path.display()
            ));
            if !kept.is_renewable {
                say(
                    "The API sent no refresh token and no expiry: the token is valid until it is revoked; then log in again.",
                );
            }
        }
        AuthCommand::Test {
            connector,
            url,
            credential,
            place,
        } => {
            let (plugins, store) = place.resolve()?;
            let (name, url) = (credential.as_deref(), url.as_deref());
            let proxies = proxies::of_environment()?;
            let trial =
                auth::try_credential(&plugins, &connector, name, url, (&store, proxies)).await?;
            if trial.has_token {
                say(&format!(
                    "The token of {connector}/{} is available.",
                    trial.credential
                ));
            }
            if let Some(status) = trial.status {
                say(&format!("The API answered with status {status}."));
            }
        }
        AuthCommand::Status {
            connector,
            json,
            place,
        } => {
            let (plugins, store) = place.resolve()?;
            let all = auth::status(&plugins, connector.as_ref(), &store)?;
            if json {
                say(&serde_json::Value::from_iter(all.iter().map(Status::to_json)).to_string());
            } else {
                table(&all);
            }
        }
        AuthCommand::Logout {
            connector,
            credential,
            place,
        } => {
            let (plugins, store) = place.resolve()?;
            let out = auth::log_out(&plugins, &connector, credential.as_deref(), &store)?;
            say(&if out.was_kept {
                format!("The token of {connector}/{} is removed.", out.credential)
            } else {
                format!("There was no token of {connector}/{}.", out.credential)
            });
        }
        AuthCommand::Key {
            rotate: true,
            tokens,
        } => {
            // It may wait for other processes that use the tokens.
            let rotation = tokio::task::spawn_blocking(|| rotate(tokens));
            rotation
                .await
                .map_err(|error| CliError::Runtime(error.into()))??;
        }
        AuthCommand::Key { rotate: false, .. } => {
            let key = TokenKey::random().map_err(CliError::Randomness)?;
            say(&key.to_base64());
        }
    }
    Ok(())
}

/// Replaces the key of the stored tokens.
fn rotate(tokens: TokenFlags) -> Result<(), CliError> {
    let store = tokens.store()?.ok_or(CliError::NoTokens)?;
    let rotation = store.rotate_key().map_err(AuthCommandError::from)?;
    if !rotation.failures.is_empty() {
        return Err(CliError::Rotation {
            failures: rotation.failures,
        });
    }
    let tokens = match rotation.tokens {
        1 => "1 token is".to_owned(),
        tokens => format!("{tokens} tokens are"),
    };
    say(&format!("{tokens} encrypted with the new key."));
    match rotation.previous_keys {
        Some(file) => say(&format!(
            "The previous keys are in {}: remove it once no host and no backup needs them.",
            file.display()
        )),
        None if rotation.has_new_key => {}
        None => say(
            "Remove the previous keys, which no token needs any more, once all hosts have the new one.",
        ),
    }
    Ok(())
}

/// Opens a browser if there is one. The address is printed in any case.
fn open(address: &str) {
    let quiet = || Stdio::null();
    let _no_browser = Command::new(platform::BROWSER)
        .arg(address)
        // Secrets that a browser doesn't need.
        .env_remove("WELD_API_KEY")
        .env_remove("WELD_TOKEN_KEY")
        .stdin(quiet())
        .stdout(quiet())
        .stderr(quiet())
        .spawn();
}

fn table(all: &[Status]) {
    let head = [
        "CONNECTOR",
        "CREDENTIAL",
        "KIND",
        "URLS",
        "TOKEN",
        "EXPIRES",
        "RENEWED",
        "REFRESH ENDS",
        "LAST FAILURE",
    ];
    for line in text_table(head, all.iter().map(Status::to_row)) {
        say(&line);
    }
}
