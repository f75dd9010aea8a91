//! Lets the integration tests stand in for a notebook's host, which exports a symbol from its executable.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-tests=-rdynamic");
}
