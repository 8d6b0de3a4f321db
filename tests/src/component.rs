//! Components made by hand: what no compiler makes, at the end of one that a compiler made.

/// Sections of a component (component model, `design/mvp/Binary.md`).
const CORE_MODULE: u8 = 1;
const CORE_INSTANCE: u8 = 2;

/// The length of magic number and version.
const PREAMBLE_BYTES: usize = 8;

/// A core module from its sections, each an id and a content.
pub fn core_module(sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in sections {
        module.extend(section(*id, content));
    }
    module
}

/// A core module whose start function has these instructions, after these further sections that stand before it, such
/// as a table (id 4) or a memory (id 5).
pub fn starting_with(sections: &[(u8, &[u8])], instructions: &[u8]) -> Vec<u8> {
    // One type, of a function without parameters and results; one function of it, which is the start.
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

/// `component`, which also makes an instance of `module`, after all that it made before.
///
/// # Panics
/// Where `component` is none.
pub fn with_core_module(component: &[u8], module: &[u8]) -> Vec<u8> {
    let modules = count_core_modules(component);
    let mut longer = component.to_vec();
    longer.extend(section(CORE_MODULE, module));
    // One instance: of this module, without arguments.
    let mut instance = vec![1, 0];
    instance.extend(number(modules));
    instance.push(0);
    longer.extend(section(CORE_INSTANCE, &instance));
    longer
}

/// A component that exports nothing, with one module of so many functions, each of so many arithmetic steps: as large
/// as a test needs it, and slow to compile.
pub fn large(functions: usize, steps: usize) -> Vec<u8> {
    let body = body(steps);
    let count = number(functions);
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        // All have one type: two numbers in, one out.
        section(1, b"\x01\x60\x02\x7e\x7e\x01\x7e"),
        section(3, &[&count[..], &vec![0; functions]].concat()),
        section(10, &[count.clone(), body.repeat(functions)].concat()),
    ]
    .concat();
    [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &module)].concat()
}

/// Such a component that takes the compiler seconds: long enough to be caught at it.
pub fn slow() -> Vec<u8> {
    large(10_000, 100)
}

/// A function's body, with its length before it.
fn body(steps: usize) -> Vec<u8> {
    // No local variables besides the parameters; `local.get 0` for a beginning.
    let mut code = vec![0, 0x20, 0];
    for step in 0..steps {
        // Multiplied by one parameter, then mixed with the other, which takes the result.
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
    panic!("the component is cut short");
}
