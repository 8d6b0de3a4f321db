use std::env::VarError;
use std::path::Path;

use super::*;
use crate::config::ceilings::Ceilings;
use crate::config::document::Document;
use crate::config::reading::SystemFiles;

fn bounds() -> OperatorBounds {
    OperatorBounds::without_policy(Ceilings::default())
}

fn problems(text: &str) -> Vec<String> {
    let variable = |name: &str| match name {
        "SECRET" => Ok("hunter2".to_owned()),
        "BROKEN" => Ok("hunter2\u{1}".to_owned()),
        _ => Err(VarError::NotPresent),
    };
    let document = Document::parse(text).expect(text);
    let sources = ValueSources::new(Path::new("beers.toml"), &variable, &SystemFiles);
    let config = read(document.root(), sources, &bounds());
    let problems = config.expect_err(text);
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn variables_from_elsewhere_are_secrets_unless_the_file_says_otherwise() {
    let text = r#"
        [env]
        HERE = "hunter2"
        TOKEN = { env = "SECRET" }
        KEY = { env = "SECRET", secret = true }
        REGION = { env = "SECRET", secret = false }
    "#;
    let variable = |_: &str| Ok("hunter2".to_owned());
    let document = Document::parse(text).expect(text);
    let sources = ValueSources::new(Path::new("beers.toml"), &variable, &SystemFiles);
    let config = read(document.root(), sources, &bounds()).expect(text);
    assert_eq!(Vec::from_iter(&config.secret_env), ["KEY", "TOKEN"]);
    assert_eq!(config.env.len(), 4);

    assert_eq!(
        problems("[env]\nREGION = { env = 'SECRET', secret = 'no' }"),
        ["2: env.REGION.secret: expected true or false, found a string"]
    );
    assert_eq!(
        problems("api-key = { env = 'SECRET', secret = false }"),
        ["1: api-key.secret: unknown key; known here: env, file"]
    );
}

#[test]
fn a_misspelt_section_is_one_problem() {
    let credential =
        "[auth.api]\nkind = 'bearer'\ntoken = 'hunter2hunter2'\nurls = ['https://api.example.com']";
    let network = "allow = ['https://api.example.com']";
    for section in ["netwrok", "networks", "Network"] {
        let text = format!("[{section}]\n{network}\n{credential}");
        let expected = format!("1: {section}: unknown key; did you mean `network`?");
        assert_eq!(problems(&text), [expected]);
    }
    // Without such a section, the rule is missing.
    let found = problems(credential);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("no rule of `allow`"), "{found:?}");
    let text = format!(
        "[network]\n{network}\n[rate-limit]\nretries = 2\n{}",
        credential.replace("auth", "auht")
    );
    assert_eq!(problems(&text).len(), 1, "{:?}", problems(&text));
}

#[test]
fn all_problems_are_reported_in_the_order_of_the_file() {
    let text = r#"
        api-key = []
        [limits]
        memroy = "1MiB"
        cpu-time = 5
        [network]
        allow = ["https://ok.example",
            "https://user:hunter2@bad.example", 7]
        allow-network = ["10.1.0.0/16"]
        [env]
        PORT = 8080
        "A=B" = "hunter2"
        ZERO = "hunter2\u0000"
        [rate-limit]
        budjet = "punk"
        [aut]
    "#;
    let expected = [
        "2: api-key: the list is empty: write a key, or remove the line",
        "4: limits.memroy: unknown key; did you mean `memory`?",
        "5: limits.cpu-time: expected a time such as \"55s\", found an integer",
        "8: network.allow[1]: a rule may not contain a user name or password",
        "8: network.allow[2]: expected a rule such as \"https://api.example.com\", found an integer",
        "9: network.allow-network: unknown key; did you mean `allow-networks`?",
        "11: env.PORT: expected a string in quotes, found an integer",
        "12: env.\"A=B\": a variable's name may not be empty, and may contain neither `=` nor a zero byte",
        "13: env.ZERO: a variable's value may not contain a zero byte",
        "15: rate-limit.budjet: unknown key; did you mean `budget`?",
        "16: aut: unknown key; did you mean `auth`?",
    ];
    assert_eq!(problems(text), expected);
}

#[test]
fn sections_and_keys_have_their_types() {
    let cases = [
        ("env = 'A'", "1: env: expected a table, found a string"),
        ("[[limits]]", "1: limits: expected a table, found a list"),
        (
            "network = true",
            "1: network: expected a table, found a boolean",
        ),
        (
            "api-key = 1",
            "1: api-key: expected a string or a list of strings, found an integer",
        ),
        (
            "api-key = ['a', 1]",
            "1: api-key[1]: expected a string, found an integer",
        ),
        ("api-key = ''", "1: api-key: the key is empty"),
    ];
    for (text, expected) in cases {
        assert_eq!(problems(text), [expected], "{text}");
    }
}

#[test]
fn a_rule_that_renews_needs_a_renewable_credential() {
    let rule = "[rate-limit]\nrefusal = [{ status = 403, then = 'renew' }]\n";
    let network = "[network]\nallow = ['https://a.example']\n";
    let auth = "[auth.a]\nurls = ['https://a.example']\n";
    let refused = [
        "2: rate-limit.refusal[0].then: the connector has no credential that can be renewed: add a section `[auth.NAME]` of \
         kind oauth2, session or jwt, or write one of wait, retry, fail",
    ];
    let bearer = "kind = 'bearer'\ntoken = 'x'\n";
    let key = "kind = 'api-key'\nheader = 'x-key'\nvalue = 'x'\n";
    for without in ["", &format!("{auth}{bearer}"), &format!("{auth}{key}")] {
        let text = format!("{rule}{network}{without}");
        assert_eq!(problems(&text), refused, "{text}");
    }
    let oauth2 = "kind = 'oauth2'\ngrant = 'client-credentials'\ntoken-url = 'https://a.example/token'\n\
                  client-id = 'x'\nclient-secret = 'y'\n";
    let session = "kind = 'session'\nlogin-url = 'https://a.example/login'\n\
                   parameters = { user = 'x' }\ntoken-path = 'token'\nheader = 'x-session'\n";
    let jwt =
        "kind = 'jwt'\nalgorithm = 'HS256'\nkey = '0123456789012345678901234567890123456789'\n";
    for with in [oauth2, session, jwt] {
        // The expected single problem is the unknown key, since the rest is valid.
        let text = format!("nothing = 1\n{rule}{network}{auth}{with}");
        assert_eq!(problems(&text).len(), 1, "{text}");
    }
    // The credential's own problem is reported alone.
    let text = format!("{rule}{network}{auth}kind = 'oauth2'\n");
    assert!(
        problems(&text)
            .iter()
            .all(|problem| !problem.contains("renew"))
    );
    for then in ["wait", "retry", "fail"] {
        let text = format!("nothing = 1\n{}", rule.replace("renew", then));
        assert_eq!(problems(&text).len(), 1, "{then}");
    }
}

#[test]
fn no_problem_shows_a_secret() {
    let cases = [
        ("api-key", "' hunter2'"),
        ("api-key", "[['hunter2']]"),
        ("api-key", "{ env = 'BROKEN' }"),
        ("api-key", "{ env = 'SECRET', hunter = 'hunter2' }"),
        ("limits.memory", "{ env = 'SECRET' }"),
        ("limits.cpu-time", "{ env = 'SECRET' }"),
        ("limits.log-lines", "'hunter2'"),
        ("network.allow", "'hunter2'"),
        ("network.allow", "['hunter2']"),
        ("network.allow", "['ftp://hunter2@host']"),
        ("network.allow", "['hunter2 https://host']"),
        ("network.allow", "[{ env = 'SECRET' }]"),
        ("network.allow-networks", "['hunter2']"),
        ("network.allow-networks", "['hunter2/8']"),
        ("network.allow-networks", "['10.0.0.0/hunter2']"),
        ("network.total-timeout", "'hunter2'"),
        ("network.connections", "'hunter2'"),
        ("network.roots", "{ env = 'SECRET' }"),
        ("network.roots", "'''\n-----BEGIN hunter2'''"),
        ("network.client-key", "{ env = 'SECRET' }"),
        ("env", "'hunter2'"),
        ("env.A", "['hunter2']"),
    ];
    for (key, value) in cases {
        let problems = problems(&format!("{key} = {value}"));
        let [problem] = problems.as_slice() else {
            panic!("{key} = {value}: {problems:?}")
        };
        assert!(
            problem.starts_with(&format!("1: {key}")),
            "{key} = {value}: {problem}"
        );
        assert!(!problem.contains("hunter2"), "{key} = {value}: {problem}");
    }
}
