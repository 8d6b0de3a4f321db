//! A host inside the test's process, whose network is a script: names mean what a test says, and every connection
//! that the host makes ends at the canary, wherever it was meant to go.

use super::canary::Canary;
use crate::{PROGRAM, cache_folder, guests};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use weld_host::config::CompileLimits;
use weld_host::egress::{Network, Networking};
use weld_host::sandbox::{Compilation, CompilerProcess};
use weld_host_tests::in_process::serve;
use weld_host_tests::weld::Weld;

/// What a name means that no script mentions: a public address, so that a request which should have been refused
/// earlier is seen to be dialed.
pub(crate) const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 215, 14));

/// The two ways of a guest to the network, and the connectors that take them.
pub(crate) const IMPORTS: [(&str, &str); 2] =
    [("fetch", guests::FETCHES), ("wasi", guests::FETCHES_WASI)];

/// A host with connectors of several configurations, each of them once for each import.
pub(crate) struct World {
    pub(crate) network: Arc<Script>,
    pub(crate) canary: Canary,
    address: SocketAddr,
    // Dropped last: what it runs uses the others.
    _plugins: TempDir,
    _runtime: Runtime,
}

impl World {
    /// A host with connectors of these names and configurations.
    pub(crate) fn start(configs: &[(&str, &str)]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let canary = runtime.block_on(Canary::start());
        let network = Arc::new(Script::new(canary.address()));
        let plugins = TempDir::new().expect("a temporary folder");
        for (name, toml) in configs {
            // What one request leads to is watched.
            let toml = format!("{toml}\n[rate-limit]\nretries = 0\n");
            for (import, component) in IMPORTS {
                let path = plugins.path().join(format!("{name}.{import}"));
                fs::copy(component, path.with_added_extension("wasm")).expect("it is built");
                fs::write(path.with_added_extension("toml"), &toml).expect("it can be written");
            }
        }
        // As an embedding program does whose own file is no compiler.
        let compilation = Compilation::Process(CompilerProcess {
            program: PROGRAM.into(),
            arguments: vec!["compiler".into()],
            limits: CompileLimits::default(),
        });
        let address = runtime.block_on(serve(
            plugins.path(),
            network.clone(),
            compilation,
            &cache_folder(),
        ));
        Self {
            network,
            canary,
            address,
            _plugins: plugins,
            _runtime: runtime,
        }
    }

    /// What the guest says of a request that it makes by an import.
    pub(crate) fn ask(&self, config: &str, import: &str, request: &Value) -> Value {
        Weld::new(self.address, &format!("/{config}.{import}")).good_row("rows", request)
    }

    /// Forgets what was dialed, received and scripted.
    pub(crate) fn forget(&self) {
        self.network.forget();
        self.canary.forget();
    }
}

/// A resolver and sockets that do as a test says, and write down what they are asked.
pub(crate) struct Script {
    canary: SocketAddr,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// A name's answers, one for each look-up; the last is given again and again.
    answers: HashMap<String, Vec<Vec<IpAddr>>>,
    /// Addresses that take no connections.
    dead: Vec<IpAddr>,
    looked_up: Vec<String>,
    dialed: Vec<SocketAddr>,
}

impl Script {
    fn new(canary: SocketAddr) -> Self {
        Self {
            canary,
            told: Mutex::default(),
        }
    }

    /// Says what a name means, at one look-up after the other.
    pub(crate) fn answer(&self, name: &str, answers: &[Vec<IpAddr>]) {
        let mut told = self.told.lock().unwrap();
        told.answers.insert(name.to_owned(), answers.to_vec());
    }

    /// Says that nobody is at these addresses.
    pub(crate) fn dead(&self, addresses: &[IpAddr]) {
        self.told.lock().unwrap().dead = addresses.to_vec();
    }

    /// The names that were looked up, in their order.
    pub(crate) fn looked_up(&self) -> Vec<String> {
        self.told.lock().unwrap().looked_up.clone()
    }

    /// Where connections were to be made to, in their order.
    pub(crate) fn dialed(&self) -> Vec<SocketAddr> {
        self.told.lock().unwrap().dialed.clone()
    }

    fn forget(&self) {
        *self.told.lock().unwrap() = Told::default();
    }
}

impl Network for Script {
    fn resolve<'a>(&'a self, name: &'a str) -> Networking<'a, Vec<IpAddr>> {
        let mut told = self.told.lock().unwrap();
        told.looked_up.push(name.to_owned());
        let answer = match told.answers.get_mut(name) {
            None => vec![PUBLIC],
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers.first().cloned().unwrap_or_default(),
        };
        Box::pin(async move { Ok(answer) })
    }

    fn dial(&self, address: SocketAddr) -> Networking<'_, TcpStream> {
        let mut told = self.told.lock().unwrap();
        told.dialed.push(address);
        let is_dead = told.dead.contains(&address.ip());
        Box::pin(async move {
            if is_dead {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            TcpStream::connect(self.canary).await
        })
    }
}
