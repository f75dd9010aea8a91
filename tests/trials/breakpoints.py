"""Which breakpoints of a cell are hit, and which of its variables are seen there, by how it is compiled.

`python tests/trials/breakpoints.py` needs lldb (`apt-get install lldb`). What it found is in ARCHITECTURE.md.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CELL = """\
use std::collections::HashMap;
struct Planet { name: String, moons: u32 }
fn total(planets: &[Planet]) -> u32 {
    let mut sum = 0;
    for planet in planets {
        let moons = planet.moons;
        sum += moons;
    }
    sum
}
fn square(n: u64) -> u64 {
    let doubled = n * 2;
    let result = doubled * n / 2;
    result
}
#[unsafe(no_mangle)]
pub extern "C" fn run_cell() {
    let _ = std::panic::catch_unwind(|| {
        let planets = vec![Planet { name: "Earth".to_owned(), moons: 1 }, Planet { name: "Mars".to_owned(), moons: 2 }];
        let count = planets.len();
        let moons = total(&planets);
        let mut by_name = HashMap::new();
        for planet in &planets {
            let key = planet.name.clone();
            by_name.insert(key, planet.moons);
        }
        let numbers: Vec<u64> = (0..10).map(|n| square(n)).collect();
        let sum: u64 = numbers.iter().sum();
        let mean = sum as f64 / count as f64;
        let text = format!("{moons} {mean}");
        println!("{text} {}", by_name.len());
    });
}
"""

HOST = """\
use std::ffi::{CString, c_char, c_int, c_void};
unsafe extern "C" {
    fn dlopen(file: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}
fn main() {
    let file = CString::new(std::env::args().nth(1).unwrap()).unwrap();
    unsafe {
        let function = dlsym(dlopen(file.as_ptr(), 2), c"run_cell".as_ptr());
        std::mem::transmute::<*mut c_void, extern "C" fn()>(function)();
    }
}
"""

WAYS = {
    "as cells are: optimized, with lines": ["-Copt-level=2", "-Cdebuginfo=line-tables-only"],
    "optimized, with all debug information": ["-Copt-level=2", "-Cdebuginfo=2"],
    "not optimized, with all debug information": ["-Copt-level=0", "-Cdebuginfo=2"],
}
STATEMENT = re.compile(r"\s+(let (?!_ =)|for |sum|by_name|println|result$)")


def compile_rust(source: str, file: Path, *options: str) -> None:
    code = file.with_suffix(".rs")
    code.write_text(source, encoding="utf-8")
    subprocess.run(["rustc", "--edition=2024", "-Awarnings", *options, code, "-o", file], check=True)


def debug(lldb: str, host: Path, cell: Path, code: str, lines: list[int]) -> str:
    """What lldb says when it stops once at each of these lines, and shows the variables."""
    commands = [f"breakpoint set --one-shot true -f {code} -l {line}" for line in lines]
    commands += ["run", *["frame variable", "continue"] * (len(lines) + 5)]
    options = [option for command in commands for option in ("-o", command)]
    # It fails in the end, when the program that is to continue has ended.
    done = subprocess.run(
        [lldb, "-b", *options, "--", host, cell],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout


def main() -> None:
    lldb = shutil.which("lldb") or shutil.which("lldb-14")
    if lldb is None:
        sys.exit("lldb is not installed: `apt-get install lldb` gets it")
    lines = [number for number, line in enumerate(CELL.splitlines(), start=1) if STATEMENT.match(line)]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        compile_rust(HOST, directory / "host")
        for index, (way, options) in enumerate(WAYS.items()):
            cell = directory / f"cell{index}.so"
            compile_rust(CELL, cell, "--crate-type=cdylib", "-Ccodegen-units=1", *options)
            said = debug(lldb, directory / "host", cell, f"cell{index}.rs", lines)
            hit = {int(line) for line in re.findall(rf"at cell{index}\.rs:(\d+)", said)}
            seen = len(re.findall(r"^\([^)]+\) \w+ =", said, re.MULTILINE))
            unknown = len(re.findall(r"^\([^)]+\) \w+ = <.*(?:not available|optimized out)", said, re.MULTILINE))
            print(f"{way}: {len(hit & set(lines))} of {len(lines)} statements, {seen - unknown} values of variables")


if __name__ == "__main__":
    main()
