//! The syntax of the values of settings.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::admin_address::AdminAddress;
use crate::config::name::ConnectorName;
use crate::config::network::parse_network;
use crate::config::otlp::OtlpEndpoint;
use crate::config::proxy::{ExemptionError, ProxyAddress, ProxyAddressError, ProxyExemptions};
use crate::config::quantity::{duration_text, parse_duration, parse_size, parse_whole_number};
use crate::report::size_text;

/// The value that turns a time off.
const NEVER: &str = "off";

/// The shortest interval for polling something that doesn't report its changes.
const LEAST_INTERVAL: Duration = Duration::from_millis(100);

/// A value that a setting can have.
pub(super) trait SettingValue: Sized {
    /// The placeholder for a value in help.
    const NAME: &'static str;

    /// Whether a value may contain a password, so that no message may quote it.
    const IS_SECRET: bool = false;

    /// Parses a value. The error message describes the right form.
    fn parse(text: &str) -> Result<Self, String>;

    /// Writes the value in the syntax of [`parse`](Self::parse); `None` if there is no value.
    fn text(&self) -> Option<String>;

    /// The same for people, without a password.
    fn shown(&self) -> Option<String> {
        self.text()
    }
}

/// A count.
impl SettingValue for u32 {
    const NAME: &'static str = "N";

    fn parse(text: &str) -> Result<Self, String> {
        parse_whole_number(text, 0..=Self::MAX)
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// A size in bytes.
impl SettingValue for u64 {
    const NAME: &'static str = "SIZE";

    fn parse(text: &str) -> Result<Self, String> {
        parse_size(text).map_err(|error| error.to_string())
    }

    fn text(&self) -> Option<String> {
        Some(size_text(*self))
    }
}

impl SettingValue for Duration {
    const NAME: &'static str = "TIME";

    fn parse(text: &str) -> Result<Self, String> {
        parse_duration(text).map_err(|error| error.to_string())
    }

    fn text(&self) -> Option<String> {
        Some(duration_text(*self))
    }
}

/// An interval or a delay; `None` is never.
impl SettingValue for Option<Duration> {
    const NAME: &'static str = "TIME";

    fn parse(text: &str) -> Result<Self, String> {
        if text == NEVER {
            return Ok(None);
        }
        match parse_duration(text) {
            Ok(interval) if interval < LEAST_INTERVAL => Err(format!(
                "too small: write at least {}, or {NEVER}",
                duration_text(LEAST_INTERVAL)
            )),
            Ok(interval) => Ok(Some(interval)),
            Err(error) => Err(format!("{error}, or {NEVER}")),
        }
    }

    fn text(&self) -> Option<String> {
        Some(self.map_or_else(|| NEVER.to_owned(), duration_text))
    }
}

impl SettingValue for Option<u32> {
    const NAME: &'static str = u32::NAME;

    fn parse(text: &str) -> Result<Self, String> {
        u32::parse(text).map(Some)
    }

    fn text(&self) -> Option<String> {
        self.as_ref().and_then(SettingValue::text)
    }
}

impl SettingValue for Option<u64> {
    const NAME: &'static str = u64::NAME;

    fn parse(text: &str) -> Result<Self, String> {
        u64::parse(text).map(Some)
    }

    fn text(&self) -> Option<String> {
        self.as_ref().and_then(SettingValue::text)
    }
}

impl SettingValue for SocketAddr {
    const NAME: &'static str = "ADDRESS";

    fn parse(text: &str) -> Result<Self, String> {
        parse_address(text).map_err(str::to_owned)
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl SettingValue for Option<AdminAddress> {
    const NAME: &'static str = "ADDRESS";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Some)
    }

    fn text(&self) -> Option<String> {
        self.as_ref().map(ToString::to_string)
    }
}

/// The base URL of a collector of traces.
impl SettingValue for Option<OtlpEndpoint> {
    const NAME: &'static str = "URL";

    fn parse(text: &str) -> Result<Self, String> {
        OtlpEndpoint::of_base(text).map(Some)
    }

    fn text(&self) -> Option<String> {
        self.as_ref().map(ToString::to_string)
    }
}

/// The path of a file.
impl SettingValue for Option<PathBuf> {
    const NAME: &'static str = "FILE";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("write the path of a file".to_owned());
        }
        Ok(Some(text.into()))
    }

    fn text(&self) -> Option<String> {
        self.as_ref().map(|path| path.display().to_string())
    }
}

impl SettingValue for Option<ConnectorName> {
    const NAME: &'static str = "NAME";

    fn parse(text: &str) -> Result<Self, String> {
        match text.parse::<ConnectorName>() {
            Ok(name) => Ok(Some(name)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn text(&self) -> Option<String> {
        self.as_ref().map(ToString::to_string)
    }
}

/// Networks, with commas between them.
impl SettingValue for Vec<IpNet> {
    const NAME: &'static str = "NETWORKS";

    fn parse(text: &str) -> Result<Self, String> {
        let networks = text.split(',').map(|network| {
            let network = network.trim();
            parse_network(network).map_err(|fault| match network {
                "" => fault.to_string(),
                network => format!("{network}: {fault}"),
            })
        });
        networks.collect()
    }

    fn text(&self) -> Option<String> {
        let networks: Vec<String> = self.iter().map(ToString::to_string).collect();
        (!networks.is_empty()).then(|| networks.join(","))
    }
}

/// The URL of a proxy; empty for none, so that it can take precedence over a variable.
impl SettingValue for Option<ProxyAddress> {
    const NAME: &'static str = "URL";
    const IS_SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse()
            .map(Some)
            .map_err(|error: ProxyAddressError| error.to_string())
    }

    fn text(&self) -> Option<String> {
        self.as_ref()
            .map(|proxy| proxy.written().expose().to_owned())
    }

    fn shown(&self) -> Option<String> {
        self.as_ref().map(ProxyAddress::shown)
    }
}

/// Hosts, with commas between them; empty for none.
impl SettingValue for ProxyExemptions {
    const NAME: &'static str = "HOSTS";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|error: ExemptionError| error.to_string())
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string()).filter(|text| !text.is_empty())
    }
}

/// Parses the address of a listener.
///
/// # Errors
///
/// A message that describes the right form.
pub fn parse_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "write an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080")
}
