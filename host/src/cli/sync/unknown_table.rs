//! A table that a destination lacks.

use std::path::PathBuf;

use crate::report;

/// How many tables of a destination are named.
const NAMED_TABLES: usize = 20;

/// The destination doesn't have the table that the command names.
#[derive(Debug, thiserror::Error)]
#[error("{} has no table `{table}`{}; {}{}", path.display(), self.meant(), self.tables(), self.force())]
pub struct UnknownTable {
    /// The destination.
    pub path: PathBuf,
    /// The table.
    pub table: String,
    /// The destination's tables.
    pub known: Vec<String>,
    /// Whether `--force` makes the command accept the table.
    pub can_force: bool,
}

impl UnknownTable {
    fn meant(&self) -> String {
        let nearest = report::nearest(&self.table, self.known.iter().map(String::as_str));
        nearest.map_or_else(String::new, |nearest| {
            format!(" (did you mean `{nearest}`?)")
        })
    }

    fn tables(&self) -> String {
        if self.known.is_empty() {
            return "it has no tables".to_owned();
        }
        let names = self.known.iter().take(NAMED_TABLES).map(String::as_str);
        let names = names.collect::<Vec<_>>().join(", ");
        match self.known.len().saturating_sub(NAMED_TABLES) {
            0 => format!("it has {names}"),
            more => format!("it has {names} and {more} more"),
        }
    }

    fn force(&self) -> &'static str {
        if self.can_force {
            "; --force sets the state for a later sync anyway"
        } else {
            ""
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_has_the_nearest_table_and_the_others() {
        let error = |table: &str, known: usize, can_force| {
            let known = (1..=known).map(|number| format!("table{number}"));
            let error = UnknownTable {
                path: "shop.sqlite".into(),
                table: table.to_owned(),
                known: known.collect(),
                can_force,
            };
            error.to_string()
        };
        assert_eq!(
            error("orders", 0, false),
            "shop.sqlite has no table `orders`; it has no tables"
        );
        assert_eq!(
            error("table22", 2, true),
            "shop.sqlite has no table `table22` (did you mean `table2`?); it has table1, table2; --force sets the state \
             for a later sync anyway"
        );
        assert!(error("orders", 22, false).ends_with(", table20 and 2 more"));
    }
}
