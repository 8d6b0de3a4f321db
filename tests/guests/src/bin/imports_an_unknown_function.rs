//! A connector that needs a function which this host doesn't have, like one built for a later host.
//! The host must name the missing import at load time, and keep serving the others.

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
