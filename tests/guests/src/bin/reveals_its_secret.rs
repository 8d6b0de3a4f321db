//! Reveals its variable `TOKEN` in every possible way: in its schema, by `log`, on stdout and stderr, in pieces, and
//! in its last message. The host must show it nowhere.

use std::io::Write;
use weld_test_guests::{Error, Field, FieldType, Page, Table, connector, host, last_page, table};

fn token() -> String {
    std::env::var("TOKEN").unwrap_or_default()
}

fn schema() -> Result<Vec<Table>, Error> {
    let note = Field {
        name: "note".to_owned(),
        type_: FieldType::Named("string".to_owned()),
        default: Some(format!("{:?}", token())),
    };
    Ok(vec![Table {
        fields: vec![note],
        ..table("rows", &["id"])
    }])
}

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let token = token();
    match table.as_str() {
        "log" => {
            host::log(host::LogLevel::Warn, &format!("by log: {token}."));
            println!("on stdout: {token}.");
            eprintln!("on stderr: {token}.");
            print!("in pieces: ");
            for character in token.chars() {
                print!("{character}");
                let _the_log_takes_all = std::io::stdout().flush();
            }
            println!(".");
        }
        "lines" => {
            for line in token.lines() {
                host::log(host::LogLevel::Warn, &format!("one line: {line}."));
                println!("one line on stdout: {line}.");
            }
            let escaped = token.replace('\n', "\\n");
            let joined = token.replace('\n', "");
            return last_page(
                format!("[{{\"escaped\":{escaped:?},\"joined\":{joined:?}}}]"),
                "{}",
            );
        }
        "panic" => panic!("last words: {token}."),
        _ => return Err(Error::UnknownTable),
    }
    last_page("[]", "{}")
}

connector!(schema, fetch_page);
