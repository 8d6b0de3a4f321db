//! A proxy as a child process, with a configuration of `deploy/` in which only names, addresses and times are replaced.

use super::super::client::{GOOD, KEY as TLS_KEY, TlsConnection};
use super::KEY;
use serde_json::Value;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use weld_host_tests::host::Host;
use weld_host_tests::http::Message;
use weld_host_tests::process::Process;
use weld_host_tests::until;
use weld_host_tests::weld::{Request, Weld};

/// What the configurations call the public name.
const NAME: &str = "connectors.example.com";

/// How often another port is tried, if another process has taken the free one.
const TRIES: usize = 5;

/// The program that is in front of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrontKind {
    Nginx,
    Caddy,
}

/// A text of a configuration, and what replaces it.
pub(super) type Change = (&'static str, &'static str);

impl FrontKind {
    pub(super) const ALL: [Self; 2] = [Self::Nginx, Self::Caddy];

    /// The program, where `just fronts` puts it, or else the one on the path.
    fn program(self) -> PathBuf {
        let (name, path) = match self {
            Self::Nginx => ("nginx", "usr/sbin/nginx"),
            Self::Caddy => ("caddy", "usr/bin/caddy"),
        };
        let fetched = repository().join("target/tools/fronts").join(path);
        if fetched.exists() {
            fetched
        } else {
            name.into()
        }
    }

    /// The configuration in `deploy/` for one host, or for several.
    fn file(self, is_single: bool) -> PathBuf {
        let name = match (self, is_single) {
            (Self::Nginx, true) => "nginx/weld-host.conf",
            (Self::Nginx, false) => "nginx/several-hosts.conf",
            (Self::Caddy, true) => "caddy/Caddyfile",
            (Self::Caddy, false) => "caddy/several-hosts.Caddyfile",
        };
        repository().join("deploy").join(name)
    }

    /// The command that starts the program with what is in the folder.
    fn command(self, folder: &Path) -> Command {
        let mut command = Command::new(self.program());
        command.env_clear().current_dir(folder);
        match self {
            Self::Nginx => {
                let main = folder.join("nginx.conf");
                command.args(["-e", "stderr", "-p"]).arg(folder);
                command.arg("-c").arg(main);
            }
            Self::Caddy => {
                command.env("HOME", folder).args(["run", "--config"]);
                command
                    .arg(folder.join("site"))
                    .args(["--adapter", "caddyfile"]);
            }
        }
        command
    }

    /// Writes the configuration with this port into the folder.
    fn write(self, folder: &Path, site: &str, port: u16) {
        let (certificate, key) = (folder.join("server.pem"), folder.join("server.key"));
        fs::write(&certificate, GOOD).unwrap();
        fs::write(&key, TLS_KEY).unwrap();
        let (certificate, key) = (certificate.display(), key.display());
        let site = match self {
            Self::Nginx => {
                fs::write(folder.join("nginx.conf"), NGINX).unwrap();
                let listen = format!("listen 127.0.0.1:{port} ssl");
                let site = replaced(site, "listen 443 ssl", &listen);
                let site = replaced(&site, "/etc/ssl/connectors.pem", &certificate.to_string());
                replaced(&site, "/etc/ssl/private/connectors.key", &key.to_string())
            }
            Self::Caddy => {
                let address =
                    format!("https://:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}");
                let site = replaced(site, &format!("{NAME} {{"), &address);
                format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{site}")
            }
        };
        fs::write(folder.join("site"), site).unwrap();
    }
}

/// What surrounds a file of `/etc/nginx/conf.d`. One process, which a test can end.
const NGINX: &str = "daemon off;
master_process off;
pid nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site;
}
";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text with something else instead of `from`, which must be in it.
fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from} in: {text}");
    text.replace(from, to)
}

/// A running proxy. Dropping it ends it.
pub(super) struct Front {
    process: Process,
    address: SocketAddr,
    _folder: TempDir,
}

impl Front {
    /// A proxy in front of these hosts, with its configuration for one or for several.
    pub(super) fn of(kind: FrontKind, hosts: &[&Host]) -> Self {
        Self::changed(kind, hosts, &[])
    }

    /// The same with changes of the configuration.
    pub(super) fn changed(kind: FrontKind, hosts: &[&Host], changes: &[Change]) -> Self {
        Self::configured(kind, &kind.file(hosts.len() == 1), hosts, changes)
    }

    /// nginx with the host below the path `/weld`.
    pub(super) fn below_a_path(host: &Host, changes: &[Change]) -> Self {
        let file = repository().join("deploy/nginx/below-a-path.conf");
        Self::configured(FrontKind::Nginx, &file, &[host], changes)
    }

    fn configured(kind: FrontKind, file: &Path, hosts: &[&Host], changes: &[Change]) -> Self {
        let mut site = fs::read_to_string(file).unwrap();
        let addresses: &[&str] = match hosts {
            [_] => &["127.0.0.1:8080"],
            _ => &["10.0.0.11:8080", "10.0.0.12:8080"],
        };
        assert_eq!(addresses.len(), hosts.len());
        for (address, host) in addresses.iter().zip(hosts) {
            site = replaced(&site, address, &host.address().to_string());
        }
        for (from, to) in changes {
            site = replaced(&site, from, to);
        }
        let mut wrote = String::new();
        for _ in 0..TRIES {
            match Self::start(kind, &site) {
                Ok(front) => return front,
                Err(said) => wrote = said,
            }
        }
        panic!("{kind:?} doesn't start: {wrote}");
    }

    /// Starts the proxy on a port that is free. What it wrote if it ends, for example because the port isn't free any longer.
    fn start(kind: FrontKind, site: &str) -> Result<Self, String> {
        let folder = TempDir::new().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        kind.write(folder.path(), site, address.port());
        let front = Self {
            process: Process::start(&mut kind.command(folder.path())),
            address,
            _folder: folder,
        };
        let has_ended = || front.process.stderr().end_within(Duration::ZERO);
        until("the proxy listens", || {
            has_ended() || TcpStream::connect(address).is_ok()
        });
        if has_ended() {
            return Err(front.process.stderr().end());
        }
        Ok(front)
    }

    /// Weld, set up with the connector of this name.
    pub(super) fn weld(&self, connector: &str) -> Weld {
        Weld::new(self.address, &format!("/{connector}")).with_key(KEY)
    }

    /// A request to a path, without a key.
    pub(super) fn request(&self, method: &str, target: &str) -> Request {
        Request::new(self.address, method, target)
    }

    /// A new connection.
    pub(super) fn connect(&self) -> io::Result<TlsConnection> {
        TlsConnection::open(self.address)
    }

    /// The answer to a request on a connection of its own.
    pub(super) fn ask(&self, request: &Request) -> Message {
        self.connect().unwrap().ask(request).unwrap()
    }

    /// The same from this address of the machine.
    pub(super) fn ask_from(&self, source: IpAddr, request: &Request) -> Message {
        let mut connection = TlsConnection::open_from(source, self.address).unwrap();
        connection.ask(request).unwrap()
    }

    /// The answer to a request for a page of the table `rows`.
    pub(super) fn page(&self, connector: &str, state: &Value) -> Message {
        self.ask(&self.weld(connector).page_request("rows", state))
    }
}

impl Drop for Front {
    #[allow(
        clippy::print_stderr,
        reason = "a failed test shows what the proxy wrote"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the proxy wrote:\n{}", self.process.stderr().end());
        }
    }
}
