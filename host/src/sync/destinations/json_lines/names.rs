//! Makes file names from table names.

use std::collections::HashSet;

/// The extension of the tables' files.
const EXTENSION: &str = ".jsonl";

/// Most file systems allow names of 255 bytes. A number and the extension follow.
const MAX_BYTES: usize = 200;

/// The file name for `table`: `orders.jsonl`, or `orders_2.jsonl` and so on if another table has it. `taken` are the
/// other tables' files. Names are compared without case, since some file systems treat `Orders` and `orders` as equal.
pub(super) fn file_name<'a>(table: &str, taken: impl Iterator<Item = &'a str>) -> String {
    let taken: HashSet<_> = taken.map(str::to_lowercase).collect();
    let stem = stem(table);
    let mut name = format!("{stem}{EXTENSION}");
    let mut number = 2_usize;
    while taken.contains(&name.to_lowercase()) {
        name = format!("{stem}_{number}{EXTENSION}");
        number = number.saturating_add(1);
    }
    name
}

/// Keeps letters and digits of any script, hyphens and dots, except for a dot at the beginning, which would hide the
/// file.
fn stem(table: &str) -> String {
    let mut stem = String::new();
    for character in table.chars() {
        let fits = character.is_alphanumeric()
            || character == '-'
            || (character == '.' && !stem.is_empty());
        let character = if fits { character } else { '_' };
        if stem.len().saturating_add(character.len_utf8()) > MAX_BYTES {
            break;
        }
        stem.push(character);
    }
    if stem.is_empty() {
        stem.push_str("table");
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_distinct_and_stay_in_the_folder() {
        let long = "ä".repeat(500);
        let long_file = format!("{}.jsonl", "ä".repeat(100));
        let cases = [
            ("orders", "orders.jsonl"),
            ("Orders", "Orders_2.jsonl"),
            ("../etc/passwd", "_._etc_passwd.jsonl"),
            (".hidden", "_hidden.jsonl"),
            ("", "table.jsonl"),
            ("a/b", "a_b.jsonl"),
            ("a\\b", "a_b_2.jsonl"),
            ("a\0b\n", "a_b_.jsonl"),
            ("v1.users", "v1.users.jsonl"),
            ("größe", "größe.jsonl"),
            (&long, &long_file),
        ];
        let mut taken = Vec::new();
        for (table, expected) in cases {
            let name = file_name(table, taken.iter().map(String::as_str));
            assert_eq!(name, expected, "{table:?}");
            taken.push(name);
        }
    }
}
