//! Creates the host's resources and never drops one: pollables of WASI's clock. In the table `mine` they are its own
//! resources, of which the host keeps only the handles.
//! With `random`, nothing is kept, but the host generates more random bytes than anybody needs at once.
//! The host must answer `connector_crashed` at the limit, long before the resources become a burden.

use weld_test_guests::{Error, Page, connector, last_page};

mod mine {
    #![allow(
        clippy::allow_attributes_without_reason,
        reason = "bindgen's output gives none"
    )]

    wit_bindgen::generate!({
        inline: "
            package test:mine;

            interface things {
                resource thing {
                    constructor();
                }
            }

            world mine {
                export things;
            }
        ",
    });

    pub(crate) use exports::test::mine::things::Thing;

    pub(crate) struct Nothing;

    impl exports::test::mine::things::GuestThing for Nothing {
        fn new() -> Self {
            Self
        }
    }

    struct Exports;

    impl exports::test::mine::things::Guest for Exports {
        type Thing = Nothing;
    }

    export!(Exports);
}

/// Far more than any connector needs, and at most twice what the host allows: the host's limit must end it.
const MANY_OF_ITS_OWN: u32 = 40_000;
const MANY_OF_THE_HOSTS: u32 = 8_000;
const RANDOM_BYTES: u64 = 512 << 10;

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    if table == "mine" {
        for _ in 0..MANY_OF_ITS_OWN {
            std::mem::forget(mine::Thing::new(mine::Nothing));
        }
    } else if table == "random" {
        let _given_back = wasip2::random::random::get_random_bytes(RANDOM_BYTES);
    } else {
        for _ in 0..MANY_OF_THE_HOSTS {
            std::mem::forget(wasip2::clocks::monotonic_clock::subscribe_duration(1 << 50));
        }
    }
    last_page("[]", "{}")
}

connector!(fetch_page);
