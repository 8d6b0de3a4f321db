//! Why an event is not answered, and why the function doesn't start.

use std::io;

use lambda_runtime::Diagnostic;

use super::source::EventSource;

/// Why the function can't run.
#[derive(Debug, thiserror::Error)]
pub enum LambdaError {
    /// The environment is not that of a function.
    #[error(
        "AWS_LAMBDA_RUNTIME_API is set, but {variable} is not, so this is not an execution environment of AWS Lambda; to run \
         a server, use `weld-host serve`"
    )]
    NoFunction {
        /// The variable that is missing.
        variable: &'static str,
    },

    /// The folder of the function's files can't be used.
    #[error("the folder of the function's files, {} (LAMBDA_TASK_ROOT), can't be used", path.display())]
    TaskRoot {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },

    /// The runtime API is gone, which ends the process.
    #[error("the runtime API of AWS Lambda failed")]
    RuntimeApi(#[source] lambda_runtime::Error),
}

/// Why an event is not a request.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventError {
    /// A member has another type than in the events of all sources.
    #[error(
        "the event can't be read; this function answers events of a function URL, of API Gateway and of an Application Load \
         Balancer"
    )]
    Unreadable(#[source] serde_json::Error),

    #[error(
        "the event is not a request: this function answers events of a function URL, of API Gateway (REST and HTTP) and of an \
         Application Load Balancer, but this one has {}; remove its trigger, or test with the template `apigateway-aws-proxy`",
        named(members)
    )]
    UnknownSource {
        /// The first names of its members.
        members: Vec<String>,
    },

    #[error("the event of the {from} can't be read as a request: {fault}")]
    Invalid {
        from: EventSource,
        fault: EventFault,
    },
}

/// What is wrong with an event of a known source.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventFault {
    #[error("it has no `{0}`")]
    Missing(&'static str),

    #[error("its method `{}` is not a method of HTTP", .0.escape_debug())]
    Method(String),

    #[error("its path `{}` is not a path of a URL", .0.escape_debug())]
    Path(String),

    #[error("its header `{}` has an invalid name or value", .0.escape_debug())]
    Header(String),
}

/// What Lambda returns to whoever invoked the function, and shows in its console.
impl From<EventError> for Diagnostic {
    fn from(error: EventError) -> Self {
        let error_type = match &error {
            EventError::Unreadable(_) => "Event.Unreadable",
            EventError::UnknownSource { .. } => "Event.UnknownSource",
            EventError::Invalid { .. } => "Event.Invalid",
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: crate::report::chain(&error),
        }
    }
}

fn named(members: &[String]) -> String {
    if members.is_empty() {
        return "no members".to_owned();
    }
    let names = members
        .iter()
        .map(|name| format!("`{}`", name.escape_debug()));
    format!("the members {}", names.collect::<Vec<_>>().join(", "))
}
