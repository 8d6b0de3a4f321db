//! What the requests of all connectors share.

use super::governor::Budgets;
use super::tls::Tls;
use crate::tokens::Store;

/// TLS settings, budgets, and where tokens are kept.
#[derive(Default)]
pub(crate) struct Shared {
    pub(super) tls: Tls,
    pub(super) budgets: Budgets,
    /// None, and one without a key, keeps tokens in memory only.
    pub(super) tokens: Option<Store>,
}

impl Shared {
    /// With a store of tokens.
    pub(crate) fn with_tokens(tokens: Store) -> Self {
        Self {
            tokens: Some(tokens),
            ..Self::default()
        }
    }
}
