//! Answers `null` as the state. The table `more` announces another page, any other table doesn't.
//! The host must answer `invalid_page` to the first, since the sync would start again forever, and pass on the
//! second.

use weld_test_guests::{Error, Page, connector};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    Ok(Page {
        insert: r#"[{"id": 1}]"#.to_owned(),
        state: "null".to_owned(),
        has_more: table == "more",
        wait: None,
    })
}

connector!(fetch_page);
