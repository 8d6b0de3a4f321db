//! The tokens of credentials: obtains, tests, lists and removes them.

mod callback;
mod error;
mod login;
mod logout;
mod lookup;
mod status;
mod trial;

pub use error::AuthCommandError;
pub use login::{KeptLogin, Login};
pub use logout::{Logout, log_out};
pub use status::{Status, status};
pub use trial::{Trial, try_credential};
