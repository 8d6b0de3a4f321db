//! The compiled functions of a project's last build, which the next build uses again.
//!
//! An edit changes few functions, or none: in Python and JavaScript, the connector is data, and all functions belong to
//! the language's engine. Cranelift looks each function up by a digest of everything that affects its code.
//!
//! A compiler that a hostile component has taken over could return any code for any function. So what it returns is
//! used for nothing but later builds of the same project, whose author trusts their own sources anyway. Loading a
//! component neither reads nor writes functions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};
use wasmtime::CacheStore;

use crate::lock::Mutex;
use crate::report::hexadecimal;

/// The length of a function's digest in bytes.
const DIGEST_BYTES: usize = 32;

type FunctionDigest = [u8; DIGEST_BYTES];

/// The key of a project's functions in the cache; `settings` are those of the engine that affect the code. Relative
/// paths are resolved.
pub(super) fn functions_key(settings: &str, project: &Path) -> Arc<str> {
    let project = project
        .canonicalize()
        .unwrap_or_else(|_| project.to_owned());
    let mut digest = Sha256::new_with_prefix("functions");
    digest.update(settings);
    digest.update(project.as_os_str().as_encoded_bytes());
    hexadecimal(&digest.finalize()).into()
}

/// The functions that are known to a compiler, and those that it adds.
///
/// Their form in a file, for each function: its digest (32 bytes), the length of its code (4 bytes, little-endian), its
/// code as Cranelift serializes it.
#[derive(Debug, Default)]
pub(super) struct FunctionStore {
    bytes: Vec<u8>,
    known: HashMap<FunctionDigest, KnownFunction>,
    added: Mutex<HashMap<FunctionDigest, Vec<u8>>>,
}

#[derive(Debug)]
struct KnownFunction {
    begin: usize,
    end: usize,
    is_used: AtomicBool,
}

impl FunctionStore {
    /// The functions in `bytes`. If they are malformed, those before the fault.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let mut known = HashMap::new();
        let mut begin = 0;
        while let Some((digest, end)) = function_at(&bytes, begin) {
            let function = KnownFunction {
                begin: begin + DIGEST_BYTES + size_of::<u32>(),
                end,
                is_used: AtomicBool::new(false),
            };
            known.insert(digest, function);
            begin = end;
        }
        Self {
            bytes,
            known,
            added: Mutex::default(),
        }
    }

    /// The functions of the component that was compiled with this store, to be kept in place of those that were known.
    /// `None` if they would be about the same. Functions that it no longer has are dropped, so the file doesn't grow.
    pub(super) fn changed(&self) -> Option<Vec<u8>> {
        let added = self.added.lock();
        let used = || {
            let known = self.known.iter();
            known.filter(|(_, function)| function.is_used.load(Ordering::Relaxed))
        };
        if added.is_empty() && used().count() >= self.known.len() / 2 {
            return None;
        }
        let mut bytes = Vec::new();
        for (digest, function) in used() {
            append(&mut bytes, digest, self.code(function)?);
        }
        for (digest, code) in added.iter() {
            append(&mut bytes, digest, code);
        }
        Some(bytes)
    }

    fn code(&self, function: &KnownFunction) -> Option<&[u8]> {
        self.bytes.get(function.begin..function.end)
    }
}

impl CacheStore for FunctionStore {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let digest: &FunctionDigest = key.try_into().ok()?;
        if let Some(function) = self.known.get(digest) {
            function.is_used.store(true, Ordering::Relaxed);
            return self.code(function).map(Cow::Borrowed);
        }
        // A component has many equal functions, such as empty ones.
        let added = self.added.lock();
        added.get(digest).cloned().map(Cow::Owned)
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        let Ok(digest) = key.try_into() else {
            return false;
        };
        self.added.lock().insert(digest, value);
        true
    }
}

/// The digest of the function that begins there, and where its code ends.
fn function_at(bytes: &[u8], begin: usize) -> Option<(FunctionDigest, usize)> {
    let (digest, rest) = bytes.get(begin..)?.split_first_chunk()?;
    let (length, code) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    code.get(..length)?;
    let end = begin + DIGEST_BYTES + size_of::<u32>() + length;
    Some((*digest, end))
}

/// Appends a function. One whose length has no four bytes is left out.
fn append(bytes: &mut Vec<u8>, digest: &FunctionDigest, code: &[u8]) {
    if let Ok(length) = u32::try_from(code.len()) {
        bytes.extend(digest);
        bytes.extend(length.to_le_bytes());
        bytes.extend(code);
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::Engine;

    use super::*;
    use crate::sandbox::engine::compiler_config;

    /// A component with these functions.
    fn component(functions: &[&str]) -> Vec<u8> {
        let functions = functions.join(" ");
        wat::parse_str(format!("(component (core module {functions}))")).unwrap()
    }

    const ADD: &str = "(func (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))";
    const MULTIPLY: &str =
        "(func (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))";
    const LOOP: &str = "(func (param i32) (loop (br_if 0 (local.get 0))))";

    /// The code of a component that is compiled with these functions, and the functions to be kept.
    fn compile(wasm: &[u8], functions: Vec<u8>) -> (Vec<u8>, Option<Vec<u8>>) {
        let store = Arc::new(FunctionStore::new(functions));
        let mut config = compiler_config();
        config
            .enable_incremental_compilation(store.clone())
            .unwrap();
        let engine = Engine::new(&config).unwrap();
        let code = engine.precompile_component(wasm).unwrap();
        drop(engine);
        (code, store.changed())
    }

    #[test]
    fn known_functions_give_the_same_code() {
        let (before, after) = (component(&[ADD, LOOP]), component(&[MULTIPLY, LOOP, ADD]));
        let plain = Engine::new(&compiler_config()).unwrap();
        let (code, functions) = compile(&before, Vec::new());
        assert_eq!(code, plain.precompile_component(&before).unwrap());
        let functions = functions.unwrap();
        let (again, unchanged) = compile(&before, functions.clone());
        assert_eq!((again, unchanged), (code, None));
        let (edited, _) = compile(&after, functions);
        assert_eq!(edited, plain.precompile_component(&after).unwrap());
    }

    #[test]
    fn functions_that_a_component_no_longer_has_are_dropped() {
        let count = |functions: &[u8]| FunctionStore::new(functions.to_owned()).known.len();
        let (_, first) = compile(&component(&[ADD, LOOP]), Vec::new());
        let first = first.unwrap();
        let (_, second) = compile(&component(&[MULTIPLY, LOOP]), first.clone());
        assert_eq!(count(&second.unwrap()), count(&first));
    }

    #[test]
    fn malformed_functions_are_compiled_again() {
        let wasm = component(&[ADD, LOOP]);
        let (code, functions) = compile(&wasm, Vec::new());
        let functions = functions.unwrap();
        let (cut, _) = functions.split_at(functions.len() - 1);
        let mut without_code = functions.clone();
        for at in [DIGEST_BYTES, DIGEST_BYTES + 1] {
            without_code[at] = 0xff;
        }
        let mut garbled = functions.clone();
        let (_, end) = function_at(&functions, 0).unwrap();
        garbled[DIGEST_BYTES + 4..end].fill(0xff);
        for malformed in [cut.to_vec(), without_code, garbled, vec![0; 35], vec![7]] {
            assert_eq!(compile(&wasm, malformed).0, code);
        }
    }

    #[test]
    fn each_project_and_each_setting_has_its_own_functions() {
        let folders = [(), ()].map(|()| tempfile::tempdir().unwrap());
        let [first, second] = folders.each_ref().map(|folder| folder.path());
        let key = functions_key("1", first);
        assert_eq!(key, functions_key("1", &first.join(".")));
        assert_ne!(key, functions_key("1", second));
        assert_ne!(key, functions_key("2", first));
    }
}
