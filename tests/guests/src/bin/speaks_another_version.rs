//! A connector for a contract that this host doesn't know: version 0.2.0 of the package.
//! The host must report which version it found and which it serves, and keep serving the others.

wit_bindgen::generate!({
    inline: r"
        package weld:connector@0.2.0;

        interface source {
            fetch-page: func(table: string, state: string, cursor: string) -> string;
        }

        world connector {
            export source;
        }
    ",
});

struct Connector;

impl exports::weld::connector::source::Guest for Connector {
    fn fetch_page(_table: String, state: String, _cursor: String) -> String {
        state
    }
}

export!(Connector);

fn main() {}
