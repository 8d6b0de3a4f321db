//! `weld-host sync state`: shows or changes the states from which the next sync starts.

use clap::{Args, Subcommand};
use serde_json::value::RawValue;

use super::target::Target;
use super::unknown_table::UnknownTable;
use crate::cli::error::CliError;
use crate::cli::output::say;
use crate::report;
use crate::sync::States;

#[derive(Debug, Args)]
pub(super) struct StateFlags {
    #[command(subcommand)]
    command: StateCommand,
}

#[derive(Debug, Subcommand)]
enum StateCommand {
    /// Print the states, one per line: the table, a tab, the state
    Show {
        /// The SQLite file or folder of a sync
        #[arg(value_name = "WHERE")]
        to: String,
        /// Only this table's state
        table: Option<String>,
    },
    /// Set the state from which a table's next sync starts; its rows stay
    Set {
        /// The SQLite file or folder of a sync
        #[arg(value_name = "WHERE")]
        to: String,
        /// The table
        table: String,
        /// A JSON object, or null
        state: String,
        /// Set it even if no sync has written such a table
        #[arg(long)]
        force: bool,
    },
    /// Forget a table's state, so that its next sync starts over; its rows stay
    Reset {
        /// The SQLite file or folder of a sync
        #[arg(value_name = "WHERE")]
        to: String,
        /// The table
        table: String,
    },
}

pub(super) fn run(flags: StateFlags) -> Result<(), CliError> {
    match flags.command {
        StateCommand::Show { to, table } => show(&to, table.as_deref()),
        StateCommand::Set {
            to,
            table,
            state,
            force,
        } => {
            let state = read_state(state)?;
            let mut states = OpenStates::open(&to)?;
            if !force {
                states.expect_table(&table, true)?;
            }
            states.states.set_state(&table, &state)?;
            done(&table, "continues from this state");
            Ok(())
        }
        StateCommand::Reset { to, table } => {
            let mut states = OpenStates::open(&to)?;
            states.expect_table(&table, false)?;
            if states.states.reset_state(&table)? {
                done(&table, "starts from the beginning; its rows stay");
                Ok(())
            } else {
                Err(CliError::NoState { table })
            }
        }
    }
}

/// Says what the next sync of a table does now.
fn done(table: &str, what: &str) {
    eprintln!("{}: the next sync {what}", report::escaped(table));
}

/// The states of a destination.
struct OpenStates {
    target: Target,
    states: Box<dyn States>,
}

impl OpenStates {
    fn open(to: &str) -> Result<Self, CliError> {
        let target = Target::given(to);
        let states = target.states()?;
        Ok(Self { target, states })
    }

    /// Fails if the destination doesn't have the table.
    fn expect_table(&mut self, table: &str, can_force: bool) -> Result<(), CliError> {
        let known = self.states.tables()?;
        if known.iter().any(|known| known == table) {
            return Ok(());
        }
        Err(UnknownTable {
            path: self.target.path().to_owned(),
            table: table.to_owned(),
            known,
            can_force,
        }
        .into())
    }
}

fn show(to: &str, table: Option<&str>) -> Result<(), CliError> {
    let mut states = OpenStates::open(to)?;
    if let Some(table) = table {
        states.expect_table(table, false)?;
    }
    let mut shown = states
        .states
        .states()?
        .into_iter()
        .filter(|(name, _)| table.is_none_or(|table| table == name))
        .peekable();
    if let (Some(table), None) = (table, shown.peek()) {
        return Err(CliError::NoState {
            table: table.to_owned(),
        });
    }
    for (table, state) in shown {
        say(&format!("{table}\t{state}"));
    }
    Ok(())
}

/// Reads a state: an object or null. The connector's host would refuse anything else with the next request.
fn read_state(text: String) -> Result<Box<RawValue>, CliError> {
    let state = RawValue::from_string(text).map_err(|error| CliError::State(error.to_string()))?;
    if state.get().starts_with('{') || state.get() == "null" {
        Ok(state)
    } else {
        Err(CliError::State("it is neither".to_owned()))
    }
}
