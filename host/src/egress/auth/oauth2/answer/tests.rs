use super::*;
use crate::config::{FieldPath, TimeUnit};
use crate::secrets::Secrets;

fn read_with(status: u16, body: &[u8], change: impl FnOnce(&mut AnswerFields)) -> String {
    let mut fields = AnswerFields::default();
    change(&mut fields);
    match read(status, &HeaderMap::new(), body, &fields) {
        Ok(response) => {
            let seconds = |time: Option<Duration>| {
                time.map_or("-".to_owned(), |time| {
                    time.as_secs_f64().round().to_string()
                })
            };
            let refresh = response.refresh_token.as_ref().map_or("-", Secret::expose);
            format!(
                "{} {} {refresh} {}",
                response.access_token.expose(),
                seconds(response.expires_in),
                seconds(response.refresh_expires_in),
            )
        }
        Err(failure) => {
            let kept = failure.refresh_token.as_ref().map(Secret::expose);
            let kept = kept.map_or(String::new(), |token| format!(" [{token}]"));
            format!("{}{kept}", failure.fault.shown_by(&Secrets::default()))
        }
    }
}

fn read_as(body: impl AsRef<[u8]>) -> String {
    read_with(200, body.as_ref(), |_| {})
}

#[test]
fn a_token_is_read_in_every_format() {
    let utf16: Vec<u8> = "\u{FEFF}{\"access_token\":\"a\"}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(read_as(&utf16), "a - - -");
    let unmarked: Vec<u8> = utf16.split_at(2).1.to_vec();
    assert_eq!(read_as(&unmarked), "a - - -");
    let turned: Vec<u8> = unmarked
        .chunks(2)
        .flat_map(|pair| [pair[1], pair[0]])
        .collect();
    assert_eq!(read_as(&turned), "a - - -");
    for (body, expected) in [
        (
            r#"{"access_token":"a","expires_in":60,"refresh_token":"r"}"#,
            "a 60 r -",
        ),
        ("\u{FEFF}{\"access_token\":\"a\"}", "a - - -"),
        ("\n {\"access_token\":\" a\\n\"} ", "a - - -"),
        (r#"{"access_token":"a","error":""}"#, "a - - -"),
        (
            r#"{"access_token":"a","error":null,"error_description":null}"#,
            "a - - -",
        ),
        (r#"{"access_token":"a","error":"none","code":0}"#, "a - - -"),
        (
            "access_token=a%2B2&refresh_token=r2&expires_in=60&token_type=bearer",
            "a+2 60 r2 -",
        ),
        ("\u{FEFF}access_token=a&expires_in=60\n", "a 60 - -"),
        ("scope=read write&access_token=a", "a - - -"),
        ("?access_token=a&expires_in=60", "a 60 - -"),
        ("access_token=a\r\nexpires_in=60\r\n", "a 60 - -"),
        (
            "access_token=a+b/c==&refresh_token=r+2/&expires_in=60",
            "a+b/c== 60 r+2/ -",
        ),
        ("access_token=a%2Fb&scope=one+two", "a/b - - -"),
        (" \n\u{FEFF}{\"access_token\":\"a\"}", "a - - -"),
        (
            r#""{\"access_token\":\"a\",\"refresh_token\":\"r\"}""#,
            "a - r -",
        ),
        (
            r#"{"access_token":"a","refresh_token":"r","name":"Bob \ud83d"}"#,
            "a - r -",
        ),
        (
            "{\"access_token\":\"a\",\"refresh_token\":\"r\",\"n\":\"1\n2\"}",
            "a - r -",
        ),
        (
            r#"{"access_token":"a","refresh_token":"r","n":1e999}"#,
            "a - r -",
        ),
        (")]}',\n{\"access_token\":\"a\"}", "a - - -"),
        (
            "<br />\n<b>Notice</b>: {x} in a.php\n{\"access_token\":\"a\",\"refresh_token\":\"r\"}",
            "a - r -",
        ),
        ("{\"access_token\":\"a\"}\n<!-- 0.1 s -->", "a - - -"),
        ("{\"access_token\": 12345678901}", "12345678901 - - -"),
        (r#"{"access_token":"a","refresh_token":""}"#, "a - - -"),
        (
            r#"{"access_token":"a","refresh_token":"r","refresh_token_expires_in":"86400"}"#,
            "a - r 86400",
        ),
        (
            r#"{"access_token":"a","refresh_token":"r","refresh_expires_in":0}"#,
            "a - r -",
        ),
        (
            r#"{"access_token":"a","refresh_token":"r","x_refresh_token_expires_in":8726400}"#,
            "a - r 8726400",
        ),
    ] {
        assert_eq!(read_as(body), expected, "{body}");
    }
}

#[test]
fn a_token_is_read_from_where_the_configuration_says() {
    let path = |text: &str| FieldPath::parse(text).expect(text);
    let slack = br#"{"ok":true,"authed_user":{"access_token":"x","token_type":"user","refresh_token":"r","expires_in":9}}"#;
    let nested = |fields: &mut AnswerFields| fields.token = path("authed_user.access_token");
    assert_eq!(read_with(200, slack, nested), "x 9 r -");
    let outside = br#"{"data":{"token":"x"},"refresh_token":"r","expires_in":9}"#;
    let data = |fields: &mut AnswerFields| fields.token = path("data.token");
    assert_eq!(read_with(200, outside, data), "x 9 r -");
    let elsewhere = br#"{"t":{"v":"x"},"r":[{"v":"r"}],"l":{"ms":9000}}"#;
    let all = |fields: &mut AnswerFields| {
        fields.token = path("t.v");
        fields.refresh_token = Some(path("r.0.v"));
        fields.expires_in = Some(path("l.ms"));
        fields.expires_in_unit = TimeUnit::From(Duration::from_millis(1));
    };
    assert_eq!(read_with(200, elsewhere, all), "x 9 r -");
    let whole = |fields: &mut AnswerFields| fields.token = path(".");
    assert_eq!(read_with(200, b"a-token\n", whole), "a-token - - -");
    assert_eq!(read_with(200, b"\"a-token\"", whole), "a-token - - -");
    assert!(read_with(200, b"<html>", whole).contains("HTML"));
    assert_eq!(read_with(200, b"YWJjZA==", whole), "YWJjZA== - - -");
    for (body, expected) in [
        ("not logged in", "neither JSON nor a form"),
        ("two\nlines", "neither JSON nor a form"),
        ("error=bad", "refused: bad"),
        (r#"{"error":"bad"}"#, "refused: bad"),
        (
            r#"{"a":1}"#,
            "answered without a text that is a token as a whole",
        ),
    ] {
        let message = read_with(200, body.as_bytes(), whole);
        assert!(message.contains(expected), "{body}: {message}");
    }
}

#[test]
fn every_spelling_of_a_bearer_token_is_taken_and_no_token_that_needs_a_proof() {
    let of = |token_type: &str| {
        read_as(format!(
            r#"{{"access_token":"a","refresh_token":"r","token_type":{token_type}}}"#
        ))
    };
    for token_type in [
        "\"Bearer\"",
        "\"BEARER\"",
        "\"bearer \"",
        "\"BearerToken\"",
        "\"Application Access Token\"",
        "\"User Access Token\"",
        "\"user\"",
        "\"\"",
        "null",
        "1",
    ] {
        assert_eq!(of(token_type), "a - r -", "{token_type}");
    }
    for token_type in ["mac", "DPoP", "pop", "N_A", "Basic"] {
        let message = of(&format!("\"{token_type}\""));
        assert!(
            message.contains(&format!("type `{token_type}`")),
            "{message}"
        );
        assert!(
            message.ends_with("[r]"),
            "its refresh token is kept: {message}"
        );
    }
    let body = br#"{"access_token":"a","token_type":"Own"}"#;
    let known = |fields: &mut AnswerFields| fields.token_types = vec!["own".to_owned()];
    assert_eq!(read_with(200, body, known), "a - - -");
}

#[test]
fn an_answer_without_a_token_is_reported_as_what_it_is() {
    for (status, body, expected) in [
        (200, "", "sent an empty answer; check `token-url`"),
        (200, "  \n", "sent an empty answer; check `token-url`"),
        (200, "<!doctype html><p>hello", "answered with HTML"),
        (503, "\n<html>", "answered with HTML"),
        (200, "{\"access_token\": \"", "neither JSON nor a form"),
        (200, "hello world", "neither JSON nor a form"),
        (200, "[]", "without `access_token`"),
        (200, "{}", "without `access_token`"),
        (200, "{\"access_token\": \"\"}", "without `access_token`"),
        (200, "{\"access_token\": 1.5}", "without `access_token`"),
        (
            200,
            r#"{"access_token": "a\ud83d"}"#,
            "neither JSON nor a form",
        ),
        (200, "<html>{\"a\":1,\"error\":\"x\"}", "answered with HTML"),
        (
            200,
            "{\"error\": \"\", \"message\": \"success\"}",
            "without `access_token`",
        ),
        (
            200,
            r#"{"data":{"access_token":"a","expires_in":1},"message":"success"}"#,
            "without `access_token`; set `token-path = \"data.access_token\"` if that is the token",
        ),
        (200, "token=abc", "set `token-path = \"token\"`"),
        (
            400,
            r#"{"access_token": "a"}"#,
            r#"refused: "{"access_token":"…"}""#,
        ),
        (
            400,
            "{\"error\": \"invalid_scope\"}",
            "refused: invalid_scope",
        ),
        (
            200,
            "{\"error\": \"bad\", \"error_description\": \"so\\u001b bad\"}",
            "refused: bad, \"so\\u{1b} bad\"",
        ),
        (
            200,
            r#"{"ok":false,"error":"invalid_auth"}"#,
            "refused: invalid_auth",
        ),
        (200, r#"{"ok":false}"#, r#"refused: "{"ok":false}""#),
        (
            200,
            r#"{"success":false,"message":"locked","token":"csrf"}"#,
            "refused: \"locked\"",
        ),
        (
            200,
            r#"{"success":true,"message":"hello","token":"a-token"}"#,
            "set `token-path = \"token\"`",
        ),
        (
            400,
            r#"{"app":"no such","csrf_token":"abc"}"#,
            r#"refused: "{"app":"no such","csrf_token":"…"}""#,
        ),
        (
            401,
            r#"{"fault":{"faultstring":"Invalid key","detail":{"errorcode":"oauth.bad"}}}"#,
            "refused: oauth.bad, \"Invalid key\"",
        ),
        (
            400,
            r#"{"errors":[{"errorType":"invalid_grant","message":"over"}]}"#,
            "refused: invalid_grant, \"over\"",
        ),
        (
            400,
            "<?xml version=\"1.0\"?><e><c>7</c></e>",
            "refused: \"7\"",
        ),
        (
            200,
            r#"{"code":40001,"message":"client_key wrong","data":{}}"#,
            "refused: 40001, \"client_key wrong\"",
        ),
        (
            200,
            r#"{"errcode":40029,"errmsg":"invalid code"}"#,
            "refused: 40029, \"invalid code\"",
        ),
        (
            200,
            r#"{"code":"ERR","msg":"no such app"}"#,
            "refused: ERR, \"no such app\"",
        ),
        (
            200,
            r#"{"message":"error","data":{"error_code":10008,"description":"gone"}}"#,
            "refused: 10008, \"error\"",
        ),
        (
            400,
            r#"{"error":{"message":"Invalid code","type":"OAuthException","code":100}}"#,
            "refused: 100, \"Invalid code\"",
        ),
        (400, r#"{"errors":["one","two"]}"#, "refused: \"one; two\""),
        (
            200,
            "error=bad_verification_code&error_description=It+is+over",
            "refused: bad_verification_code, \"It is over\"",
        ),
        (400, "no such client", "refused: \"no such client\""),
        (400, "{}", "refused without a reason"),
        (
            400,
            "{\"error\": \"invalid_grant\", \"error_description\": \"bad iat\"}",
            "clock",
        ),
    ] {
        let message = read_with(status, body.as_bytes(), |_| {});
        assert!(message.contains(expected), "{body}: {message}");
    }
    let long = format!("{{\"error\": \"{}\"}}", "x".repeat(10_000));
    assert!(read_with(400, long.as_bytes(), |_| {}).len() < 300);
}

#[test]
fn a_refusal_in_the_head_alone_is_read() {
    let mut headers = HeaderMap::new();
    let challenge = "Basic realm=\"a\", error=\"invalid_client\", error_description=\"who?\"";
    headers.insert("www-authenticate", challenge.parse().expect("a header"));
    for body in ["", "{}", "<html>"] {
        let read = read(401, &headers, body.as_bytes(), &AnswerFields::default());
        let message = read.expect_err("there is no token").fault.to_string();
        assert_eq!(message, "refused: invalid_client, \"who?\"", "{body}");
    }
}

#[test]
fn a_token_in_the_head_is_taken_only_from_an_answer_that_grants_it() {
    let fields = AnswerFields {
        head: Some(AnswerHead::Cookie("sid".to_owned())),
        ..AnswerFields::default()
    };
    let mut headers = HeaderMap::new();
    headers.insert(
        "set-cookie",
        "sid=an-anonymous-session".parse().expect("a header"),
    );
    for (status, body, expected) in [
        (200, "", None),
        (302, "<html>", None),
        (200, r#"{"success":true,"user":"ada"}"#, None),
        (
            401,
            r#"{"message":"wrong password"}"#,
            Some("refused: \"wrong password\""),
        ),
        (500, "<html>", Some("answered with HTML")),
        (401, "", Some("sent an empty answer")),
        (
            200,
            r#"{"success":false,"message":"wrong password"}"#,
            Some("refused: \"wrong password\""),
        ),
        (
            200,
            r#"{"status":"error","message":"wrong"}"#,
            Some("refused: \"wrong\""),
        ),
        (200, r#"{"error":"locked"}"#, Some("refused: locked")),
    ] {
        let read = read(status, &headers, body.as_bytes(), &fields);
        let message = read.err().map(|failure| failure.fault.to_string());
        match expected {
            None => assert_eq!(message, None, "{status} {body}"),
            Some(expected) => {
                let message = message.unwrap_or_default();
                assert!(message.contains(expected), "{status} {body}: {message}");
            }
        }
    }
    let none = read(200, &HeaderMap::new(), b"", &fields).expect_err("no cookie");
    assert_eq!(none.fault.to_string(), "answered without `sid`");
}
