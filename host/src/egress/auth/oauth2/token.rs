//! A token, and its lifetime.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Addition;

/// A token is renewed this long before its end, or a fifth of its lifetime, whichever is less.
const MARGIN: Duration = Duration::from_secs(60);

/// How long a token that no API has accepted yet is kept before another one replaces it.
const FIRST_TRIAL: Duration = Duration::from_secs(30);

/// An access token.
pub(in crate::egress) struct Token {
    addition: Addition,
    had: Instant,
    /// When it is renewed, and when it ends; `None` if that is unknown.
    times: Option<(Instant, Instant)>,
    is_accepted: AtomicBool,
}

impl Token {
    /// `addition` is the token in the form in which it is sent. It was requested at `asked`, and is valid for
    /// `expires_in` from then on, if that is known.
    pub(super) fn new(addition: Addition, asked: Instant, expires_in: Option<Duration>) -> Self {
        let times = expires_in.and_then(|time| {
            let margin = MARGIN.min(time / 5);
            let end = asked.checked_add(time)?;
            Some((end.checked_sub(margin)?, end))
        });
        Self {
            addition,
            had: Instant::now(),
            times,
            is_accepted: AtomicBool::new(false),
        }
    }

    /// The token in the form in which it is sent.
    pub(super) fn addition(&self) -> &Addition {
        &self.addition
    }

    /// Whether it is sent with requests; otherwise it is renewed first.
    pub(in crate::egress) fn holds(&self) -> bool {
        self.times.is_none_or(|(until, _)| Instant::now() < until)
    }

    /// Whether it may still be sent if it can't be renewed.
    pub(super) fn is_usable(&self) -> bool {
        self.times.is_none_or(|(_, end)| Instant::now() < end)
    }

    /// Notes that an API accepted it.
    pub(in crate::egress) fn was_accepted(&self) {
        self.is_accepted.store(true, Ordering::Relaxed);
    }

    /// Whether an API that refuses it may accept another one: it accepted this one before, or has had time to learn
    /// of it.
    pub(super) fn is_worth_replacing(&self) -> bool {
        self.is_accepted.load(Ordering::Relaxed) || self.had.elapsed() >= FIRST_TRIAL
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    fn addition() -> Addition {
        Addition::Header {
            name: header::AUTHORIZATION,
            value: HeaderValue::from_static("Bearer token"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_before_its_end() {
        for (expires_in, seconds) in [(3600, 3540), (300, 240), (100, 80), (1, 0)] {
            let token = Token::new(
                addition(),
                Instant::now(),
                Some(Duration::from_secs(expires_in)),
            );
            let time = Duration::from_secs(seconds);
            tokio::time::advance(time.saturating_sub(Duration::from_millis(1))).await;
            assert!(token.holds(), "{expires_in}");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(!token.holds(), "{expires_in}");
        }
        let token = Token::new(addition(), Instant::now(), None);
        tokio::time::advance(Duration::from_secs(1_000_000_000)).await;
        assert!(token.holds());
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_token_that_no_api_accepts_is_not_replaced_at_once() {
        let token = Token::new(addition(), Instant::now(), None);
        assert!(!token.is_worth_replacing());
        tokio::time::advance(FIRST_TRIAL).await;
        assert!(token.is_worth_replacing());
        let token = Token::new(addition(), Instant::now(), None);
        token.was_accepted();
        assert!(token.is_worth_replacing());
    }
}
