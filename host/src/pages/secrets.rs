//! Removes secrets from what a connector returns to Weld, since Weld stores rows and states and shows them to people.

use super::error::PagesError;
use crate::account::{Charge, give_back};
use crate::config::SecretInState;
use crate::connectors::{Connector, GuestPage};

/// Replaces secrets in a page's rows.
///
/// # Errors
///
/// [`PagesError::SecretInState`] if its state contains one: the connector could not continue from a state in which it
/// was replaced. [`PagesError::ReplacedTooLarge`] if its rows would be larger than `limits.page-size`.
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
        // The marks may be longer than the secrets they replace.
        let more = replaced.capacity().saturating_sub(page.insert.len());
        page.charge.grow(more as u64)?;
        tracing::warn!("replaced a secret in the page's rows");
        let own = page.charge.split(page.insert.capacity() as u64);
        give_back(std::mem::replace(&mut page.insert, replaced), own);
    }
    Ok(())
}

/// A schema's JSON without secrets. `charge` is the charge for the text and becomes the charge for the result.
///
/// # Errors
///
/// [`PagesError::SchemaTooLarge`] if it would be larger than `limits.schema-size`, or [`PagesError::OutOfMemory`].
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
    tracing::warn!("replaced a secret in the schema");
    Ok(replaced)
}

fn max_length(limit_bytes: u64) -> usize {
    usize::try_from(limit_bytes).unwrap_or(usize::MAX)
}
