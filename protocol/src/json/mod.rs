//! This crate's checks of JSON texts (RFC 8259), done without building a tree.
//!
//! A walk reads one level and skips everything below it with `serde_json`'s scanner. The scanner is a loop: it keeps
//! one byte for each open bracket and no stack frame, so a hostile text of a million brackets costs a megabyte. It
//! checks the whole grammar but does not decode escapes: a lone surrogate such as `\ud800` passes as text, and is
//! found only when a name or a string is decoded.

mod canonical;
mod decimal;
mod key;
mod kind;
mod string;
mod walk;
mod write;

pub(crate) use canonical::canonical;
pub use decimal::Decimal;
pub use key::canonical_key;
pub use kind::JsonKind;
pub(crate) use string::{is_name, trim, unquote};
pub use walk::SyntaxError;
pub(crate) use walk::{ShapeFault, check, each_element, each_member, pick};
pub(crate) use write::{object, quote};
