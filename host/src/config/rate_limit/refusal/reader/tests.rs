use std::env::VarError;
use std::path::Path;
use std::time::Duration;

use http::HeaderName;
use serde_json::{Value, json};

use super::*;
use crate::config::document::{Document, ValueSources};
use crate::config::reading::SystemFiles;
use crate::config::{
    BodyPath, Ceilings, ConnectorConfig, FieldCondition, HeaderCondition, RefusalAction,
    RefusalWait, TimeUnit, WaitPlace,
};

fn read(text: &str) -> (Vec<RefusalRule>, Vec<String>) {
    let document = Document::parse(text).expect(text);
    let no_variable = |_: &str| Err(VarError::NotPresent);
    let sources = ValueSources::new(Path::new("beers.toml"), &no_variable, &SystemFiles);
    let (mut table, mut problems) = (document.root(), Vec::new());
    let rules = RefusalRule::read_all(
        &mut Settings::new(&mut table, &sources, &mut problems),
        true,
    );
    problems.extend(table.unknown());
    (rules, problems.iter().map(ToString::to_string).collect())
}

fn path(text: &str) -> BodyPath {
    BodyPath::parse(text).expect(text)
}

#[test]
fn every_key_can_be_set() {
    let text = r#"
        [[refusal]]
        status = [403, "5xx"]
        header = { X-Error = ["limit", "quota"], x-other = "y" }
        json = { "errors.*.code" = ["A", 7], ok = false }
        text = ["slow", "down"]
        then = "wait"
        wait = "60s"
        wait-json = "errors.0.wait"
        wait-unit = "milliseconds"
        [[refusal]]
        status = 200
        header = "x-error"
        json = "error"
        text = "busy"
        then = "retry"
        [[refusal]]
        status = "4xx"
        then = "wait"
        wait-header = "X-Wait"
        [[refusal]]
        status = 403
        then = "fail"
        [[refusal]]
        text = "expired"
        then = "renew"
    "#;
    let (rules, problems) = read(text);
    assert_eq!(problems, <[String; 0]>::default());
    let header = |name: &'static str, texts: &[&str]| HeaderCondition {
        name: HeaderName::from_static(name),
        texts: texts.iter().map(|&text| text.to_owned()).collect(),
    };
    let first = RefusalRule {
        name: "refusal[0] on line 2".to_owned(),
        statuses: vec![403..=403, 500..=599],
        headers: vec![
            header("x-error", &["limit", "quota"]),
            header("x-other", &["y"]),
        ],
        fields: vec![
            FieldCondition {
                path: path("errors.*.code"),
                values: vec![json!("A"), json!(7)],
            },
            FieldCondition {
                path: path("ok"),
                values: vec![json!(false)],
            },
        ],
        texts: vec!["slow".to_owned(), "down".to_owned()],
        action: RefusalAction::Wait(RefusalWait {
            place: Some(WaitPlace::Body(path("errors.0.wait"))),
            unit: Some(TimeUnit::From(Duration::from_millis(1))),
            otherwise: Some(Duration::from_secs(60)),
        }),
    };
    assert_eq!(rules[0], first);
    assert_eq!(rules[1].headers, [header("x-error", &[])]);
    assert_eq!(rules[1].fields[0].values, <[Value; 0]>::default());
    let place = Some(WaitPlace::Header(HeaderName::from_static("x-wait")));
    let wait = RefusalWait {
        place,
        ..RefusalWait::default()
    };
    assert_eq!(rules[2].action, RefusalAction::Wait(wait));
    let actions: Vec<_> = rules.iter().map(|rule| &rule.action).collect();
    assert!(matches!(
        actions[..],
        [
            RefusalAction::Wait(_),
            RefusalAction::Retry,
            RefusalAction::Wait(_),
            RefusalAction::Fail,
            RefusalAction::Renew
        ]
    ));
    let needs_body: Vec<_> = rules.iter().map(RefusalRule::needs_body).collect();
    assert_eq!(needs_body, [true, true, false, false, true]);
}

#[test]
fn presets_come_after_the_rules_of_the_file() {
    let (rules, problems) =
        read("refusals = ['github', 'linear']\nrefusal = [{ status = 403, then = 'fail' }]");
    assert_eq!(problems, <[String; 0]>::default());
    let names: Vec<_> = rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "refusal[0] on line 2",
            "preset \"github\" of `rate-limit.refusals`",
            "preset \"github\" of `rate-limit.refusals`",
            "preset \"linear\" of `rate-limit.refusals`",
        ]
    );
    assert_eq!(read("refusals = 'github'").0.len(), 2);
}

#[test]
fn invalid_values_are_refused_with_the_right_form() {
    let rule = |more: &str| format!("[[refusal]]\nthen = 'wait'\nstatus = 403\n{more}");
    let header = "a header's name may contain only letters, digits and `!#$%&'*+-.^_`|~`";
    let cases = [
        ("refusal = 'x'".to_owned(), "1: refusal: expected a list of tables, found a string".to_owned()),
        ("[[refusal]]\nstatus = 403".to_owned(), "1: refusal[0]: `then` is missing: write one of wait, retry, fail, renew".to_owned()),
        ("[[refusal]]\nthen = 'retry'".to_owned(), "1: refusal[0]: write at least one of `status`, `header`, `json` and `text`, by which the host recognizes a refusal".to_owned()),
        ("[[refusal]]\nstatus = 403\nthen = 'sleep'".to_owned(), "3: refusal[0].then: no such action \"sleep\": write one of wait, retry, fail, renew".to_owned()),
        ("[[refusal]]\nstatus = 99\nthen = 'fail'".to_owned(), "2: refusal[0].status: out of range: expected a whole number from 200 to 599".to_owned()),
        ("[[refusal]]\nstatus = ['6xx']\nthen = 'fail'".to_owned(), "2: refusal[0].status[0]: not a status: write \"2xx\", \"3xx\", \"4xx\", \"5xx\" or a number".to_owned()),
        ("[[refusal]]\nstatus = 403\nthen = 'fail'\nwait = '1s'".to_owned(), "4: refusal[0].wait: this key requires `then = \"wait\"`".to_owned()),
        (rule("wait = 'soon'"), "4: refusal[0].wait: not a time: write a number and a unit (ms, s, m or h) such as \"500ms\", \"55s\" or \"2h\"".to_owned()),
        (rule("wait-unit = 'seconds'"), "4: refusal[0].wait-unit: this key requires `wait-header` or `wait-json`, whose unit it is".to_owned()),
        (rule("wait-header = 'a'\nwait-json = 'b'"), "5: refusal[0].wait-json: write `wait-header` or `wait-json`, not both".to_owned()),
        (rule("wait-header = 'a'\nwait-unit = 'days'"), "5: refusal[0].wait-unit: no such unit \"days\": write one of seconds, milliseconds, minutes, hours, unix-seconds, unix-milliseconds".to_owned()),
        (rule("wait-header = 'a b'"), format!("4: refusal[0].wait-header: {header}")),
        (rule("header = { 'a b' = 'x' }"), format!("4: refusal[0].header.\"a b\": {header}")),
        (rule("header = { a = '' }"), "4: refusal[0].header.a: the text is empty, so every response would match: write a text".to_owned()),
        (rule("json = 'a..b'"), "4: refusal[0].json: write the names that lead to the field with dots between them, and `*` for any item of a list, such as \"errors.*.code\"".to_owned()),
        (rule("json = { a = [[1]] }"), "4: refusal[0].json: `a`: write a string, a number, true or false, or a list of them".to_owned()),
        (rule("text = ''"), "4: refusal[0].text: the text is empty, so every response would match: write a text".to_owned()),
        (rule("texts = 'x'"), "4: refusal[0].texts: unknown key; did you mean `text`?".to_owned()),
        ("refusals = ['gitlab']".to_owned(), "1: refusals[0]: no such preset \"gitlab\": did you mean \"github\"?".to_owned()),
    ];
    for (text, expected) in cases {
        assert_eq!(read(&text).1, [expected], "{text}");
    }
}

#[test]
fn the_number_of_rules_is_limited() {
    let rule = "[[refusal]]\nstatus = 403\nthen = 'fail'\n";
    assert_eq!(read(&rule.repeat(64)).1, <[String; 0]>::default());
    let (rules, problems) = read(&rule.repeat(65));
    assert_eq!(problems, ["1: refusal: too many: write at most 64"]);
    assert_eq!(rules.len(), 64);
}

/// The examples of `docs/quotas.md`.
#[test]
fn examples_of_the_documentation_are_valid() {
    let document = include_str!("../../../../../../docs/quotas.md");
    let examples: Vec<&str> = document
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() > 4, "the page has examples");
    for example in examples {
        let path = Path::new("beers.toml");
        let config = ConnectorConfig::parse(example, path, &Ceilings::default());
        if let Err(error) = config {
            panic!("{example}: {error}");
        }
    }
}

#[test]
fn rule_that_matches_every_response_is_refused() {
    let every = "the condition is empty, so every response would match: write a value";
    let good = "successful responses have this status, too: add `header`, `json` or `text` to tell refusals from them";
    for (text, expected) in [
        (
            "status = 200\njson = {}",
            format!("refusal[0].json: {every}"),
        ),
        (
            "status = 200\ntext = []",
            format!("refusal[0].text: {every}"),
        ),
        ("header = {}", format!("refusal[0].header: {every}")),
        ("status = []", format!("refusal[0].status: {every}")),
        ("status = 200", format!("refusal[0].status: {good}")),
        (
            "status = ['2xx', 429]",
            format!("refusal[0].status: {good}"),
        ),
        (
            "status = 403\njson = '$.error.code'",
            "refusal[0].json: a path begins with the first name, not with `$`: write \"error.code\""
                .to_owned(),
        ),
    ] {
        let (_, problems) = read(&format!("[[refusal]]\nthen = 'wait'\n{text}"));
        assert!(
            problems.len() == 1 && problems[0].ends_with(&expected),
            "{text}: {problems:?}"
        );
    }
    for text in ["status = 302", "status = '2xx'\nheader = 'x-error'"] {
        let (_, problems) = read(&format!("[[refusal]]\nthen = 'wait'\n{text}"));
        assert!(problems.is_empty(), "{text}: {problems:?}");
    }
}
