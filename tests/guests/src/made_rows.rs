//! Generated rows, to measure the cost of a page without an upstream. Compiled into the guest `makes_rows` and into
//! the benchmark, which does the same work natively.

use std::fmt::Write as _;

/// A JSON array of `count` rows of about 1.5 KB each, written like a connector that maps an API's records.
pub(crate) fn rows(count: u32) -> String {
    let mut insert = String::from("[");
    for id in 1..=count {
        if id > 1 {
            insert.push(',');
        }
        row(&mut insert, id);
    }
    insert.push(']');
    insert
}

fn row(insert: &mut String, id: u32) {
    // Writing to a string can't fail.
    let _ = write!(
        insert,
        r#"{{"id":{id},"name":"beer {id}","abv":{}.{},"ibu":{},"first_brewed":"{:02}/20{:02}","#,
        id % 12,
        id % 10,
        id * 7 % 120,
        id % 12 + 1,
        id % 25
    );
    for member in ["tagline", "description", "brewers_tips", "contributed_by"] {
        let _ = write!(
            insert,
            r#""{member}":"{id}: {}","#,
            "a light, crisp and quite bitter beer for the warm days of the year, ".repeat(5)
        );
    }
    let _ = write!(insert, r#""volume":{{"value":{id},"unit":"litres"}}}}"#);
}
