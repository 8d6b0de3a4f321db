//! Proxies as operators run them. `.ci/run proxies` finds or fetches the programs and runs these tests.
//!
//! Behind each of them is a proxy of this suite, which knows the names of the API.

use super::proxy::{Proxy, encrypted_api};
use super::{AUTHORIZATION, behind, connectors, fetched};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::process::Process;
use weld_host_tests::until;
use weld_host_tests::upstream::Upstream;

/// A running program with its folder.
struct RealProxy {
    address: SocketAddr,
    _process: Process,
    _folder: TempDir,
}

impl RealProxy {
    /// Starts a program with the configuration for a port and its folder.
    fn start(program: &str, flags: &[&str], configuration: impl Fn(u16, &Path) -> String) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let file = folder.path().join("proxy.conf");
        fs::write(&file, configuration(address.port(), folder.path())).expect("a file");
        let process = Process::start(Command::new(program).args(flags).arg(&file));
        until("the proxy accepts connections", || {
            TcpStream::connect(address).is_ok()
        });
        Self {
            address,
            _process: process,
            _folder: folder,
        }
    }

    /// `next` is the URL of the proxy behind it.
    fn tinyproxy(next: &str, more: &str) -> Self {
        let next = next.trim_start_matches("http://");
        Self::start("tinyproxy", &["-d", "-c"], |port, _| {
            format!(
                "Port {port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nConnectPort 443\nUpstream http {next}\n{more}\n"
            )
        })
    }

    /// The same with Squid.
    fn squid(next: &str) -> Self {
        let port_of_next = next.rsplit(':').next().unwrap_or_default();
        Self::start("squid", &["-N", "-f"], |port, folder| {
            let folder = folder.display();
            format!(
                "http_port 127.0.0.1:{port}\nacl secure port 443\nacl tunnels method CONNECT\n\
                 http_access deny tunnels !secure\nhttp_access allow all\n\
                 cache_peer 127.0.0.1 parent {port_of_next} 0 no-query no-digest no-netdb-exchange default\nnever_direct allow all\n\
                 cache deny all\npid_filename {folder}/pid\naccess_log none\ncache_log {folder}/log\n\
                 coredump_dir {folder}\nshutdown_lifetime 0 seconds\nvisible_hostname proxy.example.net\n"
            )
        })
    }

    fn url(&self, user: &str) -> String {
        format!("http://{user}{}", self.address)
    }
}

/// Sends an encrypted and a plain request by both ways to the network, with user and password.
fn assert_passes(start: impl Fn(&str) -> RealProxy, user: &str) {
    let plain = Upstream::answering("[]");
    for (url, api) in [
        ("http://api.example.com/beers", plain.address()),
        ("https://api.example.com/beers", encrypted_api()),
    ] {
        let next = Proxy::to(api);
        let real = start(&next.url());
        let host = behind(&real.url(user)).start();
        for connector in ["fetch", "wasi"] {
            let row = fetched(&host, connector, url);
            assert_eq!(row["status"], 200, "{url}: {row}");
        }
        for head in next.heads() {
            assert!(!head.contains(AUTHORIZATION), "{head}");
        }
        assert!(!next.heads().is_empty());
    }
    for request in plain.received() {
        assert_eq!(request.header("host"), Some("api.example.com"));
    }
}

/// The message about a request that fails.
fn failure(real: &RealProxy, user: &str, url: &str) -> String {
    let host = connectors("")
        .config(
            "fetch",
            "[network]\nallow = [\"http://*.example.com\", \"https://*.example.com\", \"https://*.example.com:8443\"]\n\
             [rate-limit]\nretries = 0\nfailures = 0\n",
        )
        .flag("--http-proxy", &real.url(user))
        .flag("--https-proxy", &real.url(user))
        .switch("--proxy-resolves")
        .start();
    let row = fetched(&host, "fetch", url);
    assert_eq!(row["error"], "failed", "{row}");
    let detail = row["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains(&real.url("")), "{detail}");
    detail
}

/// The URL of a proxy that is gone.
fn nobody() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

const HTTP: &str = "http://api.example.com/";
const HTTPS: &str = "https://api.example.com/";

#[test]
#[ignore = "needs tinyproxy: .ci/run proxies"]
fn tinyproxy_passes_requests_and_explains_its_refusals() {
    let login = "BasicAuth weld hunter2";
    assert_passes(|next| RealProxy::tinyproxy(next, login), "weld:hunter2@");
    let real = RealProxy::tinyproxy(&nobody(), login);
    for url in [HTTP, HTTPS] {
        assert!(failure(&real, "", url).contains("requires a user and a password"));
        assert!(failure(&real, "weld:wrong@", url).contains("refused the user and password"));
    }
    let refused = failure(&real, "weld:hunter2@", "https://api.example.com:8443/");
    assert!(
        refused.contains("permit CONNECT to api.example.com:8443"),
        "{refused}"
    );
    let unreachable = failure(&real, "weld:hunter2@", HTTP);
    assert!(unreachable.contains("it could not reach"), "{unreachable}");
}

#[test]
#[ignore = "needs squid: .ci/run proxies"]
fn squid_passes_requests_and_explains_its_refusals() {
    assert_passes(RealProxy::squid, "");
    let real = RealProxy::squid(&nobody());
    let refused = failure(&real, "", "https://api.example.com:8443/");
    assert!(
        refused.contains("permit CONNECT to api.example.com:8443"),
        "{refused}"
    );
    for url in [HTTP, HTTPS] {
        let unreachable = failure(&real, "", url);
        assert!(unreachable.contains("it could not reach"), "{unreachable}");
    }
}
