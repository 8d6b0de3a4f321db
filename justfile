# `.ci/run STEP` runs one of the steps that every change must pass; all other lines are plain cargo. So nobody needs
# `just`.

# The recipes
list:
    @just --list --unsorted

# Install what a fresh machine lacks
setup:
    .ci/run setup

# A recipe for each step
recipes:
    .ci/run recipes

# Formatting of the workspace
format:
    .ci/run format

# Spelling, in American English
spelling:
    .ci/run spelling

# Every test of the workspace
tests:
    .ci/run tests

alias test := tests

# Lints of the workspace
clippy:
    .ci/run clippy

# Lints of the host without its demo
clippy-without-demo:
    .ci/run clippy-without-demo

# Lints of the Rust kit as guests compile it
clippy-kit-in-guest:
    .ci/run clippy-kit-in-guest

# The example connector: formatting, lints, tests
guest-example:
    .ci/run guest-example

# The Rust template: formatting and lints
template:
    .ci/run template

# The guests of the suite: formatting and lints
test-guests:
    .ci/run test-guests

# The Python kit, in plain Python and as components in the host
python-kit:
    .ci/run python-kit

# The JavaScript kit, in Node and as components in the host
javascript-kit:
    .ci/run javascript-kit

# The C kit, natively and as components in the host
c-kit:
    .ci/run c-kit

# The cases of conformance in every language; uses what the kits' recipes leave in target/
conformance:
    .ci/run conformance

# Licenses, duplicates, sources and advisories of every dependency
dependencies:
    .ci/run dependencies

# Dependencies that nothing uses
unused-dependencies:
    .ci/run unused-dependencies

# The four lock files, as cargo writes them
lock-files:
    .ci/run lock-files

# The documentation, private items included, into target/doc
doc:
    .ci/run doc

# The manual as a book, into target/book
book:
    .ci/run book

# The alerts, if promtool is installed
monitoring:
    .ci/run monitoring

# The host behind nginx and Caddy, if both are installed or fetched
fronts:
    .ci/run fronts

# nginx and Caddy from Debian, into target/tools/fronts
fetch-fronts:
    mkdir -p target/tools/fronts
    cd target/tools/fronts && apt-get download --quiet nginx caddy && for package in *.deb; do dpkg -x "$package" .; done

# Requests through tinyproxy and squid, where they are installed
proxies:
    .ci/run proxies

# The workflows and every shell script
workflows:
    .ci/run workflows

# install.sh, in each shell that this machine has
install:
    .ci/run install

# The archive of a release and its checksums, from a program of the test
archive:
    .ci/run archive

# The packages for Cargo, pip and npm, into target/packages, and what they contain
package:
    .ci/run package

# The manifests for Kubernetes, Knative and Cloud Run, if a kubectl is installed or fetched
manifests:
    .ci/run manifests

# The image of deploy/container, built and run without a network
container:
    .ci/run container

# The manual's commands as printed, except those that take long
commands:
    .ci/run commands

# Every command of the manual as printed, from an empty folder (about 20 minutes)
commands-all *PAGES:
    cargo build --quiet --locked -p weld-host
    python3 -B docs/commands.py --all target/debug/weld-host {{ PAGES }}

# Formatting, spelling and lints, of host and guests
lint:
    .ci/run format spelling clippy clippy-kit-in-guest guest-example template test-guests

# All checks that a change must pass
ci:
    .ci/run

# All of these, and the checks that take too long for every change
full: fetch-fronts ci macos properties functions installed installed-package scrape commands-all (recording "target/first-connector.svg")
    cargo bench --locked --no-fail-fast -p weld-host-tests
    cargo run --release --locked -p weld-host-bench -- --smoke
    cargo run --release --locked -p weld-host-bench -- --smoke --only adapted

# A scrape by a real Prometheus, if it is installed
scrape:
    cargo build --quiet --locked -p weld-host
    deploy/monitoring/scrape target/debug/weld-host

# Functions written like users', adapted and synced, each built separately (about 10 minutes); or only the named ones
functions *NAMES:
    cargo build --quiet --locked -p weld-host
    kit/functions/test {{ NAMES }}

# Rules, addresses, headers and URLs with this many generated cases (50000 take some minutes)
properties CASES="50000":
    PROPTEST_CASES={{ CASES }} cargo test --locked -p weld-host --lib properties

# The sandbox's cost for one page, and the host compared with others (about 30 minutes)
bench:
    cargo bench --locked -p weld-host-tests
    cargo run --release --locked -p weld-host-bench

# The time from an edit to the first row, in each language or in the named ones (some minutes; needs a quiet machine)
loop *LANGUAGES:
    cargo build --quiet --release --locked -p weld-host
    bench/loop {{ LANGUAGES }}

# The memory of connectors and of their pages, in each language or in the named ones (some minutes)
memory *LANGUAGES:
    cargo build --quiet --release --locked -p weld-host
    bench/memory {{ LANGUAGES }}

# Record README's first connector in a terminal, by running its commands (a minute or two)
recording PICTURE="docs/pictures/first-connector.svg":
    cargo build --quiet --locked -p weld-host
    python3 -m venv target/tools/recording
    target/tools/recording/bin/pip --disable-pip-version-check install --quiet pyte==0.8.2
    target/tools/recording/bin/python docs/pictures/record.py target/debug/weld-host {{ PICTURE }}

# README's install, into target/installed (some minutes)
installed:
    cargo install --locked --path host --root target/installed --target-dir target
    target/installed/bin/weld-host --version

# Build the program twice in different folders, and compare the bytes (25 minutes, and 10 GB)
reproducible *TARGET:
    release/reproducible {{ TARGET }}

# Install the packaged host with Cargo, as users do, into target/installed-package (10 minutes)
installed-package:
    release/package
    release/install-package

# The static program for x86_64-unknown-linux-musl or aarch64-unknown-linux-musl, into target/TARGET/dist
static TARGET="x86_64-unknown-linux-musl":
    .ci/zig zigbuild --profile dist --target {{ TARGET }} --locked -p weld-host
    ls -l target/{{ TARGET }}/dist/weld-host

# Lints of the host as macOS compiles it, on any system
macos TARGET="aarch64-apple-darwin":
    .ci/zig clippy --quiet --locked -p weld-host --no-default-features --target {{ TARGET }} -- -D warnings

# Serve the connectors of ./plugins
serve:
    cargo run --locked -p weld-host -- serve

# Build one test guest, by the name of its file in tests/guests/src/bin
guest NAME:
    cargo build --release --locked --target wasm32-wasip2 --manifest-path tests/guests/Cargo.toml --bin {{ NAME }}
