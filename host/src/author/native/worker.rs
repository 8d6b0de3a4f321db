//! A running worker: its process and its pipes.

use std::io;
use std::os::fd::AsFd;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Serialize;
use tokio::process::{Child, Command};

use super::command::WorkerCommand;
use super::environment::WorkerEnvironment;
use super::fault::WorkerFault;
use super::message::{WorkerCall, WorkerLine};
use super::pipes::{PipeLine, WorkerPipes};
use super::process_group::ProcessGroup;
use crate::report;

/// The variable with the folder of the pipes. Kits also take it as the sign that they run as a worker.
const FOLDER_VARIABLE: &str = "WELD_NATIVE";

/// How often the host looks whether a new worker has read its first call.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long the host waits for the last line of a worker that has ended.
const LAST_LINE: Duration = Duration::from_millis(100);

/// How long a worker may take to end after its last call.
const END_WITHIN: Duration = Duration::from_secs(1);

/// How much of a line that is not a message is shown, in bytes.
const SHOWN_BYTES: usize = 200;

/// A running worker. Dropping it kills its processes.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    group: ProcessGroup,
    pipes: WorkerPipes,
    /// The longest line that it may send, in bytes.
    max_line: usize,
    /// Whether it has read a call.
    is_ready: bool,
}

impl Worker {
    /// Starts a worker. Its processes are in the group `group`; its output goes to this process's stderr, since stdout
    /// may be for rows.
    ///
    /// # Errors
    ///
    /// [`WorkerFault`]: the program is missing or can't be run, or there are no pipes.
    pub(super) fn start(
        command: &WorkerCommand,
        environment: &WorkerEnvironment,
        group: &ProcessGroup,
        max_line: usize,
    ) -> Result<Self, WorkerFault> {
        let pipes = WorkerPipes::create().map_err(WorkerFault::Pipe)?;
        let output = io::stderr().as_fd().try_clone_to_owned();
        let child = Command::new(command.program())
            .args(command.arguments())
            .current_dir(command.folder())
            .env_clear()
            .envs(environment.variables())
            .env(FOLDER_VARIABLE, pipes.folder())
            .stdin(Stdio::null())
            .stdout(output.map_err(WorkerFault::Pipe)?)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| command.not_run(source))?;
        group.begin(child.id());
        Ok(Self {
            child,
            group: group.clone(),
            pipes,
            max_line,
            is_ready: false,
        })
    }

    /// Sends a call. A new worker takes some time to start, or even to compile: this returns when it has read the
    /// call, from when on the call's time counts.
    ///
    /// # Errors
    ///
    /// [`WorkerFault`]: the worker has ended.
    pub(super) async fn call(&mut self, call: &WorkerCall<'_>) -> Result<(), WorkerFault> {
        self.send(call).await?;
        while !self.is_ready {
            if let Some(status) = self.child.try_wait().map_err(WorkerFault::Pipe)? {
                return Err(self.ended(status));
            }
            if self.pipes.is_taken().map_err(WorkerFault::Pipe)? {
                self.is_ready = true;
            } else {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// [`WorkerFault`]: the worker has ended.
    pub(super) async fn send(&mut self, message: &impl Serialize) -> Result<(), WorkerFault> {
        let text = serde_json::to_vec(message).map_err(|error| WorkerFault::Pipe(error.into()))?;
        let status = tokio::select! {
            biased;
            sent = self.pipes.send(text) => return sent.map_err(WorkerFault::Pipe),
            status = self.child.wait() => status,
        };
        Err(self.ended(status.map_err(WorkerFault::Pipe)?))
    }

    /// Receives a message.
    ///
    /// # Errors
    ///
    /// [`WorkerFault`]: the worker has ended, or has sent something else.
    pub(super) async fn receive(&mut self) -> Result<WorkerLine, WorkerFault> {
        let ended = tokio::select! {
            biased;
            line = self.pipes.receive(self.max_line) => return self.read(line),
            status = self.child.wait() => status.map_err(WorkerFault::Pipe)?,
        };
        // It may have sent a line just before its end.
        match tokio::time::timeout(LAST_LINE, self.pipes.receive(self.max_line)).await {
            Ok(line) => self.read(line),
            Err(_) => Err(self.ended(ended)),
        }
    }

    fn read(&self, line: io::Result<PipeLine>) -> Result<WorkerLine, WorkerFault> {
        match line.map_err(WorkerFault::Pipe)? {
            PipeLine::TooLong => Err(WorkerFault::LineTooLong {
                limit_bytes: self.max_line as u64,
            }),
            PipeLine::Whole(line) => {
                serde_json::from_slice(&line).map_err(|source| WorkerFault::NoMessage {
                    line: report::shortened(&String::from_utf8_lossy(&line), SHOWN_BYTES),
                    source,
                })
            }
        }
    }

    fn ended(&self, status: ExitStatus) -> WorkerFault {
        self.group.kill();
        if self.is_ready {
            WorkerFault::Ended { status }
        } else {
            WorkerFault::NotReady { status }
        }
    }

    /// Lets the worker end, and kills it if it doesn't.
    pub(super) async fn end(mut self) {
        let ending = async {
            self.send(&WorkerCall::End).await?;
            self.child.wait().await.map_err(WorkerFault::Pipe)
        };
        // Dropping it kills whatever is left.
        let _ = tokio::time::timeout(END_WITHIN, ending).await;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.group.kill();
    }
}
