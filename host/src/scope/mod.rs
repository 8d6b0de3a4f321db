//! What holds for one call of a connector, from the request that began it to the last byte of its network.
//!
//! `pages` makes a [`CallScope`] for each call and hands it through `sandbox` to `imports` and `egress`, which take from
//! it. Here belong the call's time, its waits, and what it may use of memory, processor and network. What a connector is,
//! and the limits themselves, do not: `config` has the limits.
//!
//! A leaf: it uses `account`, `config` and `waits` only.

mod cpu;
mod deadline;
mod network;
mod text;

use std::sync::Arc;

use tokio::time::Instant;

use crate::account::{CallAccount, HostAccount};
use crate::config::Limits;
use crate::waits::Waits;
pub(crate) use cpu::{CpuClock, CpuTimeError};
pub(crate) use deadline::{Deadline, DeadlineReason};
pub(crate) use network::{ByteQuotaError, CallQuotaError, NetworkQuota};

/// One call's time, waits and shares of memory, processor and network. All that runs for the call shares it.
#[derive(Debug)]
pub(crate) struct CallScope {
    /// When the call ends at the latest.
    pub(crate) deadline: Deadline,
    /// What the call waits for.
    pub(crate) waits: Arc<Waits>,
    /// What is held for it.
    pub(crate) account: Arc<CallAccount>,
    /// How long it has computed, and may.
    pub(crate) cpu: Arc<CpuClock>,
    /// What it may still use of the network.
    pub(crate) network: NetworkQuota,
}

impl CallScope {
    /// A call under these limits, with all of its network left.
    pub(crate) fn new(
        limits: &Limits,
        deadline: Deadline,
        waits: Arc<Waits>,
        host: &Arc<HostAccount>,
    ) -> Self {
        Self {
            deadline,
            waits,
            account: CallAccount::new(host.clone(), limits.memory_bytes),
            cpu: CpuClock::new(limits.cpu_time),
            network: NetworkQuota::new(limits.max_calls, limits.max_call_bytes),
        }
    }

    /// A call that begins now and has the whole `limits.page-timeout`; nobody looks at its waits.
    pub(crate) fn of_a_page(limits: &Limits, host: &Arc<HostAccount>) -> Self {
        let deadline = Deadline::new(
            Instant::now(),
            limits.page_timeout,
            DeadlineReason::PageTimeout,
        );
        Self::new(limits, deadline, Arc::default(), host)
    }
}
