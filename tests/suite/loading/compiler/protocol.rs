//! The messages between host and compiler.

use crate::{PROGRAM, host};
use std::io::Write;
use std::process::{Command, Stdio};
use weld_host_tests::component::large;

#[test]
fn reason_of_the_compiler_reaches_the_operator() {
    let mut broken = large(1, 10);
    let last = broken.len() - 1;
    broken[last] = 0xff;
    let host = host().file("broken.wasm", broken).start();
    let line = host.announcement("broken");
    assert!(
        line.contains("can't be compiled") && line.contains("illegal opcode: 0xff"),
        "{line}"
    );
}

#[test]
fn compiler_refuses_anything_but_a_request_of_its_own_version() {
    let greeting = |version: &str| {
        let length = u32::try_from(version.len()).unwrap();
        [b"weldcomp", &length.to_le_bytes()[..], version.as_bytes()].concat()
    };
    let (foreign, own) = (greeting("9.9.9"), greeting(env!("CARGO_PKG_VERSION")));
    let cases: [(&[u8], &[u8], &str); 3] = [
        (b"", b"", "not a request"),
        (b"\0asm\x0d\0\x01\0 and more", b"", "not a request"),
        (&foreign, &own, "version 9.9.9"),
    ];
    for (request, answer, reason) in cases {
        let mut compiler = Command::new(PROGRAM)
            .arg("__compiler")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may have ended before reading everything.
        let _written = compiler.stdin.take().unwrap().write_all(request);
        let ended = compiler.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(2));
        assert!(ended.stdout.starts_with(answer), "{:?}", ended.stdout);
        assert_eq!(
            ended.stdout.is_empty(),
            answer.is_empty(),
            "{:?}",
            ended.stdout
        );
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(said.contains(reason), "{said}");
    }
}
