//! A host inside the test's process with a scripted network: names resolve as the test defines, and every connection
//! of the host ends at the canary, whatever its target.

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
use weld_host::sandbox::{Compilation, CompilerPriority, CompilerProcess};
use weld_host_tests::in_process::serve;
use weld_host_tests::weld::Weld;

/// The address of every name that no script mentions. It is public, so that a request that should have been refused
/// earlier is noticed when it is dialed.
pub(crate) const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 215, 14));

/// The two imports of a guest for the network, and the connectors that use them.
pub(crate) const IMPORTS: [(&str, &str); 2] =
    [("fetch", guests::FETCHES), ("wasi", guests::FETCHES_WASI)];

/// A host with connectors of several configurations, one for each import.
pub(crate) struct World {
    pub(crate) network: Arc<Script>,
    pub(crate) canary: Canary,
    address: SocketAddr,
    // Dropped last, since the program uses the others.
    _plugins: TempDir,
    _runtime: Runtime,
}

impl World {
    /// Starts a host with connectors of these names and configurations.
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
            // Only the effects of one request are observed.
            let toml = format!("{toml}\n[rate-limit]\nretries = 0\n");
            for (import, component) in IMPORTS {
                let path = plugins.path().join(format!("{name}.{import}"));
                fs::copy(component, path.with_added_extension("wasm")).expect("it is built");
                fs::write(path.with_added_extension("toml"), &toml).expect("it can be written");
            }
        }
        // Like a program that embeds the host and is not a compiler itself.
        let compilation = Compilation::Process(CompilerProcess {
            program: PROGRAM.into(),
            arguments: vec!["__compiler".into()],
            limits: CompileLimits::default(),
            priority: CompilerPriority::Background,
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

    /// The guest's report about a request that it makes by an import.
    pub(crate) fn ask(&self, config: &str, import: &str, request: &Value) -> Value {
        Weld::new(self.address, &format!("/{config}.{import}")).good_row("rows", request)
    }

    /// Forgets all dialed addresses, received requests and scripts.
    pub(crate) fn forget(&self) {
        self.network.forget();
        self.canary.forget();
    }
}

/// A resolver and sockets that follow the test's script and record all requests.
pub(crate) struct Script {
    canary: SocketAddr,
    state: Mutex<ScriptState>,
}

#[derive(Default)]
struct ScriptState {
    /// A name's answers, one for each look-up; the last one is repeated.
    answers: HashMap<String, Vec<Vec<IpAddr>>>,
    /// Addresses that accept no connections.
    dead: Vec<IpAddr>,
    looked_up: Vec<String>,
    dialed: Vec<SocketAddr>,
}

impl Script {
    fn new(canary: SocketAddr) -> Self {
        Self {
            canary,
            state: Mutex::default(),
        }
    }

    /// Sets the addresses of a name, for one look-up after the other.
    pub(crate) fn answer(&self, name: &str, answers: &[Vec<IpAddr>]) {
        let mut state = self.state.lock().unwrap();
        state.answers.insert(name.to_owned(), answers.to_vec());
    }

    /// Marks addresses that accept no connections.
    pub(crate) fn dead(&self, addresses: &[IpAddr]) {
        self.state.lock().unwrap().dead = addresses.to_vec();
    }

    /// The names that were looked up, in order.
    pub(crate) fn looked_up(&self) -> Vec<String> {
        self.state.lock().unwrap().looked_up.clone()
    }

    /// The targets of connections, in order.
    pub(crate) fn dialed(&self) -> Vec<SocketAddr> {
        self.state.lock().unwrap().dialed.clone()
    }

    fn forget(&self) {
        *self.state.lock().unwrap() = ScriptState::default();
    }
}

impl Network for Script {
    fn resolve<'a>(&'a self, name: &'a str) -> Networking<'a, Vec<IpAddr>> {
        let mut state = self.state.lock().unwrap();
        state.looked_up.push(name.to_owned());
        let answer = match state.answers.get_mut(name) {
            None => vec![PUBLIC],
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers.first().cloned().unwrap_or_default(),
        };
        Box::pin(async move { Ok(answer) })
    }

    fn dial(&self, address: SocketAddr) -> Networking<'_, TcpStream> {
        let mut state = self.state.lock().unwrap();
        state.dialed.push(address);
        let is_dead = state.dead.contains(&address.ip());
        Box::pin(async move {
            if is_dead {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            TcpStream::connect(self.canary).await
        })
    }
}
