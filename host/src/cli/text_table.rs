//! Rows in columns, for people.

use crate::report;

/// The head and the rows as lines, each column as wide as its widest cell.
pub(super) fn text_table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Vec<String> {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned))
        .chain(rows)
        .map(|row| row.map(|cell| report::escaped(&cell)))
        .collect();
    let widths = rows.iter().fold([0; N], |mut widths, row| {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
        widths
    });
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        line.join("  ").trim_end().to_owned()
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cells() {
        let rows = [["a", "long text"], ["longer", ""], ["é\u{1b}", "x"]];
        let lines = text_table(["A", "B"], rows.map(|row| row.map(str::to_owned)));
        let escape = lines[3].clone();
        assert_eq!(
            lines[1].find("long text"),
            escape.find('x').map(|at| at - 1)
        );
        assert!(lines[0].starts_with("A "), "{lines:?}");
        assert!(!escape.contains('\u{1b}'), "{escape}");
        assert!(!lines[2].ends_with(' '));
    }
}
