//! The limits and shared state of one call of a connector, from the request that began it to the last byte of its
//! network.
//!
//! `pages` creates a [`CallScope`] for each call and passes it through `sandbox` to `imports` and `egress`, which take
//! from it. It has the call's time, its waits, and its shares of memory, processor and network. The connector itself is
//! not part of it, and the limits' values are in `config`.
//!
//! A leaf: it uses only `account`, `config` and `waits`.

mod cpu;
mod deadline;
mod network;
mod pause;
mod text;

use std::sync::Arc;

use tokio::time::Instant;

use crate::account::{CallAccount, HostAccount};
use crate::config::Limits;
use crate::waits::Waits;
pub(crate) use cpu::{CpuClock, CpuTimeError};
pub(crate) use deadline::{Deadline, DeadlineReason, TimeBound};
pub(crate) use network::{ByteQuotaError, CallQuotaError, CredentialFailure, NetworkQuota};

/// One call's time, waits and shares of memory, processor and network, shared by everything that runs for the call.
#[derive(Debug)]
pub(crate) struct CallScope {
    /// The latest end of the call.
    pub(crate) deadline: Deadline,
    /// The call's current waits.
    pub(crate) waits: Arc<Waits>,
    /// The memory held for the call.
    pub(crate) account: Arc<CallAccount>,
    /// The call's processor time and its limit.
    pub(crate) cpu: Arc<CpuClock>,
    /// The call's remaining share of the network.
    pub(crate) network: NetworkQuota,
}

impl CallScope {
    /// A call under these limits, with its whole share of the network left.
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

    /// A call that begins now with the whole `limits.page-timeout`; its waits are not observed.
    pub(crate) fn of_a_page(limits: &Limits, host: &Arc<HostAccount>) -> Self {
        let deadline = Deadline::new(
            Instant::now(),
            limits.page_timeout,
            DeadlineReason::PageTimeout,
        );
        Self::new(limits, deadline, Arc::default(), host)
    }
}
