use super::*;

fn written(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap()
}

fn read(line: &str) -> Result<WorkerLine, serde_json::Error> {
    serde_json::from_slice(line.as_bytes())
}

#[test]
fn calls_are_written_as_documented() {
    let environment = [("NAME".to_owned(), "a value".to_owned())];
    for (call, expected) in [
        (
            WorkerCall::Schema {
                environment: &environment,
            },
            r#"{"call":"schema","environment":[["NAME","a value"]]}"#,
        ),
        (
            WorkerCall::FetchPage {
                table: "deals",
                state: r#"{"page": 2}"#,
                environment: &[],
            },
            r#"{"call":"fetch-page","table":"deals","state":"{\"page\": 2}","environment":[]}"#,
        ),
        (WorkerCall::End, r#"{"call":"end"}"#),
    ] {
        assert_eq!(written(&call), expected);
    }
}

#[test]
fn answers_are_written_as_documented() {
    let response = |body| {
        HostLine::Ok(HostValue::Response(ResponseLine {
            status: 200,
            headers: vec![("a".to_owned(), "b".to_owned())],
            body: LineBody::of(body),
            url: "https://a.example.com/".to_owned(),
        }))
    };
    let error = |failure: FetchFailure| HostLine::Error(failure.into());
    for (answer, expected) in [
        (HostLine::Ok(HostValue::Nothing(())), r#"{"ok":null}"#),
        (
            response("é".into()),
            r#"{"ok":{"status":200,"headers":[["a","b"]],"body":{"text":"é"},"url":"https://a.example.com/"}}"#,
        ),
        (
            response(vec![0xff]),
            r#"{"ok":{"status":200,"headers":[["a","b"]],"body":{"bytes":"/w=="},"url":"https://a.example.com/"}}"#,
        ),
        (
            error(FetchFailure::Denied("no".to_owned())),
            r#"{"error":{"denied":"no"}}"#,
        ),
        (
            error(FetchFailure::Timeout),
            r#"{"error":{"timeout":null}}"#,
        ),
        (
            error(FetchFailure::TooLarge),
            r#"{"error":{"too-large":null}}"#,
        ),
        (
            error(FetchFailure::OverLimit("no".to_owned())),
            r#"{"error":{"over-limit":"no"}}"#,
        ),
        (
            error(FetchFailure::Unavailable(None)),
            r#"{"error":{"unavailable":null}}"#,
        ),
        (
            error(FetchFailure::Unavailable(Some(1500))),
            r#"{"error":{"unavailable":1500}}"#,
        ),
        (
            HostLine::Error(HostRefusal::OutOfTime { left: 20 }),
            r#"{"error":{"out-of-time":{"left":20}}}"#,
        ),
    ] {
        assert_eq!(written(&answer), expected);
    }
}

#[test]
fn every_line_of_a_worker_is_read() {
    let WorkerLine::HttpFetch(fetch) = read(
        r#"{"http-fetch":{"method":"GET","url":"u","headers":[["a","b"]],"body":{"bytes":"/w=="},"timeout":5,
            "idempotent":false,"credential":"shop"}}"#,
    )
    .unwrap() else {
        panic!("a request");
    };
    assert_eq!((&*fetch.method, &*fetch.url), ("GET", "u"));
    assert_eq!(fetch.headers, [("a".to_owned(), "b".to_owned())]);
    assert_eq!(fetch.body.unwrap().into_bytes().unwrap(), [0xff]);
    assert_eq!((fetch.timeout, fetch.idempotent), (Some(5), Some(false)));
    assert_eq!(fetch.credential.as_deref(), Some("shop"));
    assert!(matches!(
        read(
            r#"{"http-fetch":{"method":"GET","url":"u","headers":[],"body":null,"timeout":null,"idempotent":null,"credential":null}}"#
        ),
        Ok(WorkerLine::HttpFetch(FetchLine { body: None, .. }))
    ));
    assert!(matches!(
        read(r#"{"sleep":1500}"#),
        Ok(WorkerLine::Sleep(1500))
    ));
    assert!(matches!(
        read(r#"{"log":{"level":"warn","message":"m"}}"#),
        Ok(WorkerLine::Log(LogLine { level: LineLevel::Warn, message })) if message == "m"
    ));
    for (line, expected) in [
        (
            r#"{"raise":{"unknown-table":null}}"#,
            RaiseLine::UnknownTable,
        ),
        (
            r#"{"raise":{"invalid-state":"m"}}"#,
            RaiseLine::InvalidState("m".to_owned()),
        ),
        (
            r#"{"raise":{"rate-limited":null}}"#,
            RaiseLine::RateLimited(None),
        ),
        (
            r#"{"raise":{"rate-limited":7}}"#,
            RaiseLine::RateLimited(Some(7)),
        ),
    ] {
        assert!(
            matches!(read(line), Ok(WorkerLine::Raise(error)) if error == expected),
            "{line}"
        );
    }
    let Ok(WorkerLine::Return(value)) =
        read(r#"{"return":{"insert":"[{\"id\": 1}]","state":"{}","has-more":true,"wait":null}}"#)
    else {
        panic!("a page");
    };
    let page: PageLine = serde_json::from_str(value.get()).unwrap();
    assert_eq!(page.insert, r#"[{"id": 1}]"#);
    assert!(page.has_more && page.wait.is_none());
    let Ok(WorkerLine::Return(value)) = read(
        r#"{"return":[{"name":"deals","primary-key":["id"],"fields":[
            {"name":"id","type":{"named":"int"},"default":null},
            {"name":"note","type":{"described":"[\"null\",\"string\"]"},"default":"\"\""}]}]}"#,
    ) else {
        panic!("tables");
    };
    let tables: Vec<TableLine> = serde_json::from_str(value.get()).unwrap();
    assert_eq!(tables[0].primary_key, ["id"]);
    assert_eq!(tables[0].fields[0].kind, TypeLine::Named("int".to_owned()));
    assert_eq!(tables[0].fields[1].default.as_deref(), Some("\"\""));
}

#[test]
fn other_lines_are_refused() {
    for line in [
        "",
        "hello",
        "{}",
        r#"{"fetch":{}}"#,
        r#"{"sleep":-1}"#,
        r#"{"sleep":1.5}"#,
        r#"{"sleep":1,"log":{"level":"info","message":""}}"#,
        r#"{"log":{"level":"loud","message":""}}"#,
        r#"{"http-fetch":{"method":"GET"}}"#,
        r#"{"raise":{"odd":null}}"#,
        r#"{"sleep":1} x"#,
    ] {
        assert!(read(line).is_err(), "{line}");
    }
    assert!(
        LineBody::Bytes("no base64!".to_owned())
            .into_bytes()
            .is_err()
    );
}
