use super::super::screen::MOST_ROWS;
use super::*;

fn folder() -> PythonFolder {
    PythonFolder::new(Path::new("shop"))
}

/// stderr of componentize-py 0.25.1 for modules that print `said`.
fn stderr(said: &str, cause: &str) -> String {
    format!(
        "Traceback (most recent call last):\n  File \"/home/me/shop/.venv/bin/componentize-py\", line 8, in <module>\n    \
         sys.exit(script())\n             ^^^^^^^^\nAssertionError: {said}\n\n\nCaused by:\n    {cause}\n\n\
         Stack backtrace:\n   0: <anyhow::Error>::msg::<alloc::string::String>\n   1: anyhow::__private::format_err\n"
    )
}

fn traceback(frames: &str, exception: &str) -> String {
    let said = format!("Traceback (most recent call last):\n{frames}{exception}\n");
    stderr(&said, exception)
}

fn report(stderr: &str) -> FailureReport {
    python_failure(stderr, &[], &folder())
}

fn cause(stderr: &str) -> String {
    report(stderr).cause.expect("the cause is known")
}

/// A frame of the module's top level.
fn top(path: &str, line: u32, statement: &str) -> String {
    format!("  File \"{path}\", line {line}, in <module>\n    {statement}\n")
}

#[test]
fn the_authors_frames_stay_and_those_of_tools_go() {
    let frames = [
        &top("/0/app.py", 1, "import helpers"),
        &top("/0/helpers/__init__.py", 5, "V = f({})"),
        "  File \"/0/helpers/__init__.py\", line 2, in f\n    return g(x)\n           ~^^^\n",
        "  File \"/python/json/__init__.py\", line 300, in loads\n    return decode()\n",
        "  File \"/1/shapes/core.py\", line 9, in g\n    return x[\"a\"]\n",
    ]
    .concat();
    let report = report(&traceback(&frames, "KeyError: 'a'"));
    assert_eq!(
        report.shown,
        [
            "  File \"app.py\", line 1, in <module>",
            "    import helpers",
            "  File \"helpers/__init__.py\", line 5, in <module>",
            "    V = f({})",
            "  File \"helpers/__init__.py\", line 2, in f",
            "    return g(x)",
            "           ~^^^",
            "  File \"shapes/core.py\", line 9, in g",
            "    return x[\"a\"]",
            "KeyError: 'a'",
        ]
    );
    assert_eq!(
        report.cause.as_deref(),
        Some(
            "helpers/__init__.py:2: KeyError: 'a'; the top of a module runs while the component is built: \
             correct it, or move it into schema or fetch_page"
        )
    );
}

#[test]
fn failed_imports_name_the_package_and_what_to_do() {
    let app = |statement: &str| top("/0/app.py", 3, statement);
    let package = |path: &str, statement: &str| top(path, 8, statement);
    for (frames, exception, expected) in [
        (
            app("import nosuch.thing"),
            "ModuleNotFoundError: No module named 'nosuch'",
            "app.py:3: no module named nosuch: there is no nosuch.py in shop/; correct the name, or, if it is a package, \
             add it to requirements.txt and run weld-host build shop --install",
        ),
        (
            app("import orjson") + &package("/1/orjson/__init__.py", "from .orjson import *"),
            "ModuleNotFoundError: No module named 'orjson.orjson'",
            "app.py:3: import orjson: orjson has C code; a component takes pure Python only",
        ),
        (
            app("from nacl import secret")
                + &package("/1/nacl/secret.py", "from _cffi_backend import FFI"),
            "ModuleNotFoundError: No module named '_cffi_backend'",
            "app.py:3: from nacl import secret: nacl has C code; a component takes pure Python only",
        ),
        (
            app("import requests") + &package("/1/requests/__init__.py", "import urllib3"),
            "ModuleNotFoundError: No module named 'urllib3'",
            "app.py:3: import requests: requests needs the module urllib3: no module named urllib3; \
             add it to requirements.txt and run weld-host build shop --install",
        ),
        (
            app("import bz2") + &package("/python/bz2.py", "from _bz2 import BZ2Compressor"),
            "ModuleNotFoundError: No module named '_bz2'",
            "app.py:3: import bz2: a component has no module _bz2",
        ),
    ] {
        assert_eq!(cause(&traceback(&frames, exception)), expected);
    }
}

#[test]
fn a_package_that_replaces_the_error_of_its_import_is_named_too() {
    let said = format!(
        "Traceback (most recent call last):\n{}{}ModuleNotFoundError: No module named 'numpy._core._multiarray_umath'\n\n\
         The above exception was the direct cause of the following exception:\n\n\
         Traceback (most recent call last):\n{}{}ImportError: \n\nIMPORTANT: PLEASE READ THIS FOR ADVICE ON HOW TO SOLVE THIS ISSUE!\n\n{}",
        top("/0/app.py", 2, "import pandas"),
        top("/1/numpy/_core/__init__.py", 22, "from . import multiarray"),
        top("/0/app.py", 2, "import pandas"),
        top("/1/numpy/__init__.py", 112, "raise ImportError(msg) from e"),
        "Importing the numpy C-extensions failed.\n".repeat(40),
    );
    let report = report(&stderr(&said, "ImportError"));
    assert_eq!(
        report.cause.as_deref(),
        Some("app.py:2: import pandas: numpy has C code; a component takes pure Python only")
    );
    assert_eq!(report.shown, Vec::<String>::new());
}

#[test]
fn what_a_component_lacks_is_explained() {
    let call = |path: &str| top("/0/app.py", 2, "call()") + &top(path, 1, "inner()");
    for (frames, exception, words) in [
        (
            call("/python/threading.py"),
            "RuntimeError: can't start new thread",
            "a component has no threads",
        ),
        (
            call("/python/subprocess.py"),
            "OSError: [Errno 58] wasi does not support processes.",
            "can't start programs",
        ),
        (
            call("/python/multiprocessing/popen_fork.py"),
            "AttributeError: module 'os' has no attribute 'WNOHANG'",
            "can't start programs",
        ),
        (
            call("/python/socket.py"),
            "socket.gaierror: [Errno -4] Non-recoverable error",
            "no sockets",
        ),
        (
            call("/python/socket.py"),
            "OSError: [Errno 58] Not supported",
            "no sockets",
        ),
        (
            top("/0/app.py", 2, "input()"),
            "EOFError: EOF when reading a line",
            "no terminal",
        ),
        (
            call("<frozen os>"),
            "KeyError: 'TOKEN'",
            "variables of [env]",
        ),
        (
            top("/0/app.py", 2, "open('x')"),
            "FileNotFoundError: [Errno 44] No such file or directory: 'x'",
            "Path(__file__).parent",
        ),
    ] {
        let cause = cause(&traceback(&frames, exception));
        let kind = exception.split(':').next().unwrap_or_default();
        let kind = kind.rsplit('.').next().unwrap_or_default();
        assert!(cause.starts_with(&format!("app.py:2: {kind}: ")), "{cause}");
        assert!(cause.contains(words), "`{words}` in {cause}");
    }
}

#[test]
fn messages_of_the_kit_and_syntax_errors_need_no_advice() {
    let frames = top("/0/app.py", 4, "Source = export(A)")
        + "  File \"/0/weld_connector/_export.py\", line 178, in export\n    raise TypeError(…)\n";
    let report = report(&traceback(&frames, "TypeError: A has no method fetch_page"));
    assert_eq!(
        report.cause.as_deref(),
        Some("app.py:4: A has no method fetch_page")
    );
    assert!(
        !report.shown.concat().contains("_export.py"),
        "{:?}",
        report.shown
    );

    let syntax = stderr(
        "  File \"/0/app.py\", line 2\n    x = = 1\n        ^\nSyntaxError: invalid syntax\n",
        "SyntaxError: invalid syntax (app.py, line 2)",
    );
    assert_eq!(
        cause(&syntax),
        "app.py:2: SyntaxError: invalid syntax; correct the line and build again"
    );
}

#[test]
fn a_wrong_source_is_explained() {
    for (error, words) in [
        (
            "AttributeError: module 'app' has no attribute 'Source'",
            "there is no `Source`",
        ),
        (
            "TypeError: 'int' object is not callable",
            "`Source` is not a class",
        ),
    ] {
        let report = report(&stderr(&format!("{error}\n"), error));
        assert_eq!(report.shown, Vec::<String>::new());
        assert!(report.cause.is_some_and(|cause| cause.contains(words)));
    }
}

#[test]
fn an_exit_names_the_statements_that_may_have_caused_it() {
    let ended = stderr(
        "",
        "0: error while executing at wasm backtrace:\n           0:  0x21fa8 - libc.so!exit_exit\n    1: Exited with i32 exit status 1",
    );
    let exit = |line| PossibleExit("app.py".to_owned(), line, "sys.exit()".to_owned());
    for (exits, words) in [
        (&[][..], "sys.exit() or os._exit()"),
        (&[exit(7)], "app.py:7: sys.exit() ended the build"),
        (
            &[exit(7), exit(9)],
            "sys.exit() in app.py:7; sys.exit() in app.py:9",
        ),
    ] {
        let report = python_failure(&ended, exits, &folder());
        assert_eq!(report.shown, Vec::<String>::new());
        let cause = report.cause.expect("the cause is known");
        assert!(cause.contains(words), "{cause}");
    }
}

#[test]
fn chained_exceptions_and_printed_lines_stay_within_a_screen() {
    let said = format!(
        "{}Traceback (most recent call last):\n{}ZeroDivisionError: division by zero\n\n\
         The above exception was the direct cause of the following exception:\n\n\
         Traceback (most recent call last):\n{}app.E: two\nlines\n",
        "printed\n".repeat(50),
        top("/0/app.py", 3, "1/0"),
        top("/0/app.py", 5, "raise E from e").repeat(30),
    );
    let report = report(&stderr(&said, "E: two\n    lines"));
    assert!(report.shown.len() <= MOST_ROWS, "{:?}", report.shown);
    assert_eq!(report.shown.last().map(String::as_str), Some("lines"));
    assert!(
        report
            .cause
            .is_some_and(|cause| cause.starts_with("app.py:5: E: two; "))
    );
}

#[test]
fn errors_of_the_tool_itself_lose_only_its_backtraces() {
    let wit = "Traceback (most recent call last):\nAssertionError: failed to parse path wit\n\nCaused by:\n    \
               expected '{', found keyword `world`\n         --> wit/connector.wit:3:1\n\nStack backtrace:\n   0: anyhow\n";
    let report = report(wit);
    assert_eq!(report.cause, None);
    assert_eq!(
        report.shown,
        [
            "failed to parse path wit",
            "expected '{', found keyword `world`",
            "--> wit/connector.wit:3:1",
        ]
    );
    let refused = "AssertionError: Traceback:\nweld_adapt.NotServed: main.py:3: import x: no\n\nStack backtrace:\n";
    assert_eq!(cause(refused), "main.py:3: import x: no");
}
