//! One connection to the first of several addresses that accepts it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::network::Network;

/// How long an address is tried alone before the next one is tried in parallel (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// The first connection that succeeds. Addresses are tried in order, each with a head start before the next.
pub(super) async fn first_of(
    network: &Arc<dyn Network>,
    addresses: Vec<SocketAddr>,
) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut dialing = JoinSet::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        let next = waiting.next();
        let has_next = next.is_some();
        if let Some(address) = next {
            let network = network.clone();
            dialing.spawn(async move { network.dial(address).await });
        }
        let joined = if has_next {
            match tokio::time::timeout(HEAD_START, dialing.join_next()).await {
                Ok(joined) => joined,
                Err(_) => continue,
            }
        } else {
            dialing.join_next().await
        };
        match joined {
            Some(Ok(Ok(stream))) => return Ok(stream),
            Some(Ok(Err(error))) => failure = error,
            Some(Err(error)) => failure = error.into(),
            None => return Err(failure),
        }
    }
}
