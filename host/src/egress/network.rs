//! Names and connections as the operating system gives them, behind a trait so that both can be watched and scripted.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use tokio::net::TcpStream;

/// What a network does, in a while.
pub type Networking<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// How names become addresses, and addresses connections. Which of them a connector may reach is decided above this:
/// [`dial`](Self::dial) is called for permitted addresses only.
pub trait Network: Send + Sync {
    /// The addresses of a name, in the order in which they should be tried. Names come in ASCII form, never as literal
    /// addresses.
    fn resolve<'a>(&'a self, name: &'a str) -> Networking<'a, Vec<IpAddr>>;

    /// A connection to exactly this address.
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
