//! The macro that makes a component of a connector.

/// Exports a type that implements [`Connector`](crate::Connector) as the component's connector: once, in the crate that becomes the
/// component. Native builds, as for tests, have no host to export to.
#[macro_export]
macro_rules! export {
    ($connector:ty) => {
        // So that a native build, too, knows it for used, and misses what it lacks.
        const _: fn(&$crate::Host) -> ::std::result::Result<$crate::Schema, $crate::Error> =
            <$connector as $crate::Connector>::schema;

        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Component;

            impl $crate::guest::Guest for Component {
                fn schema() -> ::std::result::Result<
                    ::std::vec::Vec<
                        $crate::guest::bindings::exports::weld::connector::source::Table,
                    >,
                    $crate::guest::bindings::exports::weld::connector::source::Error,
                > {
                    $crate::guest::schema::<$connector>()
                }

                fn fetch_page(
                    table: ::std::string::String,
                    state: ::std::string::String,
                ) -> ::std::result::Result<
                    $crate::guest::bindings::exports::weld::connector::source::Page,
                    $crate::guest::bindings::exports::weld::connector::source::Error,
                > {
                    $crate::guest::fetch_page::<$connector>(table, state)
                }
            }

    $crate::guest::bindings::export!(Component with_types_in $crate::guest::bindings);
        };
    };
}
