//! A component for another world: a command, without the contract's `source`.
//! The host must report at load time that it is not a connector, and keep serving the others.

fn main() {}
