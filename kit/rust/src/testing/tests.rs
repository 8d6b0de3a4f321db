use super::*;

const URL: &str = "https://api.example.com/rows";

#[test]
fn routes_answer_by_method_and_url_and_replies_in_order() {
    let host = FakeHost::new()
        .route("GET", URL, Reply::new(201))
        .route(
            "GET",
            "https://api.example.com/rows?page=2",
            Reply::new(202),
        )
        .reply(Reply::new(203))
        .reply(Reply::new(204));
    let status = |request: crate::Request<'_>| request.send().map(|answer| answer.status());
    assert_eq!(status(host.post(URL)), Ok(203));
    assert_eq!(status(host.get(URL).query("page", 1)), Ok(201));
    assert_eq!(status(host.get("https://api.example.com/other")), Ok(204));
    let Err(Error::Upstream(message)) = status(host.get("https://api.example.com/other")) else {
        panic!("a reply from nowhere");
    };
    assert!(
        message.contains("GET https://api.example.com/other"),
        "{message}"
    );
    assert_eq!(host.requests().len(), 4);
}

#[test]
fn sleeps_move_the_clock_within_the_page_s_time() {
    let seconds = Duration::from_secs;
    let host = FakeHost::new()
        .at("2024-01-01T00:00:00Z")
        .time_left(seconds(3));
    assert_eq!(host.sleep(seconds(2)), Ok(()));
    assert_eq!(host.now().to_string(), "2024-01-01T00:00:02Z");
    assert_eq!(host.sleep(seconds(2)), Err(OutOfTime { left: seconds(1) }));
    assert_eq!(host.sleeps(), [seconds(2)]);
    assert_eq!(FakeHost::new().now().to_string(), "2024-06-01T00:00:00Z");
}

#[test]
fn lines_are_formatted_and_kept_with_their_level() {
    let host = FakeHost::new();
    crate::debug!(&host, "{} rows", 3);
    crate::info!(&host, "a");
    crate::warn!(&host, "b");
    crate::error!(&host, "c");
    let expected = [
        (Level::Debug, "3 rows"),
        (Level::Info, "a"),
        (Level::Warn, "b"),
        (Level::Error, "c"),
    ];
    assert_eq!(
        host.logs(),
        expected.map(|(level, line)| (level, line.to_owned()))
    );
}

struct Endless;

impl Connector for Endless {
    fn schema(_: &Host) -> Result<Schema, Error> {
        Ok(Schema::new())
    }

    fn fetch_page(_: &Host, request: &PageRequest) -> Result<Page, Error> {
        Ok(Page::new([(); 0])?.more(request.table() == "endless"))
    }
}

#[test]
fn a_sync_without_an_end_fails() {
    let host = FakeHost::new();
    assert_eq!(
        host.sync::<Endless>("short", "{}").map(|pages| pages.len()),
        Ok(1)
    );
    assert!(matches!(
        host.sync::<Endless>("endless", "{}"),
        Err(Error::Other(_))
    ));
}
