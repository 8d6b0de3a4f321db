//! Keys for connectors whose keys nobody knows, since their configuration can't be read.
//!
//! Such a key may be right, so it is not counted as a wrong one: the connector's own client would have to wait although
//! it does nothing wrong. It needn't be counted either, since every key gets the same answer, and nothing can be
//! guessed. Only the log must not have a line for each.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::bursts::BurstLog;
use super::network::ClientNetwork;

/// The keys of all clients that can't be judged.
pub(crate) struct UnjudgedKeys {
    began: Instant,
    hasher: RandomState,
    bursts: BurstLog,
}

impl UnjudgedKeys {
    /// There was none yet.
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            hasher: RandomState::new(),
            bursts: BurstLog::new(),
        }
    }

    /// A client has sent a key for this connector. Returns whether the log should mention it: once for each client and
    /// connector in a while. Contains the number of others that were not mentioned.
    pub(crate) fn note(&self, client: Option<IpAddr>, connector: &str) -> Option<u64> {
        self.note_at(client, connector, self.began.elapsed())
    }

    fn note_at(&self, client: Option<IpAddr>, connector: &str, now: Duration) -> Option<u64> {
        let burst = (ClientNetwork::of(client), connector);
        self.bursts.note(self.hasher.hash_one(burst), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_mentions_each_client_of_each_connector_once() {
        let keys = UnjudgedKeys::new();
        let now = Duration::from_secs(1);
        for (client, connector) in [
            ("192.0.2.7", "beers"),
            ("192.0.2.7", "wines"),
            ("192.0.2.8", "beers"),
        ] {
            let client = client.parse().ok();
            assert_eq!(keys.note_at(client, connector, now), Some(0));
            for second in 1..1_000 {
                let now = Duration::from_secs(second);
                assert_eq!(keys.note_at(client, connector, now), None, "{second}");
            }
        }
    }

    #[test]
    fn log_of_many_clients_is_bounded_and_says_how_many_it_leaves_out() {
        let keys = UnjudgedKeys::new();
        let note = |number: u32, now: u64| {
            let client = std::net::Ipv4Addr::from_bits(number << 8);
            keys.note_at(Some(client.into()), "beers", Duration::from_secs(now))
        };
        let mentioned: Vec<_> = (0..500).filter_map(|number| note(number, 1)).collect();
        assert_eq!(mentioned, [0; 30]);
        let left_out = note(1_000, 60).expect("a mention");
        assert!((400..=470).contains(&left_out), "{left_out}");
    }
}
