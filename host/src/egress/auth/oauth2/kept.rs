//! Refresh tokens that are kept on disk, for all processes that use the credential.
//!
//! A renewal goes under the store's lock: the token is read again, since another process may have replaced it, the
//! request is made, and what came is written before anybody has it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::super::super::way::Way;
use super::super::error::{TokenError, TokenFault};
use super::answer::Given;
use super::form::Shown;
use super::refresh::seed;
use super::request::{self, Fresh};
use super::{Token, Tokens};
use crate::config::Secret;
use crate::report::{chain, hexadecimal};
use crate::tokens::{self, AccessToken, Entry, Locked, Record, SeedDigest, Store};

/// How often a lock is tried that another process holds, and for how long: a renewal may have to wait for a quota.
const LOCK_INTERVAL: Duration = Duration::from_millis(20);
const LOCK_PATIENCE: Duration = Duration::from_secs(600);

/// With less left of it, an access token of another process is not used.
const LEAST_REST: Duration = Duration::from_secs(60);

/// A record that could not be written.
pub(super) struct Unsaved {
    record: Record,
    /// The refresh token that it was had for: what is on disk, unless somebody has written since.
    replaced: Secret,
}

/// A token, had with the refresh token that is kept, or else the configured one.
pub(super) async fn token(
    tokens: &Tokens,
    way: &Arc<Way>,
    store: &Store,
) -> Result<Token, TokenError> {
    let fail = |fault| request::failure(tokens, way, None, fault);
    let entry = store
        .entry(&way.connector, &tokens.name)
        .map_err(|error| fail(TokenFault::Store(error)))?;
    let locked = lock(&entry).await;
    let locked = match locked {
        Ok(locked) => Some(Arc::new(locked)),
        // What is there can still be read, and a token is worth more than its place on disk.
        Err(
            error @ (tokens::TokenError::ReadOnly { .. }
            | tokens::TokenError::Full { .. }
            | tokens::TokenError::Unwritable { .. }),
        ) => {
            tell(tokens, way, &error);
            None
        }
        Err(error) => return Err(fail(TokenFault::Store(error))),
    };
    let renewal = Renewal {
        tokens,
        way,
        entry,
        locked,
    };
    renewal.token().await
}

/// One renewal. The lock goes with it.
struct Renewal<'a> {
    tokens: &'a Tokens,
    way: &'a Arc<Way>,
    entry: Entry,
    locked: Option<Arc<Locked>>,
}

impl Renewal<'_> {
    async fn token(&self) -> Result<Token, TokenError> {
        let (tokens, way) = (self.tokens, self.way);
        let kept = self.saved(self.kept().await?).await;
        if let Some(token) = kept.as_ref().and_then(|kept| self.of_another_process(kept)) {
            return Ok(token);
        }
        let current = kept
            .as_ref()
            .map(|kept| &kept.refresh_token)
            .or(seed(&tokens.config.grant));
        let Some(current) = current.cloned() else {
            let fault = TokenFault::NoRefreshToken;
            return Err(request::failure(tokens, way, None, fault));
        };
        let asked = request::token(tokens, way, Shown::RefreshToken(&current)).await;
        let (fresh, current, kept) = match asked {
            Ok(fresh) => (fresh, current, kept),
            Err(error) if is_invalid_grant(&error) => {
                // Somebody may have logged in meanwhile, or renewed it where locks don't reach.
                let kept = self.kept().await?;
                let newer = kept
                    .as_ref()
                    .map(|kept| kept.refresh_token.clone())
                    .filter(|newer| newer.expose() != current.expose());
                let Some(newer) = newer else {
                    return Err(error);
                };
                let shown = Shown::RefreshToken(&newer);
                (request::token(tokens, way, shown).await?, newer, kept)
            }
            Err(error) => return Err(error),
        };
        let record = record(tokens, &fresh.given, &current, kept.as_ref());
        tokens.refresh.memory().last_access = Some(fresh.given.access_token.clone());
        self.keep(record, current).await;
        Ok(fresh.token)
    }

    /// What is on disk, where it descends from the configured refresh token or there is none.
    async fn kept(&self) -> Result<Option<Record>, TokenError> {
        let entry = self.entry.clone();
        let kept = blocking(move || entry.read()).await.map_err(|error| {
            request::failure(self.tokens, self.way, None, TokenFault::Store(error))
        })?;
        let seed = seed(&self.tokens.config.grant).map(SeedDigest::of);
        let kept = kept.filter(|kept| seed.is_none() || kept.seed == seed);
        if let Some(kept) = &kept {
            request::hide_refresh_token(&kept.refresh_token, self.tokens, self.way);
        }
        Ok(kept)
    }

    /// Writes what an earlier renewal could not, unless somebody else has written since. Answers what counts now.
    async fn saved(&self, kept: Option<Record>) -> Option<Record> {
        let unsaved = self.tokens.refresh.memory().unsaved.take();
        let Some(Unsaved { record, replaced }) = unsaved else {
            return kept;
        };
        let on_disk = kept.as_ref().map(|kept| kept.refresh_token.expose());
        let seed = seed(&self.tokens.config.grant).map(Secret::expose);
        if on_disk.or(seed) != Some(replaced.expose()) {
            return kept;
        }
        self.keep(record.clone(), replaced).await;
        Some(record)
    }

    /// The access token that another process has had since, or this one before a restart.
    fn of_another_process(&self, kept: &Record) -> Option<Token> {
        let access = kept.access_token.as_ref()?;
        let mut memory = self.tokens.refresh.memory();
        let is_last = memory
            .last_access
            .as_ref()
            .is_some_and(|last| last.expose() == access.token.expose());
        let rest = access.expires?.duration_since(SystemTime::now()).ok()?;
        if is_last || rest <= LEAST_REST || access.fingerprint != fingerprint(self.tokens) {
            return None;
        }
        memory.last_access = Some(access.token.clone());
        drop(memory);
        let began = Instant::now();
        let token = request::made(&access.token, began, Some(rest), self.tokens, self.way).ok()?;
        // It is not new: an API that refuses it may have taken it before.
        token.was_accepted();
        Some(token)
    }

    /// Brings a record to the disk, or keeps it in memory until the next renewal. `replaced` is the refresh token that it
    /// was had for.
    async fn keep(&self, record: Record, replaced: Secret) {
        let failed = match self.locked.clone() {
            None => true,
            Some(locked) => {
                let written = record.clone();
                let written = blocking(move || locked.write(&written)).await;
                if let Err(error) = &written {
                    tell(self.tokens, self.way, error);
                }
                written.is_err()
            }
        };
        let mut memory = self.tokens.refresh.memory();
        // Where several writes failed, what is on disk is what the first should have replaced.
        let earlier = memory.unsaved.take().map(|unsaved| unsaved.replaced);
        let replaced = earlier.unwrap_or(replaced);
        memory.unsaved = failed.then_some(Unsaved { record, replaced });
    }
}

/// What is to be kept of an answer.
fn record(tokens: &Tokens, given: &Given, current: &Secret, kept: Option<&Record>) -> Record {
    let now = SystemTime::now();
    let new = given
        .refresh_token
        .as_ref()
        .filter(|new| new.expose() != current.expose());
    let obtained = kept.map(|kept| kept.obtained).filter(|_| new.is_none());
    Record {
        refresh_token: new.unwrap_or(current).clone(),
        obtained: obtained.unwrap_or(now),
        renewed: now,
        scopes: tokens.config.scopes.clone(),
        access_token: Some(AccessToken {
            token: given.access_token.clone(),
            expires: given.expires_in.and_then(|time| now.checked_add(time)),
            fingerprint: fingerprint(tokens),
        }),
        seed: seed(&tokens.config.grant).map(SeedDigest::of),
    }
}

/// Keeps what a login brought, in place of whatever was kept.
pub(super) async fn begin(
    tokens: &Tokens,
    way: &Arc<Way>,
    store: &Store,
    fresh: &Fresh,
) -> Result<(), TokenFault> {
    let Some(refresh_token) = &fresh.given.refresh_token else {
        return Err(TokenFault::NotForLong);
    };
    let entry = store
        .entry(&way.connector, &tokens.name)
        .map_err(TokenFault::Store)?;
    let record = record(tokens, &fresh.given, refresh_token, None);
    let locked = lock(&entry).await.map_err(TokenFault::Store)?;
    blocking(move || locked.write(&record))
        .await
        .map_err(TokenFault::Store)
}

fn fingerprint(tokens: &Tokens) -> String {
    hexadecimal(&tokens.config.fingerprint)
}

fn is_invalid_grant(error: &TokenError) -> bool {
    matches!(&error.fault, TokenFault::Refused { code, .. } if code == "invalid_grant")
}

/// Tries again and again, since a thread that waits for another process could wait for ever.
async fn lock(entry: &Entry) -> Result<Locked, tokens::TokenError> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        let tried = entry.clone();
        if let Some(locked) = blocking(move || tried.try_lock()).await? {
            return Ok(locked);
        }
        if Instant::now() >= deadline {
            return Err(entry.held());
        }
        tokio::time::sleep(LOCK_INTERVAL).await;
    }
}

/// The work goes on also where nobody waits for it any more: a write is never cut off.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, tokens::TokenError> + Send + 'static,
) -> Result<T, tokens::TokenError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(tokens::TokenError::Interrupted))
}

fn tell(tokens: &Tokens, way: &Way, error: &tokens::TokenError) {
    tracing::error!(
        connector = &*way.connector,
        credential = &*tokens.name,
        cause = chain(error),
        "a token could not be kept on disk; it is used all the same, and kept at the next renewal where that is possible"
    );
}
