//! Sets up and starts a host.

use super::Host;
use crate::PATIENCE;
use crate::lines::Lines;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use tempfile::TempDir;

/// What to start: flags, environment, and the files of the plugins folder.
pub struct HostBuilder {
    program: PathBuf,
    /// Shell commands to run before the shell becomes the program.
    shell: Option<String>,
    plugins: TempDir,
    flags: BTreeMap<String, String>,
    switches: Vec<String>,
    variables: BTreeMap<String, OsString>,
    socket: Option<OwnedFd>,
    forbids_executable_memory: bool,
}

impl HostBuilder {
    /// A host on a free port of 127.0.0.1, without a key, with a few slots and an empty plugins folder. Hosts with
    /// the same `cache` folder compile each guest only once.
    pub fn new(program: &str, cache: &Path) -> Self {
        let plugins = TempDir::new().expect("a temporary folder");
        let mut builder = Self {
            program: program.into(),
            shell: None,
            plugins,
            flags: BTreeMap::new(),
            switches: Vec::new(),
            variables: BTreeMap::new(),
            socket: None,
            forbids_executable_memory: false,
        };
        let folder = builder.plugins.path().display().to_string();
        builder = builder
            .flag("--plugins", &folder)
            .flag("--cache", &cache.display().to_string());
        builder
            .flag("--listen", "127.0.0.1:0")
            .flag("--slots", "32")
            // No load balancer has to notice that a test ends.
            .flag("--drain", "0s")
    }

    /// Adds this component as the connector `name`.
    pub fn plugin(self, name: &str, component: &str) -> Self {
        let component = fs::read(component).expect("the build script made it");
        self.file(&format!("{name}.wasm"), component)
    }

    /// Adds `NAME.toml` for the connector.
    pub fn config(self, name: &str, toml: &str) -> Self {
        self.file(&format!("{name}.toml"), toml)
    }

    /// Adds a file to the plugins folder.
    pub fn file(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        fs::write(self.plugins.path().join(name), contents)
            .expect("the plugins folder can be written");
        self
    }

    /// Adds this flag, replacing an earlier one with the same name.
    pub fn flag(mut self, name: &str, value: &str) -> Self {
        self.flags.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds this flag, which has no value.
    pub fn switch(mut self, name: &str) -> Self {
        self.switches.push(name.to_owned());
        self
    }

    /// Starts the host from a shell that runs this first, for example to set a limit.
    pub fn after(mut self, shell: &str) -> Self {
        self.shell = Some(shell.to_owned());
        self
    }

    /// Passes this socket to the host, as a service manager does, instead of an address to listen on.
    ///
    /// # Panics
    /// If the system doesn't duplicate the socket.
    pub fn socket(mut self, socket: &TcpListener) -> Self {
        self.socket = Some(socket.try_clone().expect("another descriptor").into());
        self.without("--listen")
            .after("exec 3<&0 0</dev/null; export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web")
    }

    /// Starts the host in a process that may not make memory executable, as `MemoryDenyWriteExecute=` of systemd does.
    pub fn without_executable_memory(mut self) -> Self {
        self.forbids_executable_memory = true;
        self
    }

    /// Adds this variable; the host inherits none.
    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables
            .insert(name.to_owned(), value.as_ref().to_owned());
        self
    }

    /// Removes this flag.
    pub fn without(mut self, flag: &str) -> Self {
        self.flags.remove(flag);
        self
    }

    /// The path of the plugins folder.
    pub fn plugins(&self) -> &Path {
        self.plugins.path()
    }

    /// Starts the host, and waits until it listens.
    ///
    /// # Panics
    /// If it doesn't.
    pub fn start(self) -> Host {
        let (child, stdout, stderr) = self.spawn();
        let is_json = self
            .flags
            .get("--log-format")
            .is_some_and(|form| form != "text");
        let mut host = Host {
            child,
            stdout,
            stderr,
            address: ([127, 0, 0, 1], 0).into(),
            plugins: self.plugins,
        };
        host.address = if is_json {
            host.logged_address()
        } else {
            host.announced_address()
        };
        host
    }

    /// Starts the host, on a port that the flags name, without anybody reading its output for people. Waits until it
    /// has written `text` to its log.
    ///
    /// # Panics
    /// If it doesn't.
    pub fn start_unread(self, text: &str) -> Host {
        let mut child = self
            .command()
            .spawn()
            .expect("the program under test can be started");
        drop(child.stdout.take());
        let stderr = Lines::capture(child.stderr.take().expect("it is piped"));
        let host = Host {
            child,
            // It ends when the process does, as stdout would.
            stdout: stderr.clone(),
            stderr,
            address: self.flags["--listen"].parse().expect("an address"),
            plugins: self.plugins,
        };
        host.log().wait_for_text(text);
        host
    }

    /// Starts the host, which must refuse to run, and waits until it has ended.
    ///
    /// # Panics
    /// If it keeps running.
    pub fn fail(self) -> Failure {
        let (mut child, stdout, stderr) = self.spawn();
        if !(stdout.end_within(PATIENCE) && stderr.end_within(PATIENCE)) {
            let _already_gone = child.kill();
            let _status = child.wait();
            panic!("the host runs, though it should refuse:\n{}", stdout.end());
        }
        let status = child.wait().expect("a child can be waited for");
        Failure {
            status,
            stdout: stdout.so_far(),
            stderr: stderr.so_far(),
        }
    }

    fn spawn(&self) -> (Child, Lines, Lines) {
        let mut child = self
            .command()
            .spawn()
            .expect("the program under test can be started");
        let stdout = Lines::capture(child.stdout.take().expect("it is piped"));
        let stderr = Lines::capture(child.stderr.take().expect("it is piped"));
        (child, stdout, stderr)
    }

    fn command(&self) -> Command {
        let mut command = match &self.shell {
            None => Command::new(&self.program),
            Some(words) => {
                let mut shell = Command::new("/bin/sh");
                shell.arg("-c").arg(format!("{words}; exec \"$0\" \"$@\""));
                shell.arg(&self.program);
                shell
            }
        };
        command
            .arg("serve")
            .env_clear()
            .envs(&self.variables)
            .current_dir(self.plugins.path());
        for (name, value) in &self.flags {
            command.arg(name).arg(value);
        }
        command.args(&self.switches);
        if self.forbids_executable_memory {
            forbid_executable_memory(&mut command);
        }
        let stdin = self.socket.as_ref().map(|socket| {
            let socket = socket.try_clone().expect("another descriptor");
            Stdio::from(socket)
        });
        command
            .stdin(stdin.unwrap_or_else(Stdio::null))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// Lets the command's process make no memory executable.
#[cfg(target_os = "linux")]
#[allow(
    unsafe_code,
    reason = "between fork and exec, the closure makes only one system call, which takes no pointer"
)]
fn forbid_executable_memory(command: &mut Command) {
    let forbid =
        || match unsafe { libc::prctl(libc::PR_SET_MDWE, libc::PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) }
        {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        };
    unsafe { std::os::unix::process::CommandExt::pre_exec(command, forbid) };
}

#[cfg(not(target_os = "linux"))]
fn forbid_executable_memory(_: &mut Command) {
    panic!("only Linux can forbid it");
}

/// How a host that refused to start ended.
#[derive(Debug)]
pub struct Failure {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its output for people.
    pub stdout: Vec<String>,
    /// Its log.
    pub stderr: Vec<String>,
}
