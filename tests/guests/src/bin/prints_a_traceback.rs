//! Writes a traceback as Python does, line by line, to stderr, then other lines; fetches nothing. The table `panic` panics.
//! The host must write the traceback as one event of its log, and the other lines as events of their own.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    eprintln!("before it");
    for line in [
        "Traceback (most recent call last):",
        "  File \"app.py\", line 3, in rows",
        "    deals[0]",
        "IndexError: list index out of range",
        "",
        "During handling of the above exception, another exception occurred:",
        "",
        "Traceback (most recent call last):",
        "  File \"app.py\", line 5, in rows",
        "ValueError: no deals",
    ] {
        eprintln!("{line}");
    }
    eprintln!("after it");
    println!("on stdout");
    if table == "panic" {
        panic!("no row\nin this table");
    }
    last_page("[]", "{}")
}

connector!(fetch_page);
