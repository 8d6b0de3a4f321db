//! AWS Lambda: requests that arrive as events, and answers in the forms that the event's source expects.
//!
//! This room has the function's side of Lambda's runtime API, the events of each source, the time that an invocation has,
//! and the package that is uploaded. It does not have what answers a request: that is `server`, which it calls without a
//! connection. The environment and the settings come from `cli`.
//!
//! The loop is that of the crate `lambda_runtime`. The events are read here rather than by `lambda_http`, which tries
//! the forms of events in turn. So it reports neither which member of an event is wrong, nor, to the client, a body that is
//! not base64.
//!
//! Uses `server`.

mod answer;
mod deadline;
mod error;
mod event;
mod function;
mod headers;
mod init_error;
pub(crate) mod package;
mod source;

pub use error::LambdaError;
pub(crate) use function::LambdaFunction;
pub(crate) use init_error::report_init_error;
pub use package::PackageError;
