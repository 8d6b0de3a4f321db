//! The client's side: what a connector answered, whether a host of ours wrote it or a function of
//! someone's own.

mod error;
mod page;
mod schema;
mod shape;

pub use error::read_error;
pub use page::{PageAnswer, read_page};
pub use schema::read_schema;
pub use shape::AnswerError;
