//! The refresh token of a credential: the one of its configuration, then whatever the token endpoint gave in its place.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::super::way::Way;
use super::super::error::{TokenError, TokenFault};
use super::form::Shown;
use super::kept::{self, Unsaved};
use super::request;
use super::{Token, Tokens};
use crate::config::{Grant, Secret};

/// What is known of the refresh token in memory. Requests for one credential come one after the other, so that nobody
/// else changes it meanwhile.
pub(super) struct RefreshToken(Mutex<Memory>);

#[derive(Default)]
pub(super) struct Memory {
    /// The one to send where none is kept on disk.
    pub(super) current: Option<Secret>,
    /// What could not be written yet.
    pub(super) unsaved: Option<Unsaved>,
    /// The access token that was had last: it is had anew because it is over, or was refused.
    pub(super) last_access: Option<Secret>,
    /// Whether it was said that tokens are lost at the end.
    is_warned: bool,
}

impl RefreshToken {
    /// That of a grant; none where it has none.
    pub(super) fn of(grant: &Grant) -> Self {
        let current = seed(grant).cloned();
        Self(Mutex::new(Memory {
            current,
            ..Memory::default()
        }))
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The configured refresh token.
pub(super) fn seed(grant: &Grant) -> Option<&Secret> {
    match grant {
        Grant::RefreshToken(token) => token.as_ref(),
        Grant::ClientCredentials | Grant::Password { .. } | Grant::JwtBearer(_) => None,
    }
}

/// A token of the endpoint's, by whatever grant.
pub(super) async fn token(tokens: &Tokens, way: &Arc<Way>) -> Result<Token, TokenError> {
    if !matches!(tokens.config.grant, Grant::RefreshToken(_)) {
        return Ok(request::token(tokens, way, Shown::Nothing).await?.token);
    }
    match way.tokens.as_ref().filter(|store| store.has_key()) {
        Some(store) => kept::token(tokens, way, store).await,
        None => in_memory(tokens, way).await,
    }
}

/// With nothing on disk: a start begins with the configured one.
async fn in_memory(tokens: &Tokens, way: &Arc<Way>) -> Result<Token, TokenError> {
    let current = tokens.refresh.memory().current.clone();
    let Some(current) = current else {
        let fault = TokenFault::NoRefreshToken;
        return Err(request::failure(tokens, way, None, fault));
    };
    let fresh = request::token(tokens, way, Shown::RefreshToken(&current)).await?;
    if let Some(new) = fresh.given.refresh_token
        && new.expose() != current.expose()
    {
        let mut memory = tokens.refresh.memory();
        memory.current = Some(new);
        if !std::mem::replace(&mut memory.is_warned, true) {
            tracing::warn!(
                connector = &*way.connector,
                credential = &*tokens.name,
                "the API replaces this refresh token, and the new one is kept in memory only: after a restart the configured one may hold no longer; set WELD_TOKEN_KEY (`weld-host auth key` makes one)"
            );
        }
    }
    Ok(fresh.token)
}
