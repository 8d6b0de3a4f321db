//! The addresses of a host, and which of them may be called.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::address::AddressGate;
use super::dial_fault::DialFault;
use super::network::Network;
use super::policy::CurrentPolicy;

/// How many names one connector looks up at once.
const LOOK_UPS: usize = 8;

/// Looks up names for one connector, and judges addresses by its rules and the operator's policy.
pub(super) struct HostAddresses {
    network: Arc<dyn Network>,
    gate: AddressGate,
    policy: CurrentPolicy,
    /// An abandoned lookup still occupies a thread of the system's resolver.
    look_ups: Arc<Semaphore>,
}

impl HostAddresses {
    pub(super) fn new(network: Arc<dyn Network>, gate: AddressGate, policy: CurrentPolicy) -> Self {
        Self {
            network,
            gate,
            policy,
            look_ups: Arc::new(Semaphore::new(LOOK_UPS)),
        }
    }

    /// The addresses of a host that may be called. Forbidden ones are left out; if no other is left, they are the
    /// error.
    pub(super) async fn permitted(&self, host: &str) -> Result<Vec<IpAddr>, DialFault> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return self.judge(address, true).map(|()| vec![address]);
        }
        let mut found = self.resolve(host).await.map_err(DialFault::Resolve)?;
        let mut forbidden = None;
        found.retain(|&address| match self.judge(address, false) {
            Ok(()) => true,
            Err(fault) => {
                forbidden.get_or_insert(fault);
                false
            }
        });
        match (found.is_empty(), forbidden) {
            (false, _) => Ok(found),
            (true, Some(forbidden)) => Err(forbidden),
            (true, None) => Err(DialFault::NoAddress),
        }
    }

    /// Whether an address may be called: by the connector's rules, and by the operator's policy, to which it doesn't
    /// matter that a rule of the connector names the address itself (`literal`).
    fn judge(&self, address: IpAddr, literal: bool) -> Result<(), DialFault> {
        self.gate
            .permits(address, literal)
            .map_err(|special_use| DialFault::Forbidden {
                address,
                special_use,
            })?;
        match &self.policy.get().networks {
            Some(bound) => AddressGate::new(bound.permitted.clone())
                .permits(address, false)
                .map_err(|special_use| DialFault::BeyondPolicy {
                    address,
                    special_use,
                    place: bound.place.clone(),
                }),
            None => Ok(()),
        }
    }

    /// Looks up the addresses of a name, or those of an address itself, without judging them. The lookup continues after
    /// the future is dropped, since the system's lookups can't be canceled, so it keeps its place until it ends.
    pub(super) async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        if let Ok(address) = name.parse::<IpAddr>() {
            return Ok(vec![address]);
        }
        // The semaphore is never closed.
        let place = self.look_ups.clone().acquire_owned().await.ok();
        let (network, name) = (self.network.clone(), name.to_owned());
        let looking_up = tokio::spawn(async move {
            let found = network.resolve(&name).await;
            drop(place);
            found
        });
        looking_up.await?
    }
}
