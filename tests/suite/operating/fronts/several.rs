//! Two hosts behind one proxy, with the configurations for several hosts.

use super::front::{Front, FrontKind};
use super::keyed;
use crate::{assert_error, guests};
use rustix::process::Signal;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use weld_host_tests::gate::Gate;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::Message;
use weld_host_tests::until;
use weld_host_tests::upstream::Upstream;

/// So many that each of two hosts gets some.
const CONNECTORS: [&str; 8] = [
    "beers",
    "breweries",
    "crm",
    "deals",
    "orders",
    "reviews",
    "shop",
    "tickets",
];

/// A host with these connectors, whose rows say which host it is.
fn named(name: &str) -> HostBuilder {
    let config = format!("[env]\nHOST_NAME = \"{name}\"");
    CONNECTORS.iter().fold(keyed(), |builder, connector| {
        builder
            .plugin(connector, guests::ECHOES_STATE)
            .config(connector, &config)
    })
}

/// The host that made a page.
fn maker(page: &Message) -> String {
    assert_eq!(page.status(), 200, "{}", page.text());
    let name = &page.json()["insert"][0]["variables"]["HOST_NAME"];
    name.as_str().unwrap().to_owned()
}

/// The host of each connector, which has made all of some pages.
fn makers(front: &Front) -> BTreeMap<&'static str, String> {
    let maker_of = |connector: &'static str| {
        let pages = (0..3).map(|n| front.page(connector, &json!({ "n": n })));
        let makers: BTreeSet<String> = pages.map(|page| maker(&page)).collect();
        assert_eq!(makers.len(), 1, "{connector}");
        (connector, makers.into_iter().next().unwrap())
    };
    CONNECTORS.into_iter().map(maker_of).collect()
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn each_connector_has_one_host_and_moves_if_that_is_lost() {
    for kind in FrontKind::ALL {
        let (mut one, other) = (named("one").start(), named("other").start());
        let front = Front::of(kind, &[&one, &other]);
        let makers = makers(&front);
        let used: BTreeSet<&String> = makers.values().collect();
        assert_eq!(used.len(), 2, "{kind:?}: {makers:?}");
        one.signal(Signal::KILL);
        one.wait_for_exit();
        for (connector, before) in &makers {
            let ask = || front.page(connector, &json!({ "n": "after" }));
            if kind == FrontKind::Caddy {
                // It learns of the loss by its next probe.
                until("the connector moves", || ask().status() == 200);
            }
            let page = ask();
            assert_eq!(
                maker(&page),
                "other",
                "{kind:?} {connector}, before {before}"
            );
        }
    }
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn long_page_is_made_once_by_one_of_several_hosts() {
    for kind in FrontKind::ALL {
        let release = Gate::shut();
        let hold = release.clone();
        let upstream = Upstream::start(move |_, exchange| {
            hold.pass("the test to release the upstream");
            exchange.answer(200, &[], "in time");
        });
        let config = format!(
            "[network]\nallow = [\"{}\"]\n[limits]\nanswer-within = \"200ms\"",
            upstream.origin()
        );
        let start = || {
            let builder = keyed().plugin("guest", guests::FETCHES);
            builder.config("guest", &config).start()
        };
        let (one, other) = (start(), start());
        let front = Front::of(kind, &[&one, &other]);
        let state = json!({ "url": upstream.url("/") });
        for _ in 0..4 {
            let pending = front.page("guest", &state);
            assert_eq!(pending.header("weld-host-pending"), Some("running"));
        }
        release.open();
        until("the page", || {
            let answer = front.page("guest", &state);
            answer.json()["insert"][0]["body"] == "in time"
        });
        assert_eq!(upstream.received().len(), 1, "{kind:?}");
    }
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn connector_that_loads_nowhere_takes_no_other_one_away() {
    for kind in FrontKind::ALL {
        let start = |name| named(name).file("broken.wasm", "not a component").start();
        let (one, other) = (start("one"), start("other"));
        let front = Front::of(kind, &[&one, &other]);
        for n in 0..5 {
            let refused = front.page("broken", &json!({}));
            assert_error(&refused, 503, "connector_unavailable");
            for connector in CONNECTORS {
                let page = front.page(connector, &json!({ "n": n }));
                assert_eq!(page.status(), 200, "{kind:?}: {}", page.text());
            }
        }
    }
}

/// How long a client pauses between two requests.
const PAUSE: Duration = Duration::from_millis(40);

/// Clients that send requests through a proxy until they are stopped.
struct Load {
    stops: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// One client for each connector. An answer that is not a page must be one that `may_get`.
    fn begin(front: &Arc<Front>, may_get: fn(&Message) -> bool) -> Self {
        let (stops, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let clients = CONNECTORS.map(|connector| {
            let (front, stops, answered) = (front.clone(), stops.clone(), answered.clone());
            thread::spawn(move || {
                for n in 0.. {
                    if stops.load(Ordering::Relaxed) {
                        return;
                    }
                    let answer = front.page(connector, &json!({ "n": n }));
                    if !may_get(&answer) {
                        // Not only the status: a proxy that knows no host may answer 200 itself.
                        maker(&answer);
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                    let sent = Instant::now();
                    until("the next request is due", || sent.elapsed() > PAUSE);
                }
            })
        });
        Self {
            stops,
            answered,
            clients: clients.into(),
        }
    }

    /// Waits until many more requests have been answered.
    fn go_on(&self) {
        let before = self.answered.load(Ordering::Relaxed);
        until("the clients get their answers", || {
            self.clients.iter().any(JoinHandle::is_finished)
                || self.answered.load(Ordering::Relaxed) >= before + 400
        });
    }

    fn end(self) {
        self.stops.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().expect("no request failed");
        }
    }
}

/// Stops the host as an operator does, and starts another process at its address.
fn restarted(mut host: Host, name: &str) -> Host {
    let address: SocketAddr = host.address();
    host.terminate();
    assert_eq!(host.wait_for_exit().code(), Some(0));
    draining(name)
        .flag("--listen", &address.to_string())
        .start()
}

/// A host that drains for as long as by default.
fn draining(name: &str) -> HostBuilder {
    named(name).without("--drain")
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn hosts_restart_one_after_the_other_without_a_failed_request() {
    for kind in FrontKind::ALL {
        let (one, other) = (draining("one").start(), draining("other").start());
        let front = Arc::new(Front::of(kind, &[&one, &other]));
        let load = match kind {
            FrontKind::Nginx => Load::begin(&front, |_| false),
            // Until its next probe, Caddy doesn't know that a host stops.
            FrontKind::Caddy => Load::begin(&front, |answer| {
                answer.status() == 503
                    && answer.json()["error"]["kind"] == "shutting_down"
                    && answer.header("retry-after").is_some()
            }),
        };
        load.go_on();
        let one = restarted(one, "one");
        load.go_on();
        let other = restarted(other, "other");
        load.go_on();
        load.end();
        drop((one, other));
    }
}
