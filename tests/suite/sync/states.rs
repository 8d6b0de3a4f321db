//! `weld-host sync state`: the states from which the next sync starts.

use super::{KEY, beers, desk};
use serde_json::Value;
use weld_host::demo::Table;
use weld_host_tests::demo_api::{Api, unlimited};
use weld_host_tests::paged::paged;

#[test]
fn states_are_shown_set_and_reset() {
    let api = Api::start(unlimited());
    let (_host, url) = beers(&api);
    let all_orders = Table::Orders.count(1);
    for to in ["shop.sqlite", "shop/"] {
        let desk = desk();
        let sync = || {
            let before = api.served(Table::Orders);
            desk.good(&[
                &url, "--key", KEY, "--to", to, "--table", "orders", "--quiet",
            ]);
            api.served(Table::Orders) - before
        };
        assert_eq!(sync(), all_orders, "{to}");
        let shown = desk.good(&["state", "show", to]).stdout;
        let [line] = shown.as_slice() else {
            panic!("one state: {shown:?}");
        };
        let (table, state) = line.split_once('\t').expect("a tab");
        assert_eq!(table, "orders");
        assert!(
            state.parse::<Value>().unwrap()["updated_since"].is_string(),
            "{line}"
        );

        desk.good(&["state", "reset", to, "orders"]);
        assert!(desk.good(&["state", "show", to]).stdout.is_empty(), "{to}");
        assert_eq!(sync(), all_orders, "from its beginning: {to}");

        desk.good(&["state", "set", to, "orders", "{}"]);
        assert_eq!(
            desk.good(&["state", "show", to, "orders"]).stdout,
            ["orders\t{}"]
        );
        assert_eq!(sync(), all_orders, "{to}");
        desk.good(&["state", "set", to, "orders", state]);
        assert!(sync() < 10, "from the state that was set: {to}");

        for (arguments, words) in [
            (&["state", "set", to, "orders", "[1]"][..], "object"),
            (&["state", "set", to, "orders", "{"], "JSON"),
            (&["state", "show", "nowhere.sqlite"], "nowhere.sqlite"),
        ] {
            let ended = desk.run(arguments);
            assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {ended:?}");
            assert!(
                ended.stderr.len() == 1 && ended.stderr[0].contains(words),
                "{arguments:?}: {ended:?}"
            );
        }
        assert!(!desk.path("nowhere.sqlite").exists());
    }
}

#[test]
fn table_that_the_destination_lacks_is_refused_unless_forced() {
    let schema =
        r#"{"schema": {"contacts": {"primary_key": "id"}, "deals": {"primary_key": "id"}}}"#;
    let server = paged(schema, &[br#"[{"id": 1}]"#]);
    for to in ["crm.sqlite", "crm/"] {
        let desk = desk();
        desk.good(&[&server.origin(), "--to", to, "--quiet"]);
        let refused = |arguments: &[&str]| {
            let ended = desk.run(arguments);
            assert_eq!(ended.status.code(), Some(1), "{ended:?}");
            let [line] = ended.stderr.as_slice() else {
                panic!("one line: {ended:?}");
            };
            line.clone()
        };
        let before = desk.good(&["state", "show", to]).stdout;
        for command in [
            &["state", "set", to, "kontacts", "{}"][..],
            &["state", "reset", to, "kontacts"],
            &["state", "show", to, "kontacts"],
        ] {
            let line = refused(command);
            let words = format!(
                "weld-host: {to} has no table `kontacts` (did you mean `contacts`?); it has contacts, deals"
            );
            assert!(line.starts_with(&words), "{line}");
            assert_eq!(line.contains("--force"), command[1] == "set", "{line}");
        }
        assert_eq!(desk.good(&["state", "show", to]).stdout, before);

        desk.good(&["state", "reset", to, "deals"]);
        for command in ["reset", "show"] {
            let line = refused(&["state", command, to, "deals"]);
            assert!(
                line.contains("there is no state for the table `deals`"),
                "{line}"
            );
        }
        desk.good(&["state", "set", to, "deals", "{}"]);
        desk.good(&["state", "set", "--force", to, "later", r#"{"since": 1}"#]);
        let shown = desk.good(&["state", "show", to, "later"]).stdout;
        assert_eq!(shown, ["later\t{\"since\": 1}"]);
        desk.good(&["state", "reset", to, "later"]);
    }
}
