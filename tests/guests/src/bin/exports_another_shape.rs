//! Exports the contract's `source` under its name and version, but with functions of other types.
//! Such a component passes pre-instantiation. The host must report it at load time, not at the first page.

wit_bindgen::generate!({
    inline: r"
        package weld:connector@0.1.0;

        interface source {
            schema: func() -> string;
            fetch-page: func(table: string) -> string;
        }

        world connector {
            export source;
        }
    ",
});

struct Connector;

impl exports::weld::connector::source::Guest for Connector {
    fn schema() -> String {
        "{}".to_owned()
    }

    fn fetch_page(table: String) -> String {
        table
    }
}

export!(Connector);

fn main() {}
