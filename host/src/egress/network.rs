//! Names and connections as the operating system provides them, behind a trait so that tests can watch and script
//! both.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use tokio::net::TcpStream;

/// The result of a network operation, in the future.
pub type Networking<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// Turns names into addresses, and addresses into connections. The code above decides which of them a connector may
/// reach: [`dial`](Self::dial) is called for permitted addresses only.
pub trait Network: Send + Sync {
    /// The addresses of a name, in the order in which they should be tried. Names come in ASCII form, never as literal
    /// addresses.
    fn resolve<'a>(&'a self, name: &'a str) -> Networking<'a, Vec<IpAddr>>;

    /// Connects to exactly this address.
    fn dial(&self, address: SocketAddr) -> Networking<'_, TcpStream>;
}

/// The system's resolver, `/etc/hosts` included, and its sockets.
#[derive(Debug, Default)]
pub struct SystemNetwork;

impl Network for SystemNetwork {
    fn resolve<'a>(&'a self, name: &'a str) -> Networking<'a, Vec<IpAddr>> {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }

    fn dial(&self, address: SocketAddr) -> Networking<'_, TcpStream> {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        })
    }
}
