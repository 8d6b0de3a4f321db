//! Hand-made components: parts that no compiler produces, added at the end of a compiled component.

/// Sections of a component (component model, `design/mvp/Binary.md`).
const CORE_MODULE: u8 = 1;
const CORE_INSTANCE: u8 = 2;

/// The length of the magic number and the version.
const PREAMBLE_BYTES: usize = 8;

/// A core module made of its sections, each given as id and content.
pub fn core_module(sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in sections {
        module.extend(section(*id, content));
    }
    module
}

/// A core module whose start function has these instructions. `sections` are further sections that come before it,
/// such as a table (id 4) or a memory (id 5).
pub fn starting_with(sections: &[(u8, &[u8])], instructions: &[u8]) -> Vec<u8> {
    // One type, a function without parameters and results; one function of it, which is the start function.
    let mut all: Vec<(u8, &[u8])> = vec![(1, &[1, 0x60, 0, 0]), (3, &[1, 0])];
    all.extend(sections);
    let mut body = vec![0];
    body.extend(instructions);
    body.push(0x0b);
    let mut code = vec![1];
    code.extend(number(body.len()));
    code.extend(&body);
    all.extend([(8, &[0][..]), (10, &code)]);
    core_module(&all)
}

/// Extends `component` so that it also instantiates `module`, after everything that it instantiated before.
///
/// # Panics
/// If `component` is not a component.
pub fn with_core_module(component: &[u8], module: &[u8]) -> Vec<u8> {
    let modules = count_core_modules(component);
    let mut longer = component.to_vec();
    longer.extend(section(CORE_MODULE, module));
    // One instance of this module, without arguments.
    let mut instance = vec![1, 0];
    instance.extend(number(modules));
    instance.push(0);
    longer.extend(section(CORE_INSTANCE, &instance));
    longer
}

/// A connector that sleeps for this long when it is instantiated: its start function calls the host's `sleep`.
pub fn starting_asleep(milliseconds: u32) -> Vec<u8> {
    let named = |name: &str| [number(name.len()), name.as_bytes().to_vec()].concat();
    // A memory for the result of `sleep`, exported as `m`.
    let memory = core_module(&[(5, &[1, 0, 1]), (7, b"\x01\x01m\x02\0")]);
    // Imports `sleep` as `"" "s"`. Its start function calls it with a time and an address; its `f` does nothing.
    let start = [
        &[0, 0x41][..],
        &signed_number(milliseconds),
        &[0x41, 0, 0x10, 0, 0x0b],
    ]
    .concat();
    let code = [&[2][..], &number(start.len()), &start, &[2, 0, 0x0b]].concat();
    let sleeper = core_module(&[
        (1, &[2, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 0, 0]),
        (2, b"\x01\0\x01s\0\0"),
        (3, &[2, 1, 1]),
        (7, b"\x01\x01f\0\x02"),
        (8, &[1]),
        (10, &code),
    ]);
    // `record { left: u32 }`, exported as `out-of-time`; a result with that error; `sleep` with that result.
    let host_type = [
        &[1, 0x42, 5, 0x01, 0x72, 1][..],
        &named("left"),
        &[0x79, 0x04, 0],
        &named("out-of-time"),
        &[0x03, 0, 0, 0x01, 0x6a, 0, 1, 1, 0x01, 0x40, 1],
        &named("duration"),
        &[0x79, 0, 2, 0x04, 0],
        &named("sleep"),
        &[0x01, 3],
    ]
    .concat();
    let import = [&[1, 0][..], &named("weld:connector/host@0.1.0"), &[5, 0]].concat();
    let sleep = [&[1, 0x01, 0, 0][..], &named("sleep")].concat();
    let exports = [
        &[1, 0][..],
        &named("weld:connector/source@0.1.0"),
        &[5, 1, 0],
    ]
    .concat();
    [
        b"\0asm\x0d\0\x01\0".to_vec(),
        section(7, &host_type),
        section(10, &import),
        section(6, &sleep),
        section(CORE_MODULE, &memory),
        section(CORE_MODULE, &sleeper),
        section(CORE_INSTANCE, &[1, 0, 0, 0]),
        section(6, b"\x01\0\x02\x01\0\x01m"),
        // `sleep` lowered with that memory.
        section(8, &[1, 0x01, 0, 0, 1, 0x03, 0]),
        // An instance of it under the name `s`, and an instance of the module that imports it.
        section(2, b"\x02\x01\x01\x01s\0\0\0\x01\x01\0\x12\x01"),
        // `f` as a function of the component, under both names in the contract.
        section(6, b"\x01\0\0\x01\x02\x01f"),
        section(7, b"\x01\x40\0\x01\0"),
        section(8, &[1, 0, 0, 1, 0, 1]),
        section(
            5,
            b"\x01\x01\x02\0\x06schema\x01\x01\0\x0afetch-page\x01\x01",
        ),
        section(11, &exports),
    ]
    .concat()
}

/// A number as encoded in `i32.const`: signed LEB128.
fn signed_number(value: u32) -> Vec<u8> {
    let mut bytes = number(value as usize);
    if let Some(last) = bytes.last_mut().filter(|last| **last & 0x40 != 0) {
        *last |= 0x80;
        bytes.push(0);
    }
    bytes
}

/// A component that exports nothing, with one module of this many functions, each with this many arithmetic steps: as
/// large as a test needs it, and slow to compile.
pub fn large(functions: usize, steps: usize) -> Vec<u8> {
    let module = large_module(functions, steps);
    [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &module)].concat()
}

fn large_module(functions: usize, steps: usize) -> Vec<u8> {
    let body = body(steps);
    let count = number(functions);
    [
        b"\0asm\x01\0\0\0".to_vec(),
        // All have one type: two numbers in, one out.
        section(1, b"\x01\x60\x02\x7e\x7e\x01\x7e"),
        section(3, &[&count[..], &vec![0; functions]].concat()),
        section(10, &[count.clone(), body.repeat(functions)].concat()),
    ]
    .concat()
}

/// A large component that takes the compiler seconds, so that a test can observe the compilation.
pub fn slow() -> Vec<u8> {
    large(SLOW.0, SLOW.1)
}

/// This component, extended by a module that takes the compiler as long.
///
/// # Panics
/// If `component` is not a component.
pub fn slowed(component: &[u8]) -> Vec<u8> {
    with_core_module(component, &large_module(SLOW.0, SLOW.1))
}

/// The functions and steps of a module that takes the compiler seconds.
const SLOW: (usize, usize) = (10_000, 100);

/// A function's body, preceded by its length.
fn body(steps: usize) -> Vec<u8> {
    // No local variables besides the parameters; it begins with `local.get 0`.
    let mut code = vec![0, 0x20, 0];
    for step in 0..steps {
        // Multiplied by one parameter, then mixed with the other one, which receives the result.
        let parameter = u8::from(step % 2 == 1);
        code.extend([
            0x20,
            parameter,
            0x7e,
            0x20,
            1 - parameter,
            0x85,
            0x22,
            parameter,
        ]);
    }
    code.push(0x0b);
    [number(code.len()), code].concat()
}

fn count_core_modules(component: &[u8]) -> usize {
    let mut rest = &component[PREAMBLE_BYTES..];
    let mut count = 0;
    while let Some((&id, after)) = rest.split_first() {
        let (bytes, content) = read_number(after);
        count += usize::from(id == CORE_MODULE);
        rest = &content[bytes..];
    }
    count
}

/// A section of a module or component: its number, its length, its contents.
pub fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut section = vec![id];
    section.extend(number(content.len()));
    section.extend(content);
    section
}

/// LEB128, as WebAssembly writes numbers.
pub fn number(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn read_number(bytes: &[u8]) -> (usize, &[u8]) {
    let mut number = 0;
    for (place, byte) in bytes.iter().enumerate() {
        number |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return (number, &bytes[place + 1..]);
        }
    }
    panic!("the component is truncated");
}
