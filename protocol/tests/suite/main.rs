//! Properties of the protocol that hold for any input, and stack use with hostile input.

mod depth;
mod pages;
mod requests;
mod schemas;
mod texts;
