//! The rows of the demo API. Each is a pure function of its index in its table, so tables of any length take no memory,
//! and tests know every row without requesting it.
//!
//! This module defines the rows' content, not how they are served.

mod beers;
mod breweries;
mod customers;
mod draw;
mod json;
mod orders;
mod reviews;

use json::text;
pub(super) use orders::{Order, TICK, tick};

/// A table of the demo API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Table {
    /// Served by page number.
    Beers,
    /// Served by offset.
    Breweries,
    /// Served by cursor.
    Reviews,
    /// Served by time of change.
    Orders,
    /// Served by key.
    Customers,
}

impl Table {
    /// Every table, in the order of the API's description.
    pub const ALL: [Self; 5] = [
        Self::Beers,
        Self::Breweries,
        Self::Reviews,
        Self::Orders,
        Self::Customers,
    ];

    /// The table's name in lower case, which is also its path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Beers => "beers",
            Self::Breweries => "breweries",
            Self::Reviews => "reviews",
            Self::Orders => "orders",
            Self::Customers => "customers",
        }
    }

    /// The number of rows before any order is added.
    pub fn count(self, scale: u32) -> u64 {
        let rows = match self {
            Self::Beers => 325,
            Self::Breweries => 210,
            Self::Reviews => 400,
            Self::Orders => 260,
            Self::Customers => 290,
        };
        rows * u64::from(scale)
    }

    /// The row at `index`, counted from 0, even beyond the table's length: a JSON object with the `id` `index + 1`.
    /// An order has its state before any change.
    pub fn row(self, index: u64) -> String {
        text(|row| self.write_row(index, row))
    }

    /// Appends the same row to a JSON text.
    pub(super) fn write_row(self, index: u64, json: &mut Vec<u8>) {
        match self {
            Self::Beers => beers::write(index, json),
            Self::Breweries => breweries::write(index, json),
            Self::Reviews => reviews::write(index, json),
            Self::Orders => Order::unchanged(index).write(json),
            Self::Customers => customers::write(index, json),
        }
    }

    /// All rows of the table, sorted by id, as they are served.
    pub fn rows(self, scale: u32) -> impl Iterator<Item = String> {
        (0..self.count(scale)).map(move |index| self.row(index))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_row_is_an_object_with_the_next_id() {
        for table in Table::ALL {
            let mut rows = 0;
            for (text, id) in table.rows(2).zip(1_u64..) {
                let row: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(row["id"], id, "{}", table.name());
                rows = id;
            }
            assert_eq!(rows, table.count(2), "{}", table.name());
        }
    }

    #[test]
    fn rows_are_reproducible_and_distinct() {
        for table in Table::ALL {
            assert_eq!(table.row(7), table.row(7));
            let mut first: Value = serde_json::from_str(&table.row(7)).unwrap();
            let second: Value = serde_json::from_str(&table.row(8)).unwrap();
            first["id"] = second["id"].clone();
            assert_ne!(first, second, "{}", table.name());
        }
    }

    #[test]
    fn tables_may_be_larger_than_memory() {
        for table in Table::ALL {
            let row: Value = serde_json::from_str(&table.row(1 << 40)).unwrap();
            assert_eq!(row["id"], (1_u64 << 40) + 1, "{}", table.name());
        }
    }

    #[test]
    fn a_beer_has_about_one_and_a_half_kilobytes() {
        let rows = Table::Beers.count(1);
        let bytes: usize = Table::Beers.rows(1).map(|row| row.len()).sum();
        let mean = bytes as u64 / rows;
        assert!((1_350..=1_650).contains(&mean), "{mean}");
    }
}
