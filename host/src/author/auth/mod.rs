//! The tokens of credentials: how they are obtained and tried, what is known of them, how they are removed.

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
