//! One error of each kind, for the tests that hold their texts.

use std::time::Duration;

use super::{ConnectorError, Full};
use crate::samples::samples;
use crate::sandbox::CallError;

/// Why the sample of a connector failed to load.
pub(crate) const REASON: &str = "plugins/beers.toml:1: memory: unknown key";

impl ConnectorError {
    pub(crate) fn samples() -> Vec<Self> {
        let retry_after = Duration::from_secs(2);
        let full = samples!(Full:
            Full::Slots { .. } => Full::Slots { slots: 8 },
            Full::Memory { .. } => Full::Memory { limit_bytes: 1 << 30 },
            Full::Connector { .. } => Full::Connector { concurrency: 2 },
        );
        let busy = full
            .into_iter()
            .map(|full| Self::Busy { full, retry_after });
        let calls = CallError::samples().into_iter().map(Self::Call);
        let others = samples!(ConnectorError:
            ConnectorError::Unknown { .. } => ConnectorError::Unknown { name: "beers".to_owned() },
            ConnectorError::Ambiguous => ConnectorError::Ambiguous,
            ConnectorError::None => ConnectorError::None,
            ConnectorError::Unavailable { .. } => ConnectorError::Unavailable { reason: REASON.into(), may_pass: false },
            ConnectorError::Loading => ConnectorError::Loading,
            ConnectorError::ShuttingDown => ConnectorError::ShuttingDown,
            ConnectorError::Busy { .. } => ConnectorError::Busy {
                full: Full::Slots { slots: 1 },
                retry_after: Duration::from_millis(1_500),
            },
            ConnectorError::Call(_) => ConnectorError::Call(CallError::CpuTime { limit: Duration::from_secs(1) }),
        );
        others.into_iter().chain(busy).chain(calls).collect()
    }
}
