//! A connector that needs a function which this host doesn't have, as one built for a later host would.
//! The host must name the missing import when it loads, and serve the others.

wit_bindgen::generate!({
    inline: r"
        package weld:connector@0.1.0;

        interface host {
            teleport: func(place: string);
        }

        interface source {
            schema: func() -> string;
        }

        world connector {
            import host;
            export source;
        }
    ",
});

struct Connector;

impl exports::weld::connector::source::Guest for Connector {
    fn schema() -> String {
        weld::connector::host::teleport("elsewhere");
        String::new()
    }
}

export!(Connector);

fn main() {}
