//! A component as large as one of Python's: a small one, with another module of functions that nothing calls. They
//! are compiled and mapped like any others, but no page of their code is ever read.

/// Sections of a component (component model, `design/mvp/Binary.md`).
const CORE_MODULE_SECTION: u8 = 1;
/// Sections of a core module (WebAssembly 3.0, "Modules" in "Binary Format").
const TYPE_SECTION: u8 = 1;
const FUNCTION_SECTION: u8 = 3;
const MEMORY_SECTION: u8 = 5;
const CODE_SECTION: u8 = 10;

const PREAMBLE: &[u8] = b"\0asm\x01\0\0\0";
/// One type: two `i32` parameters and one `i32` result.
const TYPES: &[u8] = &[1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f];
/// One memory of one page.
const MEMORIES: &[u8] = &[1, 0, 1];

/// How many steps a function has; each takes about ten bytes.
const STEPS: u32 = 100;

/// `component`, enlarged by this many bytes of functions.
pub(crate) fn enlarged(component: &[u8], code_bytes: usize) -> Vec<u8> {
    let mut module = PREAMBLE.to_vec();
    let (mut functions, mut bodies) = (0_u32, Vec::new());
    let mut draw = Draw(0x9e37_79b9_7f4a_7c15);
    while bodies.len() < code_bytes {
        let body = function(&mut draw, functions);
        vector(&mut bodies, &body);
        functions += 1;
    }
    let mut types_of_functions = number(functions);
    types_of_functions.resize(types_of_functions.len() + functions as usize, 0);
    let code = [number(functions), bodies].concat();
    section(&mut module, TYPE_SECTION, TYPES);
    section(&mut module, FUNCTION_SECTION, &types_of_functions);
    section(&mut module, MEMORY_SECTION, MEMORIES);
    section(&mut module, CODE_SECTION, &code);
    let mut enlarged = component.to_vec();
    section(&mut enlarged, CORE_MODULE_SECTION, &module);
    enlarged
}

/// A body without locals: random arithmetic, loads, stores, branches and calls of the functions `before` it.
fn function(draw: &mut Draw, before: u32) -> Vec<u8> {
    let mut body = vec![0];
    for _ in 0..STEPS {
        let local = u8::from(draw.below(2) == 1);
        match draw.below(5) {
            // local = local + constant
            0 => {
                body.extend([0x20, local, 0x41]);
                body.extend(number(draw.below(64)));
                body.extend([0x6a, 0x21, local]);
            }
            // local = (local * other) xor other
            1 => body.extend([
                0x20,
                local,
                0x20,
                1 - local,
                0x6c,
                0x20,
                1 - local,
                0x73,
                0x21,
                local,
            ]),
            // local = memory[local & 63 + offset]
            2 => {
                body.extend([0x20, local, 0x41, 63, 0x71, 0x28, 2]);
                body.extend(number(draw.below(8_000)));
                body.extend([0x21, local]);
            }
            // if local { memory[other & 63 + offset] = local }
            3 => {
                body.extend([0x20, local, 0x04, 0x40, 0x20, 1 - local, 0x41, 63, 0x71]);
                body.extend([0x20, local, 0x36, 2]);
                body.extend(number(draw.below(8_000)));
                body.push(0x0b);
            }
            _ if before == 0 => {}
            // local = call(local, other)
            _ => {
                body.extend([0x20, local, 0x20, 1 - local, 0x10]);
                body.extend(number(draw.below(before)));
                body.extend([0x21, local]);
            }
        }
    }
    body.extend([0x20, 0, 0x0b]);
    body
}

fn section(module: &mut Vec<u8>, kind: u8, content: &[u8]) {
    module.push(kind);
    vector(module, content);
}

fn vector(bytes: &mut Vec<u8>, content: &[u8]) {
    // Nothing here comes near four gigabytes.
    bytes.extend(number(u32::try_from(content.len()).unwrap_or(u32::MAX)));
    bytes.extend_from_slice(content);
}

/// As unsigned LEB128. A constant below 64 is the same in signed LEB128.
fn number(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low & 0x7f);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// Pseudorandom numbers, the same in every run (Marsaglia's xorshift).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let drawn = self.0 % u64::from(bound.max(1));
        u32::try_from(drawn).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_seven_bits_to_a_byte() {
        for (value, expected) in [
            (0, &[0][..]),
            (127, &[0x7f]),
            (128, &[0x80, 1]),
            (624_485, &[0xe5, 0x8e, 0x26]),
        ] {
            assert_eq!(number(value), expected, "{value}");
        }
    }

    #[test]
    fn component_grows_by_the_requested_size() {
        let enlarged = enlarged(b"component", 100_000);
        assert!(enlarged.starts_with(b"component\x01"));
        assert!(
            (100_000..110_000).contains(&enlarged.len()),
            "{}",
            enlarged.len()
        );
    }
}
