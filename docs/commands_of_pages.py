"""Which blocks the manual's pages have, and what runs each; docs/commands.py reads it.

`Block` is run as printed. `Elsewhere` names a block that something else runs as printed, and the file that shows it.
"""

from dataclasses import dataclass
from pathlib import Path

# The demo's API at the address that the templates name, as in another terminal.
DEMO_API = "weld-host demo --api-listen 127.0.0.1:9090"


@dataclass(frozen=True)
class Block:
    """A block that is run: how it begins, whether it takes long, a text that its output must contain, and pairs of a
    placeholder that the page explains (such as a public URL) and what it stands for here."""

    begins: str
    long: bool = False
    shows: str = ""
    stands: tuple = ()


@dataclass(frozen=True)
class Elsewhere:
    """A block that something else runs: how it begins, the file with that, and the text of the call."""

    begins: str
    file: str
    call: str
    long: bool = False

    def check(self, root: Path) -> None:
        if self.call not in (root / self.file).read_text():
            raise LookupError(f"{self.file} doesn't contain {self.call!r}")


@dataclass(frozen=True)
class Page:
    """A page's blocks in order; before them, commands that a reader of the page has already run, and servers for them.
    Pairs of a folder of the reader's machine and what it stands for here, in all blocks and in the paths of files."""

    blocks: tuple
    set_up: str = ""
    servers: tuple = ()
    folders: tuple = ()

    def here(self, text: str) -> str:
        for folder, meaning in self.folders:
            text = text.replace(folder, meaning)
        return text


# The example connector of the build, as `plugins/shop.wasm`: a reader of these pages has built one.
SHOP = """
mkdir plugins
cp "$(ls -t "$WELD_REPOSITORY"/target/debug/build/weld-host-*/out/guest-example/wasm32-wasip2/release/beers.wasm | head -1)" plugins/shop.wasm
cat > plugins/shop.toml <<'END'
[env]
API_BASE_URL = "http://127.0.0.1:9090"
API_BEARER_TOKEN = "demo-api-token"
PAUSE_MS = "0"

[network]
allow = ["http://127.0.0.1:9090"]
END
"""

# What a reader in a clone of the repository has. Its `target` is the clone's, so that nothing is built twice.
CLONE = """
git clone --quiet --no-hardlinks "$WELD_REPOSITORY" clone
cd clone
export CARGO_TARGET_DIR=$WELD_REPOSITORY/target/commands/target
"""

# The folders of an operator's machine and of the repository, in pages about running the server.
ETC = (("/etc/", "./etc/"),)
DEPLOY = (("deploy/", "$WELD_REPOSITORY/deploy/"),)

# The API of the functions in kit/functions, at the address in the pages.
FUNCTIONS_API = "python3 $WELD_REPOSITORY/kit/functions/fake.py --listen 127.0.0.1:9100"

CI = ".ci/run"
FULL = "justfile"
INSTALL = "release/tests/install.py"
BENCH = "cargo run --release --locked -p weld-host-bench"


def function(language: str, name: str) -> str:
    """A function's folder where the page has it."""
    return f"mkdir -p ~/functions && cp -r $WELD_REPOSITORY/kit/functions/{language}/{name}/function ~/functions/my-shop"


PAGES = {
    "README.md": Page(
        (
            Block("rustup target add wasm32-wasip2", long=True),
            Elsewhere("cargo test --locked --workspace", CI, "README.md"),
            Block("weld-host new shop --lang python", long=True),
            Block("weld-host sync shop", long=True),
            Block("WELD_API_KEY=secret weld-host serve", long=True),
        ),
        CLONE,
        (DEMO_API,),
    ),
    "docs/install.md": Page(
        (
            Elsewhere("curl -fsSL https://download.example.com/install.sh | sh", INSTALL, "SCRIPT.read_text()"),
            Elsewhere("curl -fsSL https://download.example.com/install.sh | sh -s --", INSTALL, '"--version", "0.1.0"'),
            Elsewhere("cargo install --locked --path host", "justfile", "cargo install --locked --path host", long=True),
        ),
    ),
    "docs/authoring.md": Page(
        (
            Block("weld-host new shop --lang python"),
            Block("weld-host build shop --install", long=True, shows="total"),
            Block("weld-host build shop", long=True),
            Block("weld-host run shop", long=True, shows="not sandboxed"),
            Block("weld-host check shop", long=True, shows="ok"),
        ),
    ),
    "docs/bring-your-connector.md": Page(
        (
            Block(
                "weld-host adapt ~/functions/my-shop",
                long=True,
                stands=(("export API_TOKEN=…", "export SHOP_USER=me"),),
            ),
            Block("weld-host check plugins/my-shop.wasm", long=True),
            Elsewhere("weld-host adapt ~/functions/my-shop", "kit/functions/trial.py", '"adapt"'),
        ),
        function("python", "lambda-login"),
        (FUNCTIONS_API,),
    ),
    "docs/credentials.md": Page(
        (
            Block("export WELD_TOKEN_KEY=$(weld-host auth key)"),
            Block("weld-host auth key > token.key", shows="encrypted with the new key"),
            Block("cp -a ~/.local/state/weld-host/tokens tokens-copy"),
            Block("rm -r ~/.local/state/weld-host/tokens"),
        ),
    ),
    "docs/conformance.md": Page((Elsewhere("weld-host check --conformance", CI, "kit/conformance"),)),
    "docs/first-connector.md": Page(
        (
            Block("cp -r guest-example beers", long=True),
            Block("weld-host build beers", long=True),
            Block("weld-host demo --api-listen 127.0.0.1:9090", long=True),
            Block("WELD_API_KEY=secret weld-host serve", long=True),
            Block("curl -H 'Authorization: Bearer secret'", long=True, shows='"hasMore":true'),
            Block("curl -H 'Authorization: Bearer secret'", long=True, shows='"next_page":3'),
        ),
        CLONE,
    ),
    "docs/network.md": Page(
        (
            Block("export HTTPS_PROXY="),
            Block(
                "weld-host sync plugins/shop.wasm --to trial.sqlite --map",
                stands=(("https://api.example.com=http://127.0.0.1:9100/x", "http://127.0.0.1:9090=http://127.0.0.1:9090"),),
            ),
        ),
        SHOP,
        (DEMO_API,),
    ),
    "docs/deploy/compiled.md": Page((Block("weld-host compile plugins -o image/plugins", shows="1 compiled"),), SHOP, (DEMO_API,)),
    "docs/deploy/knative.md": Page((Block("openssl rand -hex 32 > api-key"),)),
    "docs/deploy/kubernetes.md": Page(
        (
            Block("mkdir keys"),
            Elsewhere("kubectl kustomize", "deploy/check_manifests/__main__.py", '"kubectl", "kustomize"'),
            Elsewhere("cp -r deploy/kubernetes/overlays/one-connector", "deploy/check_manifests/__main__.py", "copied(COPY)"),
        ),
    ),
    "docs/operating/README.md": Page(
        (
            Elsewhere("cargo install --locked --path host", FULL, "cargo install --locked --path host"),
            Block("install -d /etc/weld-host/plugins"),
            Block("weld-host config check --config /etc/weld-host/weld-host.toml"),
            Block("weld-host serve --config /etc/weld-host/weld-host.toml"),
            Block("curl --fail --silent -H", shows="shop"),
            Block(
                "weld-host completions bash",
                stands=(
                    ("/usr/share/bash-completion/completions/", "./"),
                    ("/usr/share/zsh/site-functions/", "./"),
                    ("/usr/share/fish/vendor_completions.d/", "./"),
                    ("/usr/local/share/man/man1", "man1"),
                ),
            ),
        ),
        SHOP,
        (DEMO_API,),
        ETC,
    ),
    "docs/operating/connectors.md": Page(
        (Block("weld-host config check --plugins plugins", shows="valid"),),
        SHOP,
        (DEMO_API,),
    ),
    "docs/operating/keys.md": Page((Block("openssl rand -hex 32"),)),
    "docs/operating/systemd.md": Page((Block("install -D -m 644"),), folders=(*ETC, *DEPLOY)),
    "docs/operating/tls.md": Page(
        (
            Elsewhere(
                "WELD_API_KEY=secret weld-host serve --listen 0.0.0.0:443",
                "tests/suite/operating/tls.rs",
                "--tls-cert",
            ),
        ),
    ),
    "docs/deploy/platforms.md": Page(
        (Elsewhere("just static x86_64-unknown-linux-musl", FULL, 'static TARGET="x86_64-unknown-linux-musl"', long=True),)
    ),
    "docs/operating/tracing.md": Page((Block("weld-host serve --plugins plugins --otlp"),), SHOP, (DEMO_API,)),
    "docs/operating/public-url.md": Page(
        (
            Block("export WELD_API_KEY=$(openssl rand -hex 32)"),
            Block(
                'curl -H "Authorization: Bearer $WELD_API_KEY"',
                shows='"schema"',
                stands=(("https://random-words.trycloudflare.com/shop", "http://127.0.0.1:8080/shop"),),
            ),
        ),
        SHOP,
        (DEMO_API,),
    ),
    "docs/sync.md": Page(
        (
            Block("weld-host sync shop --to shop.sqlite", shows="total"),
            Block("weld-host sync plugins/shop.wasm --to shop.sqlite --limit 100", shows="total"),
        ),
        SHOP,
        (DEMO_API,),
    ),
    # No engine for containers is needed to check these.
    "docs/deploy/container.md": Page(
        (
            Elsewhere("weld-host compile plugins -o image/plugins", "deploy/container/test", '"Containerfile"'),
            Elsewhere("docker run --rm --publish 8080:8080", "deploy/container/test", '["readonly"] = True'),
        )
    ),
    "docs/benchmarks.md": Page(
        (
            Elsewhere(BENCH, FULL, f"{BENCH} -- --smoke"),
            *(
                Elsewhere(f"{BENCH} -- --only {job}", FULL, BENCH)
                for job in ("overload", "asleep", "probes", "thousand", "reload", "large", "languages", "start", "adapted")
            ),
            Elsewhere("cargo bench --locked -p weld-host-tests --bench upstream_cost", FULL, "cargo bench --locked"),
            *(
                Elsewhere(f"cargo bench --locked -p weld-host-tests --bench {name}", FULL, "cargo bench --locked")
                for name in ("finder_cost", "page_cost", "wrong_keys")
            ),
        )
    ),
    "kit/python/README.md": Page(
        (
            Elsewhere("componentize-py componentize app", "kit/python/test", "componentize"),
            Elsewhere("python -m weld_connector app", "tests/suite/authoring/native.rs", "weld_connector"),
        )
    ),
    "kit/c/README.md": Page((Block("cargo install wit-bindgen-cli", long=True),), CLONE),
    "CONTRIBUTING.md": Page(
        (
            Elsewhere(".ci/run setup", CI, "setup()"),
            Elsewhere("cargo test --locked -p weld-host --lib egress::", CI, "README.md"),
            Elsewhere("cargo test --locked -p weld-host-tests --test suite", CI, "README.md"),
            Elsewhere("cargo build --locked -p weld-host", CI, "kit/python/test"),
            Block("(cd kit/python && PYTHONPATH=src python3 -m unittest", long=True),
            Elsewhere("cargo test --locked -p weld-host-tests --test suite mistake", CI, "README.md"),
            Elsewhere("cargo run --locked -p weld-host -- demo --api-listen", "docs/commands_of_pages.py", "DEMO_API"),
            Block("export PATH=$PWD/target/debug:$PATH", long=True),
            Elsewhere("INSTA_UPDATE=always", CI, "INSTA_UPDATE"),
        ),
        CLONE,
        (DEMO_API,),
    ),
}
