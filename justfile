# List the recipes.
default:
    @just --list

# Format, lint, test: what a change must pass.
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo test

# The property tests only.
props:
    cargo test --lib
    cargo test --test all own_method

# Rate plots: runs the quick profile where no run exists, draws the report. `just report --gallery`
# regenerates the committed gallery instead, `just report --gallery --check` says what of it is stale.
report *arguments:
    case " {{arguments}} " in \
    *" --gallery "*) cargo build --release && reports/gallery.sh target/release/ratecert $(echo " {{arguments}} " | sed 's/ --gallery / /') ;; \
    *) { test -e reports/latest/run.json || cargo run --release -- certify; } && cargo run --release -- report {{arguments}} ;; \
    esac

# Products, methods, growth and memory as ratios to the machine's limits, measured in the same run.
bench:
    cargo bench --bench scaling
    cargo bench --bench poisoning
    cargo bench --bench nsid

# Readers against many mutations of their corpus.
fuzz mutations="100000":
    RATECERT_FUZZ={{mutations}} cargo test --test all fuzz

# Shards joined and reported: time and memory up to a million verdicts.
bench-merge:
    cargo bench --bench merge

# The workflow and the array script on local cores, a shard killed on the way (needs python3).
scale:
    cargo build --release
    scale/test.sh target/release/ratecert

# The committed run that every build must compute to the byte.
small-run:
    cargo run --release -- certify itd-tight itd-local-rate aid-cg-termination kink-itd-bound nsid-limit lemma-b1 bitd-bound --profile test --seed 3 --out target/small-run
    cp target/small-run/verdicts.jsonl target/small-run/records.jsonl tests/data/run/

# The tables of certified numbers that `cargo test --lib recorded` compares.
recorded:
    RATECERT_RECORD=1 cargo test --lib recorded

# Ours against jitted JAX and jaxopt: one run, one core, the same problems (a gigabyte of packages).
bench-peers:
    cargo bench --bench peers --no-run
    rm -rf target/peers
    python3 -m venv target/peers
    target/peers/bin/pip install --quiet jax==0.10.2 jaxopt==0.8.5
    target/peers/bin/python benches/peers.py

# The full profile over three seeds, and 1,000 served maps.
full:
    cargo test --release --test all -- --ignored
    for seed in 0 1 2; do cargo run --release -- certify --profile full --seed $seed --out reports/full-$seed; done

# The gate, as CI runs it.
ci:
    .ci/run

# The Python package: a clean environment, install, the NumPy example, its tests.
python:
    python/ci.sh

# The other Python examples, with the current JAX, jaxopt, optimistix and PyTorch (some gigabytes).
adapters:
    rm -rf target/adapters
    python3 -m venv target/adapters
    target/adapters/bin/pip install --quiet ./python jax jaxopt optimistix torch
    for e in jax_custom_vjp optimistix_example torch_function; do target/adapters/bin/python python/examples/$e.py || exit 1; done

# The JSON Schemas of the files of a run, from the types that write them.
schemas:
    for n in verdict record run baseline samples; do cargo run --release -- schema $n > docs/schemas/$n.json; done

# The quick run of this code as the new baseline; the diff and the lines for CHANGELOG.md are printed.
baseline:
    cargo run --release -- certify --out target/baseline-run
    cargo run --release -- baseline update --run target/baseline-run

# The oldest Rust that is promised.
msrv:
    rustup toolchain install 1.89 --profile minimal
    cargo +1.89 check --all-targets --target-dir target/msrv

# Every mutant of the mathematical rooms against the tests (needs cargo-mutants; two hours on two
# cores, and goes on where it stopped). `just mutants --report` prints the counts.
mutants *arguments:
    cargo run --release --manifest-path tools/mutants/Cargo.toml -- {{arguments}}

# Licences, sources and doubled crates of all dependencies (needs cargo-deny), and the package.
supply:
    cargo deny check
    cargo publish --dry-run

# Formatting, lints and documentation, without the tests.
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo clippy --no-default-features --lib -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --lib --quiet

# One part of the tests, "1/2" or "2/2", doc tests with the first (needs cargo-nextest).
test-partition part:
    cargo nextest run --profile ci --partition count:{{part}}
    case {{part}} in 1/*) cargo test --doc ;; esac

# The chapters against the code.
docs:
    cargo test --test all docs

# The HTML report in Chromium: a passing run, a failing one, one of a subject (needs node and Chromium).
page:
    cargo build --release
    tests/page/ci.sh target/release/ratecert
