//! The programming language of a component, from the section `producers` that toolchains write (the tool conventions of
//! WebAssembly: fields `language`, `processed-by` and `sdk`).
//!
//! A component consists of several modules. One in Python contains the interpreter, which is written in C, and a shim
//! in Rust. So a tool that makes components of one language counts before the languages that the modules name.

use std::collections::BTreeMap;

use wasmparser::{KnownCustom, Parser, Payload};

/// Tools whose name says the language, in lower case.
const TOOLS: [(&str, &str); 4] = [
    ("componentize-py", "Python"),
    ("componentizejs", "JavaScript"),
    ("componentize-js", "JavaScript"),
    ("tinygo", "Go"),
];

/// The longest name of a language that is kept.
const MAX_NAME_BYTES: usize = 40;

/// The language; `None` if nothing names it, or the bytes are not WebAssembly.
pub(super) fn language(bytes: &[u8]) -> Option<String> {
    let mut code_of_languages = BTreeMap::<String, usize>::new();
    let mut tool = None;
    // The modules around the present place: the code of each so far, and the languages that it names.
    let mut modules = vec![ModuleFacts::default()];
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::Version { .. } => modules.push(ModuleFacts::default()),
            Payload::CodeSectionStart { size, .. } => {
                if let Some(module) = modules.last_mut() {
                    module.code_bytes = size as usize;
                }
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Producers(fields) = section.as_known() else {
                    continue;
                };
                for field in fields.into_iter().flatten() {
                    for value in field.values.into_iter().flatten() {
                        match field.name {
                            "language" => {
                                if let Some(module) = modules.last_mut() {
                                    module.languages.push(value.name.to_owned());
                                }
                            }
                            _ => tool = tool.or_else(|| language_of_tool(value.name)),
                        }
                    }
                }
            }
            Payload::End(_) => {
                let Some(module) = modules.pop() else {
                    continue;
                };
                for language in module.languages {
                    let code = code_of_languages.entry(language).or_default();
                    *code = code.saturating_add(module.code_bytes);
                }
            }
            _ => {}
        }
    }
    if let Some(tool) = tool {
        return Some(tool.to_owned());
    }
    let (language, _) = code_of_languages
        .into_iter()
        .max_by_key(|(_, code)| *code)?;
    Some(crate::report::shortened(&plain(&language), MAX_NAME_BYTES))
}

#[derive(Default)]
struct ModuleFacts {
    code_bytes: usize,
    languages: Vec<String>,
}

fn language_of_tool(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let (_, language) = TOOLS.iter().find(|(tool, _)| name.starts_with(tool))?;
    Some(language)
}

/// clang writes `C11` and `C_plus_plus_14`, by the version of the language's standard.
fn plain(language: &str) -> String {
    let is_version = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit());
    let bare = [("C_plus_plus_", "C++"), ("C", "C")];
    let plain = bare
        .iter()
        .find(|(prefix, _)| language.strip_prefix(prefix).is_some_and(is_version));
    plain.map_or_else(|| language.to_owned(), |(_, plain)| (*plain).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A section `producers` with these values of `language` and `processed-by`.
    fn producers(languages: &[&str], tools: &[&str]) -> Vec<u8> {
        let text =
            |text: &str| [&[u8::try_from(text.len()).unwrap()][..], text.as_bytes()].concat();
        let count = |values: &[&str]| u8::try_from(values.len()).unwrap();
        let mut content = text("producers");
        content.push(2);
        for (name, values) in [("language", languages), ("processed-by", tools)] {
            content.extend(text(name));
            content.push(count(values));
            for value in values {
                content.extend([text(value), text("1.0")].concat());
            }
        }
        let size = u8::try_from(content.len()).unwrap();
        [vec![0, size], content].concat()
    }

    /// A module with functions of this many bytes of code together.
    fn module(code_bytes: u8, producers: &[u8]) -> Vec<u8> {
        let body = code_bytes - 2;
        let code = [
            &[10, code_bytes, 1, body][..],
            &[0],
            &vec![1; usize::from(body) - 2],
            &[0x0b],
        ]
        .concat();
        let types = [1, 4, 1, 0x60, 0, 0];
        let functions = [3, 2, 1, 0];
        [
            &b"\0asm\x01\0\0\0"[..],
            &types,
            &functions,
            &code,
            producers,
        ]
        .concat()
    }

    fn component(modules: &[Vec<u8>]) -> Vec<u8> {
        let modules = modules.iter().flat_map(|module| {
            let size = u8::try_from(module.len()).unwrap();
            [&[1, size][..], module].concat()
        });
        let modules: Vec<u8> = modules.collect();
        [&b"\0asm\x0d\0\x01\0"[..], &modules].concat()
    }

    #[test]
    fn language_is_that_of_the_tool_or_of_most_code() {
        let shim = module(10, &producers(&["Rust"], &["rustc"]));
        for (what, modules, expected) in [
            ("no module", vec![], None),
            ("a module that says nothing", vec![module(10, &[])], None),
            ("one language", vec![shim.clone()], Some("Rust")),
            (
                "the language of the larger module",
                vec![shim.clone(), module(30, &producers(&["C11"], &["clang"]))],
                Some("C"),
            ),
            (
                "C++",
                vec![module(30, &producers(&["C_plus_plus_14"], &[]))],
                Some("C++"),
            ),
            (
                "an interpreter in C",
                vec![
                    module(30, &producers(&["C11"], &["clang"])),
                    module(10, &producers(&[], &["componentize-py"])),
                ],
                Some("Python"),
            ),
            (
                "another interpreter",
                vec![module(
                    30,
                    &producers(&["C_plus_plus_14"], &["ComponentizeJS"]),
                )],
                Some("JavaScript"),
            ),
        ] {
            let found = language(&component(&modules));
            assert_eq!(found.as_deref(), expected, "{what}");
        }
    }

    #[test]
    fn bytes_that_are_not_webassembly_have_no_language() {
        let whole = component(&[module(10, &producers(&["Rust"], &[]))]);
        for bytes in [&b""[..], b"no component", &whole[..whole.len() - 3]] {
            assert_eq!(language(bytes), None, "{bytes:?}");
        }
    }
}
