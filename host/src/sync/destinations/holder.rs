//! The processes that lock a destination.

use std::fmt::{self, Display, Formatter};

/// The processes that keep a sync out of a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockHolder {
    /// Another sync, with its process ID if it is known.
    Sync(Option<u32>),
    /// Other programs; empty if the system doesn't say which.
    Programs(Vec<RunningProgram>),
}

/// A process, with its program if it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningProgram {
    /// The process ID.
    pub pid: u32,
    /// The program's name.
    pub name: Option<String>,
}

impl Display for LockHolder {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sync(Some(pid)) => write!(formatter, "another sync (process {pid})"),
            Self::Sync(None) => formatter.write_str("another sync"),
            Self::Programs(programs) if programs.is_empty() => {
                formatter.write_str("another program")
            }
            Self::Programs(programs) => {
                for (place, program) in programs.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    let name = program.name.as_deref().unwrap_or("another program");
                    write!(formatter, "{comma}{name} (process {})", program.pid)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_shown_with_their_programs() {
        let program = |pid, name: Option<&str>| RunningProgram {
            pid,
            name: name.map(str::to_owned),
        };
        for (holder, words) in [
            (LockHolder::Sync(None), "another sync"),
            (LockHolder::Programs(Vec::new()), "another program"),
            (
                LockHolder::Programs(vec![program(7, Some("sqlite3")), program(8, None)]),
                "sqlite3 (process 7), another program (process 8)",
            ),
        ] {
            assert_eq!(holder.to_string(), words);
        }
    }
}
