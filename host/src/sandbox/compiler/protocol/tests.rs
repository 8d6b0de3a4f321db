use super::*;

fn texts(texts: &[&[u8]]) -> Vec<u8> {
    let texts = texts.iter().map(|text| [&text_head(text), *text].concat());
    texts.collect::<Vec<_>>().concat()
}

fn written(answer: &CompilerAnswer<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    answer.write(&mut bytes).unwrap();
    bytes
}

#[test]
fn written_messages_can_be_read() {
    for priority in [CompilerPriority::Foreground, CompilerPriority::Background] {
        let allowance = CompilerAllowance {
            priority,
            memory_bytes: 1 << 40,
            cpu_seconds: 7,
        };
        for (cpu, wants_functions) in [
            (None, false),
            (None, true),
            (Some(TargetCpu::Baseline), false),
            (Some(TargetCpu::Native), true),
        ] {
            let head = RequestHead {
                allowance,
                cpu,
                wants_functions,
            };
            let request = [&head.bytes()[..], &texts(&[b"known", b"\0asm"])].concat();
            let input = &mut request.as_slice();
            let read = read_request_head(input).unwrap();
            assert_eq!(read, head);
            assert_eq!(read_functions(input).unwrap(), b"known");
            assert_eq!(read_component(input).unwrap(), b"\0asm");
        }
    }
    for answer in [
        CompilerAnswer::Compiled {
            code: b"\x7fELF",
            functions: b"",
        },
        CompilerAnswer::Compiled {
            code: b"",
            functions: b"add",
        },
        CompilerAnswer::Refused("grüße"),
        CompilerAnswer::OutOfMemory,
    ] {
        assert_eq!(read_answer(&written(&answer)).unwrap(), answer);
    }
}

#[test]
fn a_part_of_an_answer_is_never_taken_for_a_complete_one() {
    for answer in [
        CompilerAnswer::Compiled {
            code: b"\x7fELF\0\0",
            functions: b"add",
        },
        CompilerAnswer::Refused("reason"),
    ] {
        let whole = written(&answer);
        for end in 0..whole.len() {
            let part = read_answer(&whole[..end]);
            assert!(
                matches!(part, Err(ProtocolFault::CutShort(_))),
                "{end}: {part:?}"
            );
        }
        let longer = [&whole[..], b"\0"].concat();
        assert!(matches!(read_answer(&longer), Err(ProtocolFault::Garbled)));
    }
}

#[test]
fn a_part_of_a_component_is_never_compiled() {
    let whole = texts(&[b"\0asm"]);
    let longer = [&whole[..], b"\x01"].concat();
    let parts = (0..whole.len()).filter_map(|end| whole.get(..end));
    for mut bytes in parts.chain([&longer[..]]) {
        assert!(read_component(&mut bytes).is_err(), "{bytes:?}");
    }
    assert_eq!(read_component(&mut &whole[..]).unwrap(), b"\0asm");
}

#[test]
fn programs_of_different_versions_detect_that() {
    let mut foreign = greeting("9.9.9\n");
    foreign.extend([0xff; 3]);
    for read in [
        read_request_head(&mut foreign.as_slice()).map(drop),
        read_answer(&foreign).map(drop),
    ] {
        assert!(
            matches!(&read, Err(ProtocolFault::OtherVersion(version)) if version == "9.9.9\\u{a}"),
            "{read:?}"
        );
    }
}

#[test]
fn bytes_that_are_not_an_answer_are_malformed() {
    let head = greeting(VERSION);
    let unknown_kind = [&head[..], &[9], &texts(&[b"", b""])].concat();
    let no_text = [&head[..], &[REFUSED], &texts(&[b"\xff", b""])].concat();
    let surplus = [&head[..], &[REFUSED], &texts(&[b"reason", b"add"])].concat();
    let endless_version = [&MAGIC[..], &u32::MAX.to_le_bytes()].concat();
    for bytes in [
        &unknown_kind[..],
        &no_text,
        &surplus,
        &endless_version,
        b"weld-host 0.1.0",
    ] {
        let read = read_answer(bytes);
        assert!(matches!(read, Err(ProtocolFault::Garbled)), "{read:?}");
    }
}

#[test]
fn request_with_an_unknown_code_is_malformed() {
    let greeting = greeting(VERSION);
    let priority = [&greeting[..], &[2], &[0; 17]].concat();
    let cpu = [&greeting[..], &[0], &[0; 16], &[9, 0]].concat();
    let functions = [&greeting[..], &[0], &[0; 16], &[0, 2]].concat();
    for request in [priority, cpu, functions] {
        let read = read_request_head(&mut request.as_slice());
        assert!(matches!(read, Err(ProtocolFault::Garbled)), "{read:?}");
    }
}
