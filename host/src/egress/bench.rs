//! A connector's access to the network without a connector, so that a benchmark can measure it alone. Only with the
//! feature `bench`.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::access::Egress;
use super::message::Request;
use super::upstreams::Upstreams;
use crate::account::HostAccount;
use crate::config::ConnectorConfig;
use crate::scope::CallScope;

/// The gate and the client of one connector, shared by consecutive pages.
pub struct BenchEgress {
    egress: Egress,
    config: ConnectorConfig,
}

/// The calls, bytes and time of one page.
pub struct BenchPage(Arc<CallScope>);

impl BenchEgress {
    /// The access of a connector with this configuration, over the system's network.
    ///
    /// # Errors
    ///
    /// The connector's own certificates can't be used.
    pub fn new(config: ConnectorConfig) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let file = "alone.toml".to_owned();
        Ok(Self {
            egress: Egress::new("alone", &config, file, &Upstreams::default(), None)?,
            config,
        })
    }

    /// The calls, bytes and time of a new page.
    pub fn page(&self) -> BenchPage {
        BenchPage(Arc::new(CallScope::of_a_page(
            &self.config.limits,
            &HostAccount::new(u64::MAX),
        )))
    }

    /// Sends a GET as `http-fetch` does; returns status and body.
    ///
    /// # Errors
    ///
    /// Any failure, as the log would describe it.
    pub async fn get(
        &self,
        page: &BenchPage,
        url: &str,
    ) -> Result<(u16, Vec<u8>), Box<dyn Error + Send + Sync>> {
        let response = self.egress.fetch(Request::get(url), &page.0).await?;
        Ok((response.status, response.body.into_parts().0))
    }
}

impl fmt::Debug for BenchEgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BenchEgress").finish_non_exhaustive()
    }
}
