//! Runs a connector natively: its own language's process on this machine calls APIs through this host, without a
//! component.
//!
//! The process is a *worker*. The host calls its functions, and answers its requests, through two named pipes
//! (`message` has what they carry; `docs/native.md` describes it for kits). Requests pass
//! the same `egress` as those of a component: rules, credentials, quotas and limits are not implemented again. For
//! `sync`, the connector answers at a URL of 127.0.0.1, as a served component does.
//!
//! A worker is not sandboxed. Memory and processor time are not limited, and nothing keeps it from other files and
//! hosts.

mod call;
mod command;
mod connector;
mod environment;
mod error;
mod fault;
mod message;
mod page;
mod pipes;
mod process_group;
mod requests;
mod schema;
mod server;
mod worker;

pub(crate) use command::WorkerCommand;
pub use error::NativeError;
pub(crate) use message::LineLevel;
pub(crate) use server::{NativeOptions, NativeServer};
