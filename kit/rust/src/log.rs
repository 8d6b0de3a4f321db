//! Lines for the host's log.

/// Logs a line at level debug: `debug!(host, "{} rows", rows.len())`.
#[macro_export]
macro_rules! debug {
    ($host:expr, $($text:tt)+) => { $crate::Host::log($host, $crate::Level::Debug, &::std::format!($($text)+)) };
}

/// Logs a line at level info: `info!(host, "the API has moved to {url}")`.
#[macro_export]
macro_rules! info {
    ($host:expr, $($text:tt)+) => { $crate::Host::log($host, $crate::Level::Info, &::std::format!($($text)+)) };
}

/// Logs a line at level warn: `warn!(host, "{name} is deprecated")`.
#[macro_export]
macro_rules! warn {
    ($host:expr, $($text:tt)+) => { $crate::Host::log($host, $crate::Level::Warn, &::std::format!($($text)+)) };
}

/// Logs a line at level error: `error!(host, "{error}")`.
#[macro_export]
macro_rules! error {
    ($host:expr, $($text:tt)+) => { $crate::Host::log($host, $crate::Level::Error, &::std::format!($($text)+)) };
}
