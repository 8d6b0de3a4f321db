//! The macro that exports a connector from a component.

/// Exports a type that implements [`Connector`](crate::Connector) as the component's connector. Use it once, in the
/// crate that becomes the component. A native build, as for tests, exports nothing.
#[macro_export]
macro_rules! export {
    ($connector:ty) => {
        // A native build uses the type, too, so that missing methods are reported, and the type isn't reported as unused.
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
