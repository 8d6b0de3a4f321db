//! The programming language of a component, for people who read lists of connectors.
//!
//! Toolchains write the section `producers` (the tool conventions of WebAssembly: fields `language`, `processed-by` and
//! `sdk`), but not all languages can be read from it. A component in Python or JavaScript contains an interpreter that is
//! written in C or Rust, and its tool doesn't sign it; so the interpreter itself is looked for. A module in C names no
//! language, but is wrapped in one that is written in Rust, and a release build in Rust is often stripped of its language;
//! both name the tool that made their bindings.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use wasmparser::{KnownCustom, Parser, Payload};

/// Texts that an interpreter has: the name of the library that is linked, and paths in its source code.
const INTERPRETERS: [(&str, &str); 4] = [
    ("libpython3.", "Python"),
    ("StarlingMonkey", "JavaScript"),
    ("QuickJS", "JavaScript"),
    ("quickjs", "JavaScript"),
];

/// Tools whose name says the language, the most telling first: a component in Rust also contains bindings in C.
const TOOLS: [(&str, &str); 4] = [
    ("TinyGo", "Go"),
    ("wit-bindgen-go", "Go"),
    ("wit-bindgen-rust", "Rust"),
    ("wit-bindgen-c", "C"),
];

/// The longest name of a language that is kept.
const MAX_NAME_BYTES: usize = 40;

/// The language; `None` if nothing names it, or the bytes are not WebAssembly.
pub(super) fn language(bytes: &[u8]) -> Option<String> {
    let recorded = ProducerFacts::read(bytes)?;
    if let Some(interpreted) = interpreted(bytes) {
        return Some(interpreted.to_owned());
    }
    let is_used = |tool: &str| recorded.tools.iter().any(|name| name == tool);
    if let Some((_, language)) = TOOLS.iter().find(|(tool, _)| is_used(tool)) {
        return Some((*language).to_owned());
    }
    let most_code = recorded.languages.into_iter().max_by_key(|(_, code)| *code);
    let (language, _) = most_code?;
    Some(crate::report::shortened(&plain(&language), MAX_NAME_BYTES))
}

fn interpreted(bytes: &[u8]) -> Option<&'static str> {
    let names = INTERPRETERS.map(|(name, _)| name);
    // Building the automaton can't fail for so few patterns.
    let found = AhoCorasick::new(names).ok()?.find(bytes)?;
    let (_, language) = INTERPRETERS.get(found.pattern().as_usize())?;
    Some(language)
}

/// What the sections `producers` say.
#[derive(Default)]
struct ProducerFacts {
    /// The languages, each with the bytes of code in the modules that name it.
    languages: BTreeMap<String, usize>,
    tools: Vec<String>,
}

impl ProducerFacts {
    /// Reads all sections; `None` if the bytes are not WebAssembly.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut facts = Self::default();
        // The modules around the present place.
        let mut modules = Vec::<ModuleFacts>::new();
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
                        let values = field.values.into_iter().flatten();
                        let names = values.map(|value| value.name.to_owned());
                        match (field.name, modules.last_mut()) {
                            ("language", Some(module)) => module.languages.extend(names),
                            _ => facts.tools.extend(names),
                        }
                    }
                }
                Payload::End(_) => {
                    let module = modules.pop().unwrap_or_default();
                    for language in module.languages {
                        let code = facts.languages.entry(language).or_default();
                        *code = code.saturating_add(module.code_bytes);
                    }
                }
                _ => {}
            }
        }
        Some(facts)
    }
}

#[derive(Default)]
struct ModuleFacts {
    code_bytes: usize,
    languages: Vec<String>,
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
    fn language_is_that_of_the_interpreter_or_of_the_tool_or_of_most_code() {
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
                "a module in C in its shim",
                vec![
                    module(30, &producers(&[], &["wit-bindgen-c"])),
                    shim.clone(),
                ],
                Some("C"),
            ),
            (
                "a stripped module in Rust, with C bindings inside",
                vec![module(
                    30,
                    &producers(&[], &["wit-bindgen-c", "wit-bindgen-rust"]),
                )],
                Some("Rust"),
            ),
            (
                "an interpreter",
                vec![
                    shim.clone(),
                    module(30, &producers(&["C11"], &["libpython3.14.so"])),
                ],
                Some("Python"),
            ),
            (
                "another interpreter",
                vec![module(
                    30,
                    &producers(&["C_plus_plus_14"], &["StarlingMonkey"]),
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
