//! The URLs whose refusals have renewed a credential: a URL that always answers 401 doesn't renew it again and again.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::lock::Mutex;

/// How many URLs are remembered. The oldest one makes room for a new one.
const MAX_URLS: usize = 64;

/// The least time between two renewals for one URL that refuses both tokens. It is doubled each time, up to the
/// maximum.
const LEAST_PAUSE: Duration = Duration::from_secs(30);
const MOST_PAUSE: Duration = Duration::from_secs(3600);

/// The URLs that refused a credential and have not accepted another one since.
#[derive(Default)]
pub(super) struct RefusalMemory {
    hasher: RandomState,
    urls: Mutex<VecDeque<RefusingUrl>>,
    /// Whether there are any. Usually there are none, so that no response waits for the lock.
    has_urls: AtomicBool,
}

/// A URL without its query.
struct RefusingUrl {
    digest: u64,
    renewed: Instant,
    pause: Duration,
}

impl RefusalMemory {
    /// Whether a refusal at this URL renews the credential; if it does, that is noted. It doesn't while a renewal for
    /// this URL, or a recent one for another URL, has not helped: then the URL is refused for another reason, such as
    /// a missing permission.
    pub(super) fn renews(&self, url: &Url) -> bool {
        let (digest, now) = (self.digest(url), Instant::now());
        let mut urls = self.urls.lock();
        if let Some(known) = urls.iter_mut().find(|known| known.digest == digest) {
            if now.duration_since(known.renewed) < known.pause {
                return false;
            }
            known.renewed = now;
            known.pause = known.pause.saturating_mul(2).min(MOST_PAUSE);
            return true;
        }
        let is_recent = |known: &RefusingUrl| now.duration_since(known.renewed) < LEAST_PAUSE;
        if urls.iter().any(is_recent) {
            return false;
        }
        if urls.len() >= MAX_URLS {
            urls.pop_front();
        }
        urls.push_back(RefusingUrl {
            digest,
            renewed: now,
            pause: LEAST_PAUSE,
        });
        self.has_urls.store(true, Ordering::Release);
        true
    }

    /// Notes that the URL accepted the credential.
    pub(super) fn accepted(&self, url: &Url) {
        if !self.has_urls.load(Ordering::Acquire) {
            return;
        }
        let digest = self.digest(url);
        let mut urls = self.urls.lock();
        urls.retain(|known| known.digest != digest);
        self.has_urls.store(!urls.is_empty(), Ordering::Release);
    }

    fn digest(&self, url: &Url) -> u64 {
        let authority = (url.scheme(), url.host_str(), url.port_or_known_default());
        self.hasher.hash_one((authority, url.path()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> Url {
        Url::parse("https://api.example.com")
            .and_then(|url| url.join(path))
            .expect(path)
    }

    #[tokio::test(start_paused = true)]
    async fn a_url_that_refuses_every_token_renews_more_and_more_rarely() {
        let memory = RefusalMemory::default();
        let mut renewals = 0;
        for _ in 0..24 * 3600 {
            renewals += u32::from(memory.renews(&url("/admin?page=1")));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        // 30 s, 60 s … up to an hour.
        assert_eq!(renewals, 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_url_that_accepts_the_new_token_may_refuse_it_at_once() {
        let memory = RefusalMemory::default();
        for _ in 0..3 {
            assert!(memory.renews(&url("/a")));
            memory.accepted(&url("/b"));
            assert!(!memory.renews(&url("/a")));
            assert!(!memory.renews(&url("/b")), "the renewal has not helped yet");
            memory.accepted(&url("/a?page=2"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn remembered_urls_are_bounded() {
        let memory = RefusalMemory::default();
        for number in 0..=2 * MAX_URLS {
            assert!(memory.renews(&url(&format!("/{number}"))));
            tokio::time::advance(LEAST_PAUSE).await;
        }
        assert_eq!(memory.urls.lock().len(), MAX_URLS);
    }
}
