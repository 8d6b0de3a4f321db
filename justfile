# Each line is plain cargo or rustup, so that nobody needs `just`.

# What a fresh machine lacks
setup:
    rustup target add wasm32-wasip2
    rustup component add clippy rustfmt

# Every test of the workspace and of the example connector
test:
    cargo test --locked --workspace
    cargo test --locked --manifest-path guest-example/Cargo.toml

# What must hold for every rule, address, header and URL, tried with so many made-up ones (50000 take some 40 s)
properties CASES="50000":
    PROPTEST_CASES={{ CASES }} cargo test --locked -p weld-host --lib properties

# Formatting and lints, of host and guests
lint:
    cargo fmt --all --check
    cargo fmt --check --manifest-path guest-example/Cargo.toml
    cargo fmt --check --manifest-path templates/rust/Cargo.toml
    cargo fmt --check --manifest-path tests/guests/Cargo.toml
    cargo clippy --locked --workspace --all-targets -- -D warnings
    cargo clippy --locked -p weld-connector --target wasm32-wasip2 -- -D warnings
    cargo clippy --locked --target wasm32-wasip2 --manifest-path guest-example/Cargo.toml -- -D warnings
    cargo clippy --locked --target wasm32-wasip2 --manifest-path tests/guests/Cargo.toml -- -D warnings

# Licences, duplicates and sources of every dependency; needs `cargo install --locked cargo-deny`
deny:
    cargo deny --locked check licenses bans sources
    cargo deny --locked --manifest-path guest-example/Cargo.toml --config deny.toml check -A license-exception-not-encountered -A unmatched-skip licenses bans sources
    cargo deny --locked --manifest-path tests/guests/Cargo.toml --config deny.toml check -A license-exception-not-encountered -A unmatched-skip licenses bans sources

# The documentation, private items included, into target/doc
doc:
    cargo doc --locked --no-deps --workspace --document-private-items

# What the sandbox costs for one page, and the host beside others
bench:
    cargo bench --locked -p weld-host-tests
    cargo run --release --locked -p weld-host-bench

# The connectors of ./plugins
serve:
    cargo run --locked -p weld-host -- serve

# The JavaScript kit, in Node and as components in the host
javascript-kit:
    cargo build --locked -p weld-host
    kit/javascript/test

# One test guest, by the name of its file in tests/guests/src/bin
guest NAME:
    cargo build --release --locked --target wasm32-wasip2 --manifest-path tests/guests/Cargo.toml --bin {{ NAME }}

# The Python kit, in plain Python and as components in the host
python-kit:
    cargo build --locked -p weld-host
    kit/python/test
