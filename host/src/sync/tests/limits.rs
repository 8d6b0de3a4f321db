//! Syncs that stop at a limit.

use std::num::NonZeroU64;

use super::tables::names;
use super::*;
use crate::sync::TableLimits;

fn limited(rows: u64, pages: u64) -> SyncOptions {
    SyncOptions {
        limits: TableLimits {
            rows: NonZeroU64::new(rows),
            pages: NonZeroU64::new(pages),
        },
        ..SyncOptions::default()
    }
}

#[tokio::test]
async fn each_table_stops_after_a_whole_page_and_the_next_sync_continues() {
    for (options, flag) in [(limited(3, 0), "--limit 3"), (limited(0, 2), "--pages 2")] {
        let server = three_pages().await;
        let memory = Memory::default();
        let (result, events) = run(&server, &memory, &options).await;
        let summary = result.unwrap();
        assert!(!summary.stopped);
        let limits: Vec<_> = summary.limited().collect();
        let limits: Vec<_> = limits
            .iter()
            .map(|(table, limit)| (*table, limit.to_string()))
            .collect();
        assert_eq!(limits, [("a", flag.to_owned()), ("b", flag.to_owned())]);
        for (table, summary) in ["a", "b"].into_iter().zip(&summary.tables) {
            assert_eq!((summary.rows, summary.complete), (4, false), "{flag}");
            assert_eq!(memory.table(table).rows.len(), 4, "{flag}");
            assert_eq!(memory.table(table).state.as_deref(), Some(r#"{"page": 2}"#));
            // The third page is not even requested.
            assert_eq!(server.states(table).len(), 2, "{flag}");
        }
        let a = format!("a reached {flag}");
        let ended = ["page a 2 2", &a, "done a false", "began b false"];
        let names = names(&events);
        assert!(names.windows(4).any(|names| names == ended), "{names:?}");

        // The rest of each table is one page, so it ends before the limit.
        let (result, _) = run(&server, &memory, &options).await;
        let summary = result.unwrap();
        assert_eq!(summary.limited().count(), 0, "{flag}");
        assert!(summary.tables.iter().all(|table| table.complete), "{flag}");
        assert_eq!(memory.table("a").rows.len(), 6, "{flag}");
        assert_eq!(server.states("a").last().unwrap(), r#"{"page":2}"#);
    }
}

#[tokio::test]
async fn a_limit_that_the_last_page_reaches_leaves_the_table_complete() {
    for options in [limited(5, 0), limited(6, 3), limited(u64::MAX, u64::MAX)] {
        let server = three_pages().await;
        let memory = Memory::default();
        let (result, events) = run(&server, &memory, &options).await;
        let summary = result.unwrap();
        assert_eq!((summary.rows(), summary.limited().count()), (12, 0));
        assert!(names(&events).contains(&"done a true".to_owned()));
        assert_eq!(names(&events).len(), 11);
    }
}

#[tokio::test]
async fn pending_answers_do_not_count_as_pages() {
    let mut requests = 0;
    let server = paging(move |_| {
        requests += 1;
        match requests {
            1 => page("[]", r#"{"page": 1}"#, true),
            2 => Answer::with(
                "200 OK",
                "Weld-Host-Pending: waiting\r\nRetry-After: 0\r\n",
                br#"{"insert": [], "state": {"page": 1}, "hasMore": true}"#,
            ),
            _ => page(r#"[{"id": 1}]"#, r#"{"page": 2}"#, true),
        }
    })
    .await;
    let options = SyncOptions {
        tables: Some(vec!["a".to_owned()]),
        ..limited(0, 2)
    };
    let memory = Memory::default();
    let (result, _) = run(&server, &memory, &options).await;
    assert_eq!(result.unwrap().pages(), 2);
    assert_eq!(memory.table("a").state.as_deref(), Some(r#"{"page": 2}"#));
    assert_eq!(server.states("a").len(), 3);
}
