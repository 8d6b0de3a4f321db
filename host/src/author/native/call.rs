//! One call of a worker: answers its requests until it returns.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::fault::NativeFault;
use super::message::{LineLevel, LogLine, WorkerLine};
use super::requests;
use super::worker::Worker;
use crate::author::build::commands_for;
use crate::egress::Egress;
use crate::scope::CallScope;

/// Receives the lines that a connector logs, without secrets.
pub(super) type NativeLogSink = Box<dyn Fn(LineLevel, &str) + Send + Sync>;

/// What a connector's calls use of the host.
pub(super) struct CallHost {
    pub(super) egress: Egress,
    /// The name of the configuration file in messages.
    pub(super) config_file: String,
    /// The names of the connector's variables.
    pub(super) variables: Vec<String>,
    /// The project's folder, as its author names it.
    pub(super) folder: PathBuf,
    pub(super) lines: NativeLogSink,
}

impl CallHost {
    /// Follows a call that the worker has read, to its end.
    ///
    /// # Errors
    ///
    /// [`NativeFault`]: the connector's own error for `table`, or the worker has failed.
    pub(super) async fn follow(
        &self,
        worker: &mut Worker,
        table: Option<&str>,
        scope: &Arc<CallScope>,
    ) -> Result<Box<RawValue>, NativeFault> {
        let secrets = self.egress.secrets();
        loop {
            let answer = match worker.receive().await? {
                WorkerLine::HttpFetch(line) => requests::fetch(&self.egress, line, scope).await,
                WorkerLine::Sleep(milliseconds) => requests::sleep(milliseconds, scope).await,
                WorkerLine::Log(LogLine { level, message }) => {
                    let message = commands_for(&self.folder, message);
                    (self.lines)(level, &secrets.shown(message));
                    continue;
                }
                WorkerLine::Return(value) => return Ok(value),
                WorkerLine::Raise(error) => {
                    let error = error.map(|message| commands_for(&self.folder, message));
                    let settings = (self.config_file.as_str(), self.variables.as_slice());
                    let is_temporary = scope.network.has_temporary_failure();
                    return Err(NativeFault::raised(
                        error,
                        settings,
                        table,
                        secrets,
                        is_temporary,
                    ));
                }
            };
            worker.send(&answer).await?;
        }
    }
}
