//! The environment of a function, which Lambda describes in variables
//! (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>).

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::lambda::{LambdaError, report_init_error};
use crate::report;

/// The host and the port of the runtime API. Only Lambda sets it.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// The folder of the function's files.
const TASK_ROOT: &str = "LAMBDA_TASK_ROOT";

/// The function's memory in megabytes.
const MEMORY: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";

/// What the loop reads besides, and Lambda always sets.
const ALWAYS_SET: [&str; 3] = [
    "AWS_LAMBDA_FUNCTION_NAME",
    MEMORY,
    "AWS_LAMBDA_FUNCTION_VERSION",
];

/// The name under which Lambda starts a function.
const BOOTSTRAP: &str = "bootstrap";

/// What Lambda says about the function.
#[derive(Debug)]
pub(in crate::cli) struct FunctionEnvironment {
    /// The function's memory in bytes.
    pub(super) memory_bytes: u64,
}

impl FunctionEnvironment {
    /// Whether Lambda has started this process as a function: as `bootstrap`, or without a command.
    pub(in crate::cli) fn has_started_this() -> bool {
        let mut words = env::args_os();
        let name = words.next().map(PathBuf::from).unwrap_or_default();
        runtime_api().is_some() && (name.ends_with(BOOTSTRAP) || words.next().is_none())
    }

    /// The command line of a function: that of `serve`, whose settings come from the environment and the file. Its log is
    /// JSON, as Lambda's own, unless the function is configured otherwise.
    pub(in crate::cli) fn words(program: &str) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![program.into(), "serve".into()];
        let is_text = env::var_os("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format == "Text");
        if env::var_os("WELD_LOG_FORMAT").is_none() && !is_text {
            words.extend(["--log-format".into(), "json".into()]);
        }
        words
    }

    /// Reads the variables, and goes to the folder of the function's files, where the plugins and the settings are.
    ///
    /// # Errors
    ///
    /// [`LambdaError`]: a variable is missing, or the folder can't be used.
    pub(in crate::cli) fn enter() -> Result<Self, LambdaError> {
        if let Some(variable) = ALWAYS_SET
            .into_iter()
            .find(|variable| env::var(variable).is_err())
        {
            return Err(LambdaError::NoFunction { variable });
        }
        // The loop reads it as an `i32`.
        let megabytes = env::var(MEMORY).ok();
        let megabytes = megabytes.and_then(|text| text.parse::<i32>().ok());
        let megabytes = megabytes.and_then(|megabytes| u64::try_from(megabytes).ok());
        let Some(megabytes) = megabytes.filter(|megabytes| *megabytes > 0) else {
            return Err(LambdaError::NoFunction { variable: MEMORY });
        };
        if let Some(path) = env::var_os(TASK_ROOT).map(PathBuf::from) {
            env::set_current_dir(&path).map_err(|source| LambdaError::TaskRoot { path, source })?;
        }
        Ok(Self {
            memory_bytes: megabytes.saturating_mul(1 << 20),
        })
    }

    /// The only folder that a function may write to. It lasts as long as the execution environment.
    pub(super) fn temporary_folder() -> PathBuf {
        env::temp_dir()
    }

    /// Whether a folder ends with the execution environment.
    pub(super) fn is_temporary(folder: &Path) -> bool {
        folder.starts_with(Self::temporary_folder()) || folder.starts_with("/tmp")
    }
}

fn runtime_api() -> Option<String> {
    env::var(RUNTIME_API)
        .ok()
        .filter(|address| !address.is_empty())
}

/// Tells Lambda why the function could not start. The message is also the process's last line, since Lambda shows the
/// report only to whoever invokes the function.
pub(in crate::cli) fn report_failed_start(error: &(dyn std::error::Error + 'static)) {
    let (Some(address), Ok(runtime)) = (
        runtime_api(),
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build(),
    ) else {
        return;
    };
    runtime.block_on(report_init_error(&address, &report::chain(error)));
}
