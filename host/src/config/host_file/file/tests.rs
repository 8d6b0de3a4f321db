use std::env::VarError;

use super::super::value::FlagForm;
use super::*;
use crate::config::reading::SystemFiles;

fn flags() -> Vec<FlagKey> {
    let flag = |name: &str, form| FlagKey {
        name: name.to_owned(),
        form,
    };
    vec![
        flag("max-body", FlagForm::Text),
        flag("queue", FlagForm::Text),
        flag("no-background", FlagForm::Switch),
        flag("plugins", FlagForm::Path),
        flag("api-key-file", FlagForm::Path),
        flag("trusted-proxies", FlagForm::List),
        flag("https-proxy", FlagForm::Text),
        flag("http-proxy", FlagForm::Text),
        flag("no-proxy", FlagForm::Joined),
        flag("proxy-resolves", FlagForm::Switch),
    ]
}

fn parse(text: &str) -> Result<HostFile, String> {
    let check = |flag: &str, text: &str| match (flag, text) {
        ("max-body", "much") => Err("not a size".to_owned()),
        _ => Ok(()),
    };
    let variable = |name: &str| match name {
        "SECRET" => Ok("hunter2".to_owned()),
        _ => Err(VarError::NotPresent),
    };
    let path = Path::new("/etc/weld/weld-host.toml");
    let files = (&variable as &Variable<'_>, &SystemFiles as &dyn FileSystem);
    HostFile::parse(text, path, (&flags(), &check), files).map_err(|error| error.to_string())
}

#[test]
fn each_form_of_flag_has_its_syntax() {
    let file = parse(
        "queue = 7\nmax-body = \"1MiB\"\nno-background = true\nplugins = \"connectors\"\n\
         api-key-file = \"/run/key\"\ntrusted-proxies = [\"10.0.0.1\", { env = \"SECRET\" }]",
    )
    .expect("a valid file");
    let value = |key: &str| {
        let value = file.value(key).expect(key);
        (value.texts.join(" "), value.line, value.is_secret)
    };
    for (key, text, line, is_secret) in [
        ("queue", "7", 1, false),
        ("max-body", "1MiB", 2, false),
        ("no-background", "true", 3, false),
        ("plugins", "/etc/weld/connectors", 4, false),
        ("api-key-file", "/run/key", 5, false),
        ("trusted-proxies", "10.0.0.1 hunter2", 6, true),
    ] {
        assert_eq!(value(key), (text.to_owned(), line, is_secret), "{key}");
    }
    assert!(file.value("nothing").is_none());
}

#[test]
fn keys_are_secrets_that_only_the_file_itself_can_contain() {
    for text in [
        "api-key = \"hunter2\"",
        "api-key = [{ env = \"SECRET\" }]",
        "\napi-key.env = \"SECRET\"",
    ] {
        let keys = parse(text).expect(text).api_keys.expect(text);
        let keys = keys.value.iter().map(Secret::expose);
        assert_eq!(Vec::from_iter(keys), ["hunter2"], "{text}");
    }
    let file = parse("token-key = 'hunter2'").expect("a valid file");
    assert!(!format!("{file:?}").contains("hunter2"), "{file:?}");
}

#[test]
fn all_problems_are_reported_with_their_lines() {
    let problems = parse(
        "max-boby = \"1MiB\"\nmax-body = \"much\"\nno-background = 1\nqueue = true\nplugins = \"\"\n\
         api-key = \"\"\napi-key-file = \"key\"\ntrusted-proxies = [1]\nsomething = 1\n\
         token-key = { env = \"NOBODY_SETS_THIS\" }",
    )
    .expect_err("ten mistakes");
    let known = "api-key, token-key, policy, proxy, max-body, queue, no-background, plugins, api-key-file, trusted-proxies, \
                 https-proxy, http-proxy, no-proxy, proxy-resolves";
    let expected = [
        "1: max-boby: unknown key; did you mean `max-body`?",
        "2: max-body: not a size",
        "3: no-background: expected true or false, found an integer",
        "4: queue: expected a string in quotes, or a whole number, found a boolean",
        "5: plugins: the path is empty: write one, or remove the line",
        "6: api-key: the key is empty",
        "7: api-key-file: `api-key` is also set (api-key on line 6): remove one of them",
        "8: trusted-proxies[0]: expected a string, found an integer",
        &format!("9: something: unknown key; known here: {known}"),
        "10: token-key: the environment variable \"NOBODY_SETS_THIS\" is not set",
    ]
    .map(|problem| format!("/etc/weld/weld-host.toml:{problem}"));
    assert_eq!(Vec::from_iter(problems.lines()), expected);
    assert_eq!(
        parse("max-body = ").map(drop),
        Err("/etc/weld/weld-host.toml:1: `max-body` has no value: write one after `=`, text in quotes".to_owned())
    );
}

#[test]
fn section_of_proxies_has_other_names_of_flags() {
    let file = parse(
        "queue = 7\n[proxy]\nhttps = { env = \"SECRET\" }\nhttp = \"http://proxy:3128\"\n\
         no-proxy = [\"a.example.com\", \"10.0.0.0/8\"]\nproxy-resolves = true",
    )
    .expect("a valid file");
    for (key, text, line, is_secret) in [
        ("https-proxy", "hunter2", 3, true),
        ("http-proxy", "http://proxy:3128", 4, false),
        ("no-proxy", "a.example.com,10.0.0.0/8", 5, false),
        ("proxy-resolves", "true", 6, false),
    ] {
        let value = file.value(key).expect(key);
        assert_eq!(value.texts, [text], "{key}");
        assert_eq!((value.line, value.is_secret), (line, is_secret), "{key}");
    }
    for (text, expected) in [
        ("[proxy]\nno_proxy = \"x\"", "did you mean `no-proxy`?"),
        ("proxy = \"http://proxy:3128\"", "a table"),
        (
            "https-proxy = \"a\"\n[proxy]\nhttps = \"b\"",
            "`https-proxy` is also set on line 1: remove one of them",
        ),
        ("[Proxy]\nhttp = \"x\"", "did you mean `proxy`?"),
    ] {
        let problems = parse(text).expect_err(text);
        assert!(problems.contains(expected), "{problems}");
    }
}
