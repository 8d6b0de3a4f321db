//! Tokens that a token endpoint gives (RFC 6749): asked for once for all who wait, kept, and had anew in time.
//!
//! `request` makes one request, `answer` reads what comes back, `refresh` has the
//! refresh token, and `kept` where it is kept on disk.

mod answer;
mod form;
mod kept;
mod login;
mod refresh;
mod request;
mod token;

pub(crate) use form::AuthorizationCode;
pub(super) use token::Token;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::super::error::{EgressError, Timeout};
use super::super::way::Way;
use super::error::{AuthError, TokenError};
use crate::config::{Addition, Oauth2Config};
use crate::scope::{CallScope, Deadline};
use crate::waits::{Wait, WaitReason};
use refresh::RefreshToken;

/// For how long a refusal of the token endpoint counts, and any other failure. It is not asked meanwhile.
const REFUSAL_COUNTS: Duration = Duration::from_secs(30);
const FAILURE_COUNTS: Duration = Duration::from_secs(3);

type Outcome = Result<Arc<Token>, Arc<TokenError>>;

/// The tokens of one credential. Versions of a connector share it, where the credential is the same in both.
pub(in crate::egress) struct Tokens {
    name: Arc<str>,
    config: Arc<Oauth2Config>,
    refresh: RefreshToken,
    present: Mutex<Present>,
}

#[derive(Default)]
struct Present {
    token: Option<Arc<Token>>,
    /// The last failure, and until when it counts.
    failure: Option<(Arc<TokenError>, Instant)>,
    /// What comes of the request that is under way. Without a sender it came to nothing.
    request: Option<watch::Receiver<Option<Outcome>>>,
}

impl Present {
    /// The token that was to be replaced in time, and isn't over yet: a failure just before its end does no harm.
    fn old(&self, was_awaited: bool) -> Option<Had> {
        let token = self.token.clone().filter(|token| token.is_of_use())?;
        Some(Had { token, was_awaited })
    }
}

/// A token, and how it was had.
pub(in crate::egress) struct Had {
    pub(super) token: Arc<Token>,
    /// Whether it had to be waited for.
    pub(super) was_awaited: bool,
}

impl Tokens {
    /// No token yet; `name` is the credential's.
    pub(super) fn new(name: Arc<str>, config: Arc<Oauth2Config>) -> Self {
        Self {
            name,
            refresh: RefreshToken::of(&config.grant),
            config,
            present: Mutex::default(),
        }
    }

    /// Whether these are the tokens of a credential of this configuration.
    pub(super) fn are_of(&self, config: &Oauth2Config) -> bool {
        self.config.fingerprint == config.fingerprint
    }

    /// Where a token goes.
    pub(super) fn addition(&self, token: &Token) -> Addition {
        Addition::Header {
            name: self.config.header.clone(),
            value: token.value().clone(),
        }
    }

    /// A token that holds. Waits for it where there is none, for as long as the caller may; the request goes on also when
    /// nobody waits any more, since what the endpoint gave must not be lost.
    ///
    /// # Errors
    ///
    /// The endpoint gives none, or the time was over before it did.
    pub(super) async fn token(
        self: &Arc<Self>,
        way: &Arc<Way>,
        scope: &CallScope,
        deadline: Deadline,
    ) -> Result<Had, EgressError> {
        let mut request = {
            let mut present = self.present();
            let now = Instant::now();
            if let Some(token) = present.token.as_ref().filter(|token| token.holds()) {
                return Ok(Had {
                    token: token.clone(),
                    was_awaited: false,
                });
            }
            if let Some((failure, until)) = &present.failure
                && now < *until
            {
                let failure = failure.clone();
                return Ok(present.old(false).ok_or(AuthError::Token(failure))?);
            }
            let under_way = present.request.take();
            let request = match under_way.filter(|request| request.has_changed().is_ok()) {
                Some(request) => request,
                None => self.begin(way),
            };
            present.request = Some(request.clone());
            request
        };
        let _waiting = scope.waits.begin(Wait {
            reason: WaitReason::Token {
                credential: self.name.to_string(),
            },
            until: None,
        });
        let ended = timeout_at(deadline.at, request.wait_for(Option::is_some)).await;
        let outcome = match ended {
            Err(_) => return Err(EgressError::Timeout(Timeout::Deadline(deadline.reason))),
            Ok(Ok(outcome)) => outcome.clone(),
            Ok(Err(_)) => None,
        };
        let outcome = outcome.ok_or_else(|| AuthError::Interrupted {
            name: self.name.to_string(),
        })?;
        match outcome {
            Ok(token) => Ok(Had {
                token,
                was_awaited: true,
            }),
            Err(failure) => Ok(self.present().old(true).ok_or(AuthError::Token(failure))?),
        }
    }

    /// The API refused this one: it is not sent again. False where there is no point in another one.
    pub(super) fn discard(&self, token: &Arc<Token>) -> bool {
        let mut present = self.present();
        let is_current = |current: &Arc<Token>| Arc::ptr_eq(current, token);
        if !present.token.as_ref().is_some_and(is_current) {
            return true;
        }
        // An API that takes none at all must not become a flood of requests for tokens.
        if !token.is_worth_replacing() {
            return false;
        }
        present.token = None;
        true
    }

    /// A task of its own: a page that is cancelled doesn't cancel it.
    fn begin(self: &Arc<Self>, way: &Arc<Way>) -> watch::Receiver<Option<Outcome>> {
        let (sender, receiver) = watch::channel(None);
        let (tokens, way) = (self.clone(), way.clone());
        tokio::spawn(async move {
            let outcome = refresh::token(&tokens, &way).await.map(Arc::new);
            let outcome = outcome.map_err(Arc::new);
            tokens.note(&outcome);
            sender.send_replace(Some(outcome));
        });
        receiver
    }

    fn note(&self, outcome: &Outcome) {
        let mut present = self.present();
        present.request = None;
        match outcome {
            Ok(token) => {
                present.token = Some(token.clone());
                present.failure = None;
            }
            Err(error) => {
                let counts = if error.is_refusal() {
                    REFUSAL_COUNTS
                } else {
                    FAILURE_COUNTS
                };
                present.failure = Some((error.clone(), Instant::now() + counts));
            }
        }
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
