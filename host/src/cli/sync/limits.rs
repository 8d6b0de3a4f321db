//! The flags that make a sync stop early.

use std::num::NonZeroU64;

use clap::Args;

use crate::sync::TableLimits;

#[derive(Debug, Args)]
pub(in crate::cli) struct LimitFlags {
    /// Stop each table after at least this many rows; pages are kept whole, and the next sync continues
    #[arg(long, value_name = "ROWS", value_parser = parse_limit)]
    limit: Option<NonZeroU64>,
    /// Stop each table after this many pages; the next sync continues
    #[arg(long, value_name = "N", value_parser = parse_limit)]
    pages: Option<NonZeroU64>,
}

impl LimitFlags {
    /// The limits of each table.
    pub(in crate::cli) fn limits(&self) -> TableLimits {
        TableLimits {
            rows: self.limit,
            pages: self.pages,
        }
    }
}

/// Parses a number from 1. A number that doesn't fit means the largest one, since no table has so many rows.
fn parse_limit(text: &str) -> Result<NonZeroU64, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("not a whole number".to_owned());
    }
    let number = text.parse().unwrap_or(u64::MAX);
    NonZeroU64::new(number).ok_or_else(|| "must be at least 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_whole_numbers_from_one() {
        for (text, expected) in [
            ("1", Ok(1)),
            ("0100", Ok(100)),
            ("18446744073709551615", Ok(u64::MAX)),
            ("99999999999999999999999999", Ok(u64::MAX)),
            ("0", Err("must be at least 1")),
            ("00", Err("must be at least 1")),
            ("", Err("not a whole number")),
            ("-5", Err("not a whole number")),
            ("+5", Err("not a whole number")),
            ("1.5", Err("not a whole number")),
            ("1e3", Err("not a whole number")),
            ("many", Err("not a whole number")),
        ] {
            let parsed = parse_limit(text).map(NonZeroU64::get);
            assert_eq!(parsed, expected.map_err(str::to_owned), "{text:?}");
        }
    }
}
