//! Wrong keys: how many of them each client has sent lately, and when the log mentions it.
//!
//! A client may send twenty wrong keys at once, and one more every 6 s. Further ones are answered with 429 and
//! `Retry-After`, and over HTTP/1.1 the client's connection is closed, so that each guess costs it another one. The right key is never
//! counted or refused, whoever sends it: clients behind one address can't lock each other out. So no count can keep a
//! client from guessing at all; that is what long keys are for.
//!
//! What is held for clients has a fixed size, see [`sketch::AttemptSketch`].
//!
//! A leaf, for the listeners.

mod bursts;
mod network;
mod pace;
mod sketch;
mod unjudged;

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use bursts::BurstLog;
use network::ClientNetwork;
use pace::AttemptPace;
use sketch::AttemptSketch;
pub(crate) use unjudged::UnjudgedKeys;

/// How many wrong keys one client may send.
const WRONG_KEYS: AttemptPace = AttemptPace::new(20, Duration::from_secs(6));

/// The wrong keys of all clients.
pub(crate) struct WrongKeys {
    /// The time of the system's monotonic clock when counting began. No jump of the wall clock matters.
    began: Instant,
    /// Random for each process, so that nobody can choose addresses that are counted together with another one.
    hasher: RandomState,
    counts: AttemptSketch,
    bursts: BurstLog,
}

/// A client has sent too many wrong keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyAttempts {
    /// How long it should wait.
    pub(crate) retry_after: Duration,
    /// Whether the log should mention it; `None` if it has done so already. Contains the number of other clients that
    /// have done the same since the last mention, and were not mentioned.
    pub(crate) mention: Option<u64>,
}

impl WrongKeys {
    /// No client has sent a wrong key yet.
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            hasher: RandomState::new(),
            counts: AttemptSketch::new(),
            bursts: BurstLog::new(),
        }
    }

    /// Counts a wrong key from this address.
    ///
    /// # Errors
    ///
    /// [`TooManyAttempts`] if the client has sent too many.
    pub(crate) fn count(&self, client: Option<IpAddr>) -> Result<(), TooManyAttempts> {
        self.count_at(client, self.began.elapsed())
    }

    /// The same at this time since counting began.
    fn count_at(&self, client: Option<IpAddr>, now: Duration) -> Result<(), TooManyAttempts> {
        let client = self.hasher.hash_one(ClientNetwork::of(client));
        let Err(retry_after) = self.counts.attempt(client, WRONG_KEYS, now) else {
            return Ok(());
        };
        Err(TooManyAttempts {
            retry_after,
            mention: self.bursts.note(client, now),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn client(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect(text))
    }

    /// How many of these attempts are answered as any wrong key.
    fn accepted(keys: &WrongKeys, client: Option<IpAddr>, attempts: usize, now: Duration) -> usize {
        let accepted = (0..attempts).filter(|_| keys.count_at(client, now).is_ok());
        accepted.count()
    }

    #[test]
    fn client_may_send_some_wrong_keys_and_then_one_now_and_then() {
        let keys = WrongKeys::new();
        let client = client("192.0.2.7");
        assert_eq!(accepted(&keys, client, 100, SECOND), 20);
        let refused = keys.count_at(client, SECOND).expect_err("too many");
        assert_eq!(refused.retry_after, 6 * SECOND);
        assert_eq!(accepted(&keys, client, 100, 6 * SECOND), 0);
        assert_eq!(accepted(&keys, client, 100, 7 * SECOND), 1);
        assert_eq!(accepted(&keys, client, 100, 25 * SECOND), 3);
        assert_eq!(accepted(&keys, client, 100, 1_000 * SECOND), 20);
    }

    #[test]
    fn addresses_that_one_client_has_count_together() {
        for (one, other, are_one) in [
            ("192.0.2.7", "::ffff:192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("::1", "0.0.0.1", false),
        ] {
            let keys = WrongKeys::new();
            assert_eq!(accepted(&keys, client(one), 40, SECOND), 20);
            let expected = if are_one { 0 } else { 20 };
            assert_eq!(
                accepted(&keys, client(other), 40, SECOND),
                expected,
                "{one}, {other}"
            );
        }
        let keys = WrongKeys::new();
        assert_eq!(accepted(&keys, None, 40, SECOND), 20);
    }

    #[test]
    fn clients_with_many_addresses_reset_no_count() {
        let keys = WrongKeys::new();
        let mine = client("192.0.2.7");
        assert_eq!(accepted(&keys, mine, 20, SECOND), 20);
        for number in 0..200_000_u32 {
            let v4 = Ipv4Addr::from_bits(0x0a00_0000 | number);
            let v6 = Ipv6Addr::from_bits(u128::from(number) << 64);
            let _counted = (
                keys.count_at(Some(v4.into()), SECOND),
                keys.count_at(Some(v6.into()), SECOND),
            );
        }
        assert!(keys.count_at(mine, SECOND).is_err());
    }

    #[test]
    fn thousands_of_clients_do_not_use_up_the_attempts_of_others() {
        let keys = WrongKeys::new();
        for number in 0..2_000_u32 {
            let attacker = Ipv4Addr::from_bits(0x7f00_0000 | number);
            accepted(&keys, Some(attacker.into()), 30, SECOND);
        }
        let others = (0..1_000).map(|number| Ipv4Addr::from_bits(0xc000_0000 | number));
        let refused = others.filter(|other| keys.count_at(Some((*other).into()), SECOND).is_err());
        // One of 500 shares all its places.
        assert!(refused.count() < 20);
    }

    #[test]
    fn log_mentions_a_burst_once() {
        let keys = WrongKeys::new();
        let mentions = |address: &str, attempts: usize, now: Duration| {
            let counted = (0..attempts).map(|_| keys.count_at(client(address), now));
            let mentions = counted.filter_map(|counted| counted.err()?.mention);
            mentions.count()
        };
        assert_eq!(mentions("192.0.2.7", 20, SECOND), 0);
        assert_eq!(mentions("192.0.2.7", 50, SECOND), 1);
        // It goes on for an hour, at intervals shorter than the pause that ends it.
        for minute in 1..60 {
            assert_eq!(
                mentions("192.0.2.7", 50, minute * 60 * SECOND),
                0,
                "{minute}"
            );
        }
        assert_eq!(mentions("192.0.2.8", 50, 60 * 60 * SECOND), 1);
        assert_eq!(mentions("192.0.2.7", 50, 2 * 60 * 60 * SECOND), 1);
    }

    #[test]
    fn log_of_bursts_is_bounded_and_says_how_many_it_leaves_out() {
        let keys = WrongKeys::new();
        let mentions = |first: u32, now: Duration| {
            let clients = (first..first + 500).map(|number| Ipv4Addr::from_bits(number << 8));
            let counted = clients.flat_map(|client| {
                let client = Some(client.into());
                (0..30)
                    .map(|_| keys.count_at(client, now))
                    .collect::<Vec<_>>()
            });
            counted
                .filter_map(|counted| counted.err()?.mention)
                .collect::<Vec<_>>()
        };
        assert_eq!(mentions(1_000, SECOND), [0; 30]);
        let later = mentions(5_000, 21 * SECOND);
        // Some clients share all places with others, whose burst the log has mentioned.
        assert!(
            later.len() == 2 && later[0] > 400 && later[1] == 0,
            "{later:?}"
        );
    }
}
