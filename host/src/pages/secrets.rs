//! What a connector hands over for Weld, without its secrets: Weld keeps rows and states, and shows them to people.

use super::error::PagesError;
use crate::config::SecretInState;
use crate::connectors::{Connector, GuestPage};
use crate::secrets::Finder;

/// Takes secrets out of a page's rows.
///
/// # Errors
///
/// [`PagesError::SecretInState`] where its state holds one: replaced there, the connector could not go on from it.
/// [`PagesError::ReplacedTooLarge`] where its rows would have more than `limits.page-size`.
pub(super) fn page(page: &mut GuestPage, connector: &Connector) -> Result<(), PagesError> {
    let Some(finder) = connector.secrets().all() else {
        return Ok(());
    };
    let refuses = connector.limits().secret_in_state == SecretInState::Refuse;
    if refuses && finder.is_in(page.state.as_bytes()) {
        return Err(PagesError::SecretInState);
    }
    if let Some(replaced) = replaced(&finder, &page.insert, connector)? {
        tracing::warn!("a secret stood in the page's rows and was replaced");
        page.insert = replaced;
    }
    Ok(())
}

/// A schema's JSON without secrets.
///
/// # Errors
///
/// [`PagesError::ReplacedTooLarge`] where it would have more than `limits.page-size`.
pub(super) fn schema(text: String, connector: &Connector) -> Result<String, PagesError> {
    let Some(finder) = connector.secrets().all() else {
        return Ok(text);
    };
    Ok(match replaced(&finder, &text, connector)? {
        Some(replaced) => {
            tracing::warn!("a secret stood in the schema and was replaced");
            replaced
        }
        None => text,
    })
}

fn replaced(
    finder: &Finder,
    text: &str,
    connector: &Connector,
) -> Result<Option<String>, PagesError> {
    let limit_bytes = connector.limits().max_page_bytes;
    let max_bytes = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
    finder
        .replaced_json(text, max_bytes)
        .map_err(|_| PagesError::ReplacedTooLarge { limit_bytes })
}
