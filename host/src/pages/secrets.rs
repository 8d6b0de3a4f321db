//! What a connector hands over for Weld, without its secrets: Weld keeps rows and states, and shows them to people.

use super::error::PagesError;
use crate::config::SecretInState;
use crate::connectors::{Connector, GuestPage};

/// Takes secrets out of a page's rows.
///
/// # Errors
///
/// [`PagesError::SecretInState`] where its state holds one: replaced there, the connector could not go on from it.
pub(super) fn page(page: &mut GuestPage, connector: &Connector) -> Result<(), PagesError> {
    let Some(finder) = connector.secrets().all() else {
        return Ok(());
    };
    let refuses = connector.limits().secret_in_state == SecretInState::Refuse;
    if refuses && finder.is_in(page.state.as_bytes()) {
        return Err(PagesError::SecretInState);
    }
    if let Some(replaced) = finder.replaced_json(&page.insert) {
        tracing::warn!("a secret stood in the page's rows and was replaced");
        page.insert = replaced;
    }
    Ok(())
}

/// A schema's JSON without secrets.
pub(super) fn schema(text: String, connector: &Connector) -> String {
    let finder = connector.secrets().all();
    match finder.and_then(|finder| finder.replaced_json(&text)) {
        Some(replaced) => {
            tracing::warn!("a secret stood in the schema and was replaced");
            replaced
        }
        None => text,
    }
}
