# What CI runs, and the pieces of it. `just` alone lists them.

default:
    @just --list

# Everything CI runs.
ci:
    .ci/run

# An old bot and the bridge in one process.
demo:
    cargo run --release -- demo

test:
    cargo test

lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# Licences, bans and advisories; wants cargo-deny.
deny:
    cargo deny check

# The files in deploy/, with the binary when it is built and with docker where an engine answers.
deploy:
    deploy/test.sh

image:
    docker build -f deploy/Dockerfile -t smartchat-bridge:local .

# What a release has for this machine: archive, Debian package, checksums; tried in a clean Debian. Wants cargo-deb, debootstrap and root.
release:
    deploy/release.sh

# Looks for inputs that break it, so many seconds for each target.
fuzz seconds="60":
    fuzz/run {{seconds}}
