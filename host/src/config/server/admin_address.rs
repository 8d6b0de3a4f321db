//! The address of the admin listener.

use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// What the path of a socket begins with.
const UNIX: &str = "unix:";

/// The longest path of a socket that every system accepts, in bytes.
const MAX_PATH_BYTES: usize = 100;

/// The address of the admin listener: `127.0.0.1:9090`, or `unix:/run/weld-host/admin.sock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAddress {
    /// IP address and port; port 0 for any free port.
    Tcp(SocketAddr),
    /// The path of a Unix domain socket, which only this user may use.
    Unix(PathBuf),
}

impl AdminAddress {
    /// Whether other machines can connect.
    #[must_use]
    pub fn is_beyond_this_machine(&self) -> bool {
        match self {
            // `::ffff:127.0.0.1` is loopback, too.
            Self::Tcp(address) => !address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => false,
        }
    }
}

impl FromStr for AdminAddress {
    type Err = String;

    /// The message describes the right form.
    fn from_str(text: &str) -> Result<Self, String> {
        let Some(path) = text.strip_prefix(UNIX) else {
            return text.parse().map(Self::Tcp).map_err(|_| {
                "write an IP address and a port, such as 127.0.0.1:9090, or unix: and a path, such as \
                 unix:/run/weld-host/admin.sock"
                    .to_owned()
            });
        };
        if path.is_empty() {
            return Err("the path is missing: write unix:PATH".to_owned());
        }
        if path.len() > MAX_PATH_BYTES {
            return Err(format!(
                "the path is too long: the path of a socket may have {MAX_PATH_BYTES} bytes"
            ));
        }
        Ok(Self::Unix(path.into()))
    }
}

impl Display for AdminAddress {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => Display::fmt(address, formatter),
            Self::Unix(path) => write!(formatter, "{UNIX}{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for (text, is_beyond) in [
            ("127.0.0.1:9090", false),
            ("[::1]:0", false),
            ("[::ffff:127.0.0.1]:9090", false),
            ("0.0.0.0:9090", true),
            ("[::]:9090", true),
            ("10.1.2.3:9090", true),
            ("unix:/run/admin.sock", false),
            ("unix:admin.sock", false),
        ] {
            let address: AdminAddress = text.parse().expect(text);
            assert_eq!(address.to_string(), text);
            assert_eq!(address.is_beyond_this_machine(), is_beyond, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_right_form() {
        let long = format!("unix:/{}", "x".repeat(MAX_PATH_BYTES));
        for (text, expected) in [
            ("", "write an IP address and a port"),
            ("9090", "write an IP address and a port"),
            ("localhost:9090", "write an IP address and a port"),
            ("unix", "write an IP address and a port"),
            ("unix:", "the path is missing"),
            (long.as_str(), "the path is too long"),
        ] {
            let error = text.parse::<AdminAddress>().expect_err(text);
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }
}
