//! The client's side: reads a connector's answers, whether they come from this host or from someone's own function.

mod error;
mod page;
mod schema;
mod shape;

pub use error::read_error;
pub use page::{PageAnswer, read_page};
pub use schema::read_schema;
pub use shape::AnswerError;
