//! Compiles the component of a project into the cache, and only the functions that its last build did not have.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::{JoinError, spawn_blocking};
use wasmtime::component::Component;

use super::error::CompilerFault;
use super::functions::functions_key;
use super::{Compiler, check_kind};
use crate::sandbox::compile_error::CompileError;
use crate::sandbox::wasm::Wasm;

impl Compiler {
    /// The compiled form of the component of a project, which is not in the cache yet. Functions that its last build
    /// has too are taken from there, and its functions are kept for the next one.
    ///
    /// # Errors
    ///
    /// [`CompileError`], except `Imports` and `Exports`.
    pub(in crate::sandbox) async fn compiled_for(
        self: &Arc<Self>,
        wasm: Wasm,
        project: &Path,
    ) -> Result<Component, CompileError> {
        check_kind(wasm.bytes())?;
        if let Some(component) = self.cached(wasm.key()).await? {
            return Ok(component);
        }
        let ended = self.observer.begins();
        let (key, functions_key) = (wasm.key().clone(), functions_key(wasm.settings(), project));
        let bytes = wasm.into_bytes();
        let known = self.known_functions(&functions_key).await?;
        let output = match self.compile(bytes.clone(), Some(known.clone())).await {
            // With the known functions it takes more memory.
            Err(CompileError::Compiler(CompilerFault::OutOfMemory(_))) if !known.is_empty() => {
                self.compile(bytes, None).await?
            }
            output => output?,
        };
        let component = self.store_or_load(&key, output.code).await?;
        if !output.functions.is_empty() {
            self.keep_functions(functions_key, output.functions).await?;
        }
        ended();
        Ok(component)
    }

    async fn known_functions(self: &Arc<Self>, key: &Arc<str>) -> Result<Bytes, JoinError> {
        let (compiler, key) = (self.clone(), key.clone());
        let known = spawn_blocking(move || compiler.cache.as_ref()?.functions(&key));
        Ok(known.await?.unwrap_or_default().into())
    }

    async fn keep_functions(
        self: &Arc<Self>,
        key: Arc<str>,
        functions: Vec<u8>,
    ) -> Result<(), JoinError> {
        let compiler = self.clone();
        spawn_blocking(move || {
            if let Some(cache) = &compiler.cache {
                cache.put_functions(&key, &functions);
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use wasmtime::Engine;

    use super::super::{Compilation, CompileObserver, CompilerPriority, CompilerProcess};
    use super::*;
    use crate::config::CompileLimits;
    use crate::sandbox::cache::Cache;
    use crate::sandbox::engine::compiler_config;

    /// A compiler with a cache in this folder. It calls a script in place of the compiler.
    fn compiler(folder: &Path, script: &str) -> Arc<Compiler> {
        let process = CompilerProcess {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            limits: CompileLimits::default(),
            priority: CompilerPriority::Foreground,
        };
        Compiler::new(
            Engine::new(&compiler_config()).unwrap(),
            Compilation::Process(process),
            Some(Cache::new(folder.join("cache"), 1 << 30).unwrap()),
            CompileObserver::none(),
        )
    }

    /// A file of the compiler's answer for `wasm`, with these functions to be kept.
    fn answer(folder: &Path, wasm: &[u8], functions: &[u8]) -> std::path::PathBuf {
        use super::super::protocol::CompilerAnswer;
        let engine = Engine::new(&compiler_config()).unwrap();
        let code = engine.precompile_component(wasm).unwrap();
        let mut bytes = Vec::new();
        let answer = CompilerAnswer::Compiled {
            code: &code,
            functions,
        };
        answer.write(&mut bytes).unwrap();
        let path = folder.join("answer");
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The functions in the cache, with their file.
    fn kept(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let files = fs::read_dir(folder.join("cache")).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        let functions = paths.filter(|path| path.extension().is_some_and(|end| end == "functions"));
        functions
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect()
    }

    /// Compiles an empty component that differs from others by `mark`, by a compiler that is to keep `functions`.
    /// Returns its request.
    async fn build(folder: &Path, mark: u8, functions: &[u8]) -> Vec<u8> {
        let wasm = [&b"\0asm\x0d\0\x01\0\0\x02\x01"[..], &[mark]].concat();
        let answer = answer(folder, &wasm, functions);
        let request = folder.join("request");
        let script = format!("cat > {}; cat {}", request.display(), answer.display());
        let compiler = compiler(folder, &script);
        let wasm = compiler.wasm(wasm.into());
        compiler.compiled_for(wasm, folder).await.unwrap();
        fs::read(request).unwrap()
    }

    fn contains(request: &[u8], functions: &[u8]) -> bool {
        request
            .windows(functions.len())
            .any(|part| part == functions)
    }

    #[tokio::test]
    async fn functions_of_a_build_go_to_the_compiler_of_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        build(folder, 1, b"the first").await;
        assert!(contains(&build(folder, 2, b"").await, b"the first"));
        let next = build(folder, 3, b"the second").await;
        assert!(
            contains(&next, b"the first"),
            "an empty answer changes nothing"
        );
        assert!(contains(&build(folder, 4, b"").await, b"the second"));
        assert_eq!(kept(folder).len(), 1);
    }

    #[tokio::test]
    async fn functions_that_others_may_have_written_are_not_used() {
        type Tampering = fn(&Path);
        let tamperings: [Tampering; 4] = [
            |path| fs::write(path, "the worst").unwrap(),
            |path| fs::write(path, "").unwrap(),
            |path| fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap(),
            |path| fs::remove_file(path.with_extension("sha256")).unwrap(),
        ];
        for tamper in tamperings {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path();
            build(folder, 1, b"the first").await;
            let [(path, _)] = &kept(folder)[..] else {
                panic!("one project has one file");
            };
            tamper(path);
            let request = build(folder, 2, b"the second").await;
            assert!(!contains(&request, b"the first") && !contains(&request, b"the worst"));
            assert!(
                contains(&build(folder, 3, b"").await, b"the second"),
                "replaced"
            );
        }
    }

    #[tokio::test]
    async fn a_compiler_that_lacks_memory_for_known_functions_starts_without_them() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        build(folder, 1, b"the first").await;
        let wasm = &b"\0asm\x0d\0\x01\0\0\x02\x01\x02"[..];
        let answer = answer(folder, wasm, b"");
        let script = format!(
            "if grep -q 'the first'; then echo 'memory allocation of 8 bytes failed' >&2; kill -ABRT $$; fi; cat {}",
            answer.display()
        );
        let compiler = compiler(folder, &script);
        let wasm = compiler.wasm(Bytes::from_static(wasm));
        assert!(compiler.compiled_for(wasm, folder).await.is_ok());
    }
}
