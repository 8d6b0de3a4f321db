//! `--map`: sends requests for a host to a server on this machine instead.

use clap::Args;

use super::error::CliError;
use crate::config::{HostMap, headings};
use crate::egress::HostMaps;

#[derive(Debug, Args)]
pub(super) struct MapFlags {
    /// Send requests for a host to a server on this machine, with their credentials: `https://api.example.com=http://127.0.0.1:9100/x`; may be repeated
    #[arg(long = "map", value_name = "URL=URL", value_parser = HostMap::parse, help_heading = headings::NETWORK)]
    maps: Vec<HostMap>,
}

impl MapFlags {
    /// Whether there are no maps.
    pub(super) fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    /// The maps, for an egress.
    ///
    /// # Errors
    ///
    /// An origin is mapped twice.
    pub(super) fn maps(&self) -> Result<HostMaps, CliError> {
        HostMap::check(&self.maps).map_err(CliError::Map)?;
        Ok(HostMaps::new(self.maps.clone()))
    }

    /// A line for each map, to print before the first request.
    pub(super) fn announcements(&self) -> impl Iterator<Item = String> {
        self.maps.iter().map(|map| {
            let (original, mapped) = (map.original_text(), map.mapped_text());
            format!(
                "requests for {original} go to {mapped}, with the credentials meant for {original}"
            )
        })
    }
}

/// A line for each map that no request has used.
pub(super) fn unused_lines(maps: &HostMaps) -> impl Iterator<Item = String> {
    maps.unused().map(|map| {
        let original = map.original_text();
        format!(
            "no request went to {original}: --map names a host that this connector did not call"
        )
    })
}
