//! What a connector hands over for Weld, without its secrets: Weld keeps rows and states, and shows them to people.

use super::error::PagesError;
use crate::account::{Charge, give_back};
use crate::config::SecretInState;
use crate::connectors::{Connector, GuestPage};

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
    if !finder.is_in(page.insert.as_bytes()) {
        return Ok(());
    }
    let limit_bytes = connector.limits().max_page_bytes;
    page.charge.grow(page.insert.len() as u64)?;
    let replaced = finder
        .replaced_json(&page.insert, max_length(limit_bytes))
        .map_err(|_| PagesError::ReplacedTooLarge { limit_bytes })?;
    if let Some(replaced) = replaced {
        // The marks may be longer than what they stand for.
        let more = replaced.capacity().saturating_sub(page.insert.len());
        page.charge.grow(more as u64)?;
        tracing::warn!("a secret stood in the page's rows and was replaced");
        let own = page.charge.split(page.insert.capacity() as u64);
        give_back(std::mem::replace(&mut page.insert, replaced), own);
    }
    Ok(())
}

/// A schema's JSON without secrets. `charge` is that of the text, and becomes that of what is made of it.
///
/// # Errors
///
/// [`PagesError::SchemaTooLarge`] where it would have more than `limits.schema-size`, [`PagesError::OutOfMemory`].
pub(super) fn schema(
    text: String,
    connector: &Connector,
    charge: &mut Charge,
) -> Result<String, PagesError> {
    let Some(finder) = connector.secrets().all() else {
        return Ok(text);
    };
    if !finder.is_in(text.as_bytes()) {
        return Ok(text);
    }
    let limit_bytes = connector.limits().max_schema_bytes;
    charge.grow(text.len() as u64)?;
    let replaced = finder
        .replaced_json(&text, max_length(limit_bytes))
        .map_err(|_| PagesError::SchemaTooLarge { limit_bytes })?;
    let Some(replaced) = replaced else {
        return Ok(text);
    };
    let more = replaced.capacity().saturating_sub(text.len());
    charge.grow(more as u64)?;
    tracing::warn!("a secret stood in the schema and was replaced");
    Ok(replaced)
}

fn max_length(limit_bytes: u64) -> usize {
    usize::try_from(limit_bytes).unwrap_or(usize::MAX)
}
