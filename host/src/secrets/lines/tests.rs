use super::super::Finder;
use super::*;

/// A generated key: lines of 64 characters, and a last one of eight.
fn body() -> Vec<String> {
    let letter =
        |place: u32| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh012345+/"[place as usize % 42]);
    let line = |number: u32| {
        (0..64)
            .map(|place| letter(number * 31 + place * place * 7))
            .collect()
    };
    (1..=25).map(line).chain(["TaIl123=".to_owned()]).collect()
}

fn pem(end: &str) -> String {
    let body = body().join(end);
    format!("-----BEGIN PRIVATE KEY-----{end}{body}{end}-----END PRIVATE KEY-----{end}")
}

fn finder(secret: &str) -> Finder {
    Finder::new([(secret, "[]")].into_iter()).unwrap()
}

fn shown(finder: &Finder, text: &str) -> String {
    let replaced = finder.replaced_text(text);
    replaced.unwrap_or_else(|| text.to_owned())
}

#[test]
fn no_line_of_a_key_is_shown_with_any_line_ends() {
    for own_end in ["\n", "\r\n", "\\n"] {
        let secret = pem(own_end);
        let finder = finder(&secret);
        for end in [
            "\n", "\r\n", "\\n", "\\r\\n", "\\\\n", "%0A", " ", ", ", "\"\n\"", "\n> ",
        ] {
            let text = shown(&finder, &pem(end));
            assert!(
                body()
                    .iter()
                    .all(|line| line.len() < 16 || !text.contains(line)),
                "{own_end:?} as {end:?}: {text}"
            );
        }
        let joined = body().concat();
        for text in [
            &joined,
            &format!("<{joined}>"),
            &format!("key={joined}&x=1"),
        ] {
            let expected = text.replace(&joined, "[]");
            assert_eq!(shown(&finder, text), expected, "{own_end:?}");
        }
        for line in body().iter().filter(|line| line.len() >= 16) {
            assert_eq!(shown(&finder, &format!("one: {line}\n")), "one: []\n");
            let percent: String = line.bytes().map(|byte| format!("%{byte:02X}")).collect();
            assert_eq!(shown(&finder, &percent), "[]");
        }
        assert_eq!(shown(&finder, &secret), "[]", "{own_end:?}");
    }
}

#[test]
fn parts_of_a_key_that_are_not_secret_are_shown() {
    let finder = finder(&pem("\n"));
    for text in [
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        "TaIl123=",
        "ABCDEFGHIJKLMNOP",
    ] {
        assert_eq!(shown(&finder, text), text);
    }
}

#[test]
fn several_keys_in_one_secret_have_bodies_of_their_own() {
    let other =
        "-----BEGIN CERTIFICATE-----\nabcdefghijklmnopqrst0\nEND0\n-----END CERTIFICATE-----\n";
    let secret = format!("{other}{}", pem("\n"));
    let finder = finder(&secret);
    for joined in ["abcdefghijklmnopqrst0END0".to_owned(), body().concat()] {
        assert_eq!(shown(&finder, &joined), "[]");
    }
    let headed = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nabcdefghijklmnopqrst0\nEND0\n-----END X-----";
    assert_eq!(
        shown(&self::finder(headed), "abcdefghijklmnopqrst0END0"),
        "[]"
    );
}

#[test]
fn lines_of_texts_within_a_json_secret_are_hidden_but_not_those_of_the_json() {
    let account = serde_json::json!({
        "type": "service_account",
        "private_key": pem("\n"),
        "client_email": "sync@shop.iam.gserviceaccount.com",
        "more": [{"notes": "first line of some length\nsecond line of some length"}],
    });
    for secret in [
        account.to_string(),
        serde_json::to_string_pretty(&account).unwrap(),
    ] {
        let finder = finder(&secret);
        for line in body().iter().filter(|line| line.len() >= 16) {
            assert_eq!(shown(&finder, line), "[]");
        }
        assert_eq!(shown(&finder, &body().concat()), "[]");
        assert_eq!(shown(&finder, "second line of some length"), "[]");
        for text in [
            "\"client_email\": \"sync@shop.iam.gserviceaccount.com\",",
            "sync@shop.iam.gserviceaccount.com",
            "\"type\": \"service_account\",",
        ] {
            assert_eq!(shown(&finder, text), text);
        }
    }
}

#[test]
fn other_secrets_of_several_lines_are_hidden_by_lines_too() {
    let secret =
        "a password of the first shop\n  indented-password-2\r\nshort\nhttps://api.example.com/";
    let finder = finder(secret);
    for line in ["a password of the first shop", "indented-password-2"] {
        assert_eq!(shown(&finder, line), "[]");
    }
    for text in [
        "short",
        "https://api.example.com/",
        "a password of the first",
    ] {
        assert_eq!(shown(&finder, text), text);
    }
}

#[test]
fn a_secret_of_one_line_is_searched_for_as_a_whole() {
    for secret in [
        "correct horse battery staple",
        "{\"key\": \"correct horse battery\"}",
        "\"one line, and JSON\"",
    ] {
        assert_eq!(lines(secret), [] as [String; 0], "{secret}");
    }
    assert_eq!(lines("correct horse battery\n"), ["correct horse battery"]);
}
