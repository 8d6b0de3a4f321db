//! Checks of the server's settings that concern more than one of them.

use super::server_config::ServerConfig;
use super::table::SETTINGS;
use crate::config::error::ConfigError;
use crate::config::secret::Secret;

impl ServerConfig {
    /// Checks the settings together.
    ///
    /// # Errors
    ///
    /// - [`ConfigError::TooSmall`]: a setting is so small that no call could succeed.
    /// - [`ConfigError::UnusableKey`]: a key is empty, or no request could contain it.
    /// - [`ConfigError::KeyRequired`]: there is no key, and the operator's policy requires one.
    /// - [`ConfigError::NoKey`]: there is no key, and `listen` isn't loopback.
    /// - [`ConfigError::UnusableAdminKey`] and [`ConfigError::NoAdminKey`]: the same for the admin listener.
    /// - [`ConfigError::HalfOfTls`]: there is a certificate without its key, or a key without its certificate.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut config = self.clone();
        for setting in SETTINGS {
            if let Some(least) = setting.field.unmet_least(&mut config) {
                return Err(ConfigError::TooSmall {
                    key: setting.key,
                    least,
                });
            }
        }
        self.api_keys
            .iter()
            .try_for_each(Secret::check_as_key)
            .map_err(ConfigError::UnusableKey)?;
        if let Some(place) = self
            .policy
            .require_key
            .as_ref()
            .filter(|_| self.api_keys.is_empty())
        {
            return Err(ConfigError::KeyRequired {
                place: place.clone(),
            });
        }
        // `::ffff:127.0.0.1` is loopback, too.
        if self.api_keys.is_empty() && !self.listen.ip().to_canonical().is_loopback() {
            return Err(ConfigError::NoKey {
                listen: self.listen,
            });
        }
        self.check_admin()?;
        self.check_tls()
    }

    fn check_admin(&self) -> Result<(), ConfigError> {
        self.admin_keys
            .iter()
            .try_for_each(Secret::check_as_key)
            .map_err(ConfigError::UnusableAdminKey)?;
        match &self.admin {
            Some(admin) if self.admin_keys.is_empty() && admin.is_beyond_this_machine() => {
                Err(ConfigError::NoAdminKey {
                    admin: admin.to_string(),
                })
            }
            _ => Ok(()),
        }
    }

    fn check_tls(&self) -> Result<(), ConfigError> {
        let (given, missing) = match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => ("tls-cert", "tls-key"),
            (None, Some(_)) => ("tls-key", "tls-cert"),
            (Some(_), Some(_)) | (None, None) => return Ok(()),
        };
        Err(ConfigError::HalfOfTls { given, missing })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::ceilings::Ceilings;
    use crate::config::secret::Secret;
    use crate::config::server::server_config::CompileLimits;

    fn loopback() -> ServerConfig {
        ServerConfig::default()
    }

    #[test]
    fn a_server_without_a_key_listens_on_loopback_only() {
        let cases = [
            ("127.0.0.1:8080", true),
            ("127.1.2.3:8080", true),
            ("[::1]:8080", true),
            ("[::ffff:127.0.0.1]:8080", true),
            ("0.0.0.0:8080", false),
            ("[::]:8080", false),
            ("192.168.1.1:8080", false),
        ];
        for (address, is_loopback) in cases {
            let listen = address.parse().expect(address);
            let open = ServerConfig {
                listen,
                ..loopback()
            };
            match open.check() {
                Ok(()) => assert!(is_loopback, "{address}"),
                Err(error) => {
                    assert!(!is_loopback, "{address}");
                    assert_eq!(
                        error.to_string(),
                        format!(
                            "the server cannot listen on {listen} without a key: set WELD_API_KEY, or listen on 127.0.0.1"
                        )
                    );
                }
            }
            let locked = ServerConfig {
                api_keys: vec![Secret::new("key")],
                ..open
            };
            assert!(locked.check().is_ok(), "{address} with a key");
        }
    }

    #[test]
    fn admin_listener_without_a_key_is_for_this_machine_only() {
        for (address, is_open) in [
            ("127.0.0.1:9090", true),
            ("[::1]:9090", true),
            ("unix:/run/admin.sock", true),
            ("0.0.0.0:9090", false),
            ("10.1.2.3:9090", false),
        ] {
            let open = ServerConfig {
                admin: Some(address.parse().expect(address)),
                ..loopback()
            };
            assert_eq!(open.check().is_ok(), is_open, "{address}");
            let locked = ServerConfig {
                admin_keys: vec![Secret::new("key")],
                ..open.clone()
            };
            assert!(locked.check().is_ok(), "{address} with a key");
            let unusable = ServerConfig {
                admin_keys: vec![Secret::new("")],
                ..open
            };
            let error = unusable.check().expect_err(address);
            assert!(matches!(error, ConfigError::UnusableAdminKey(_)), "{error}");
        }
    }

    #[test]
    fn keys_that_no_request_could_contain_are_refused() {
        for key in ["", "key\n", " key"] {
            let config = ServerConfig {
                api_keys: vec![Secret::new("good"), Secret::new(key)],
                ..loopback()
            };
            assert!(
                matches!(config.check(), Err(ConfigError::UnusableKey(_))),
                "{key:?}"
            );
        }
    }

    #[test]
    fn settings_too_small_for_any_call_are_refused() {
        let ceilings = Ceilings::default();
        let with = |ceilings| ServerConfig {
            ceilings,
            ..loopback()
        };
        let compiling_within = |compiling| ServerConfig {
            compiling,
            ..loopback()
        };
        let zero = Duration::ZERO;
        let cases = [
            (
                "--slots must be at least 1",
                ServerConfig {
                    slots: Some(0),
                    ..loopback()
                },
            ),
            (
                "--total-memory must be at least 64KiB",
                ServerConfig {
                    total_memory_bytes: Some(1),
                    ..loopback()
                },
            ),
            (
                "--max-concurrency must be at least 1",
                with(Ceilings {
                    concurrency: 0,
                    ..ceilings
                }),
            ),
            (
                "--max-component must be at least 1B",
                with(Ceilings {
                    component_bytes: 0,
                    ..ceilings
                }),
            ),
            (
                "--max-body must be at least 1B",
                ServerConfig {
                    max_body_bytes: 0,
                    ..loopback()
                },
            ),
            (
                "--body-timeout must be at least 1ms",
                ServerConfig {
                    body_timeout: zero,
                    ..loopback()
                },
            ),
            (
                "--write-timeout must be at least 1ms",
                ServerConfig {
                    write_timeout: zero,
                    ..loopback()
                },
            ),
            (
                "--max-memory must be at least 64KiB",
                with(Ceilings {
                    memory_bytes: 1,
                    ..ceilings
                }),
            ),
            (
                "--max-cpu-time must be at least 1ms",
                with(Ceilings {
                    cpu_time: zero,
                    ..ceilings
                }),
            ),
            (
                "--max-page-timeout must be at least 1ms",
                with(Ceilings {
                    page_timeout: zero,
                    ..ceilings
                }),
            ),
            (
                "--compile-memory must be at least 16MiB",
                compiling_within(CompileLimits {
                    memory_bytes: (16 << 20) - 1,
                    ..CompileLimits::default()
                }),
            ),
            (
                "--compile-time must be at least 1ms",
                compiling_within(CompileLimits {
                    time: zero,
                    ..CompileLimits::default()
                }),
            ),
        ];
        for (expected, config) in cases {
            assert_eq!(config.check().expect_err(expected).to_string(), expected);
        }
    }

    #[test]
    fn a_certificate_needs_its_key() {
        let config = |cert: Option<&str>, key: Option<&str>| ServerConfig {
            tls_cert: cert.map(Into::into),
            tls_key: key.map(Into::into),
            ..loopback()
        };
        for (cert, key, missing) in [
            (None, None, None),
            (Some("server.pem"), Some("server.key"), None),
            (Some("server.pem"), None, Some("--tls-key is missing")),
            (None, Some("server.key"), Some("--tls-cert is missing")),
        ] {
            let message = config(cert, key)
                .check()
                .err()
                .map(|error| error.to_string());
            match missing {
                None => assert_eq!(message, None),
                Some(missing) => assert!(message.clone().unwrap().contains(missing), "{message:?}"),
            }
        }
    }

    #[test]
    fn a_queue_and_waits_of_zero_are_allowed() {
        let (queue_wait, grace) = (Duration::ZERO, Duration::ZERO);
        let config = ServerConfig {
            queue: 0,
            queue_wait,
            grace,
            ..loopback()
        };
        assert!(config.check().is_ok());
    }
}
