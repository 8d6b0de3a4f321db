//! Decides which traces are recorded.

use super::context::RemoteParent;
use super::ids::TraceId;
use crate::config::{RootRule, SamplerRule};

/// Decides which traces are recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampler {
    rule: SamplerRule,
}

impl Sampler {
    pub(super) fn new(rule: SamplerRule) -> Self {
        Self { rule }
    }

    /// Whether this trace is recorded. `parent` is the client's span that it continues.
    pub(super) fn records(&self, trace: TraceId, parent: Option<&RemoteParent>) -> bool {
        if let Some(parent) = parent
            && self.rule.follows_client
        {
            return parent.is_recorded;
        }
        match self.rule.root {
            RootRule::All => true,
            RootRule::Nothing => false,
            RootRule::Share(share) => is_within(trace, share),
        }
    }
}

/// Whether a trace is among this share of all, by the second half of its id. So all programs with the same share record
/// the same traces.
fn is_within(trace: TraceId, share: f64) -> bool {
    let [.., a, b, c, d, e, f, g, h] = trace.0;
    let place = u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1;
    // Both sides are exact enough: a share has no more digits than an `f64`.
    share >= 1.0 || (place as f64) < share * (1_u64 << 63) as f64
}

#[cfg(test)]
mod tests {
    use super::super::context::SpanContext;
    use super::super::ids::{IdSource, SpanId};
    use super::*;

    fn sampler(follows_client: bool, root: RootRule) -> Sampler {
        Sampler::new(SamplerRule {
            follows_client,
            root,
        })
    }

    #[test]
    fn client_decides_only_where_it_is_followed() {
        let trace = TraceId([1; 16]);
        let parent = |is_recorded| RemoteParent {
            context: SpanContext {
                trace,
                span: SpanId([1; 8]),
                state: None,
            },
            is_recorded,
        };
        for (follows_client, root, client, expected) in [
            (true, RootRule::All, None, true),
            (true, RootRule::All, Some(false), false),
            (true, RootRule::Nothing, None, false),
            (true, RootRule::Nothing, Some(true), true),
            (false, RootRule::All, Some(false), true),
            (false, RootRule::Nothing, Some(true), false),
            (false, RootRule::Share(0.0), Some(true), false),
            (false, RootRule::Share(1.0), None, true),
        ] {
            let parent = client.map(parent);
            let records = sampler(follows_client, root).records(trace, parent.as_ref());
            assert_eq!(records, expected, "{follows_client} {root:?} {client:?}");
        }
    }

    #[test]
    fn share_is_about_that_many_traces() {
        let ids = IdSource::default();
        let sampler = sampler(true, RootRule::Share(0.25));
        let recorded = (0..10_000).filter(|_| sampler.records(ids.trace(), None));
        let count = recorded.count();
        assert!((2_000..3_000).contains(&count), "{count}");
        let [low, high] = [0x3f_u8, 0x40].map(|byte| {
            let mut id = [0; 16];
            id[8] = byte;
            TraceId(id)
        });
        assert!(sampler.records(low, None) && !sampler.records(high, None));
    }
}
