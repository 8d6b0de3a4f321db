//! The tokens of credentials: how they are got, what is known of them, how they are removed.

mod callback;
mod error;
mod login;
mod logout;
mod lookup;
mod status;

pub use error::AuthCommandError;
pub use login::Login;
pub use logout::{Logout, log_out};
pub use status::{Status, status};
