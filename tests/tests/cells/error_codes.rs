//! The errors that people meet most often, each in a cell: the compiler's code, on the line where the mistake is, and no
//! word of code that nobody has written.

use parcell_tests::with_notebook;

/// What nobody has written.
const GENERATED: [&str; 9] = [
    "parcell_",
    "Parcell",
    "VariableStore",
    "evcxr",
    "catch_unwind",
    "stringify!",
    "AssertUnwindSafe",
    "lib.rs",
    "ctx",
];

/// The code of the error, the line that it is on, and the cell.
const MISTAKES: &[(&str, usize, &str)] = &[
    ("E0004", 2, "let o = Some(1);\nmatch o { Some(_) => {} }"),
    ("E0005", 1, "let Some(x) = None::<u8>;"),
    ("E0015", 1, "const A: String = String::from(\"a\");"),
    ("E0023", 2, "enum E { A(u8, u8) }\nlet E::A(x) = E::A(1, 2);"),
    ("E0026", 2, "struct P { x: u8 }\nlet P { z, .. } = P { x: 1 };"),
    ("E0027", 2, "struct P { x: u8, y: u8 }\nlet P { x } = P { x: 1, y: 2 };"),
    ("E0029", 1, "match \"a\" { \"a\"..=\"z\" => {} _ => {} }"),
    (
        "E0038",
        2,
        "trait T { fn new() -> Self; }\nlet b: Option<Box<dyn T>> = None;",
    ),
    (
        "E0040",
        2,
        "struct P; impl Drop for P { fn drop(&mut self) {} }\nlet p = P; p.drop();",
    ),
    ("E0046", 2, "struct P;\nimpl Iterator for P { type Item = u8; }"),
    (
        "E0050",
        2,
        "struct P;\nimpl Default for P { fn default(a: u8) -> P { P } }",
    ),
    (
        "E0053",
        2,
        "struct P;\nimpl Clone for P { fn clone(&self) -> u8 { 1 } }",
    ),
    ("E0054", 1, "let b = 5 as bool;"),
    ("E0057", 2, "let f = |x: u8| x;\nf(1, 2);"),
    ("E0061", 2, "fn f(a: u8) {}\nf(1, 2);"),
    ("E0063", 2, "struct P { x: u8, y: u8 }\nlet p = P { x: 1 };"),
    ("E0067", 1, "12 += 1;"),
    ("E0069", 1, "fn f() -> u8 { return; }"),
    ("E0070", 1, "1 = 2;"),
    ("E0072", 1, "struct L { next: Option<L> }"),
    ("E0080", 2, "const A: [u8; 1] = [1];\nconst B: u8 = A[2];"),
    ("E0106", 2, "struct P {\n    s: &str,\n}"),
    ("E0107", 1, "let v: Vec<u8, u8, u8> = vec![];"),
    ("E0116", 1, "impl Vec<u8> { fn f() {} }"),
    (
        "E0117",
        1,
        "impl Clone for Vec<u8> { fn clone(&self) -> Self { todo!() } }",
    ),
    ("E0124", 1, "struct P { x: u8, x: u8 }"),
    ("E0133", 2, "unsafe fn f() {}\nf();"),
    (
        "E0184",
        1,
        "#[derive(Clone, Copy)] struct P; impl Drop for P { fn drop(&mut self) {} }",
    ),
    ("E0191", 1, "let b: Option<Box<dyn Iterator>> = None;"),
    ("E0204", 2, "#[derive(Clone, Copy)]\nstruct P { s: String }"),
    ("E0220", 1, "fn f<T: Iterator>(t: T::Nope) {}"),
    (
        "E0225",
        1,
        "let b: Option<Box<dyn std::fmt::Debug + std::fmt::Display>> = None;",
    ),
    ("E0261", 1, "fn f(s: &'a str) {}"),
    ("E0267", 1, "let f = || { break; };"),
    ("E0268", 1, "break;"),
    (
        "E0271",
        2,
        "fn f(i: impl Iterator<Item = u8>) {}\nf(vec![\"a\"].into_iter());",
    ),
    ("E0277", 1, "vec![1u8].iter().sum::<String>();"),
    ("E0282", 1, "let v = Vec::new();"),
    ("E0308", 2, "let a = 1;\nlet x: u8 = \"a\";"),
    ("E0310", 1, "struct P<T> { r: &'static T }"),
    ("E0317", 1, "let x: u8 = if true { 1 };"),
    ("E0369", 2, "struct P;\nlet x = P + P;"),
    ("E0373", 1, "fn f() -> impl Fn() -> u8 { let a = 1; || a }"),
    ("E0381", 2, "let x: u8;\nprintln!(\"{x}\");"),
    ("E0382", 2, "let s = String::new(); let t = s;\ns.len();"),
    ("E0384", 2, "let x = 1;\nx = 2;"),
    ("E0391", 1, "const A: u8 = B; const B: u8 = A;"),
    ("E0392", 1, "struct P<T>;"),
    ("E0403", 1, "fn f<T, T>() {}"),
    ("E0404", 2, "struct P; struct Q;\nimpl P for Q {}"),
    ("E0405", 2, "struct P;\nimpl Nope for P {}"),
    (
        "E0407",
        2,
        "struct P;\nimpl Clone for P { fn clone(&self) -> P { P } fn nope() {} }",
    ),
    ("E0408", 1, "match (1, 2) { (a, 1) | (1, b) => {} _ => {} }"),
    ("E0415", 1, "fn f(a: u8, a: u8) {}"),
    ("E0416", 1, "let (a, a) = (1, 2);"),
    ("E0423", 2, "struct P { x: u8 }\nlet p = P(1);"),
    ("E0424", 1, "fn f() { self.x; }"),
    ("E0425", 2, "let a = 1;\nlet b = nope + a;"),
    ("E0426", 1, "loop { break 'a; }"),
    ("E0432", 1, "use nope::Thing;"),
    ("E0433", 2, "let a = 1;\nNope::f();"),
    ("E0434", 1, "fn outer() { let a = 1; fn inner() -> u8 { a } }"),
    ("E0435", 1, "let n = 3; let a = [0; n];"),
    (
        "E0449",
        1,
        "struct P; pub impl Clone for P { fn clone(&self) -> P { P } }",
    ),
    ("E0451", 1, "let s = String { vec: vec![] };"),
    (
        "E0499",
        1,
        "{ let mut v = vec![1]; let a = &mut v; let b = &mut v; a.push(1); b.push(2); }",
    ),
    (
        "E0502",
        3,
        "{ let mut v = vec![1];\nlet a = &v[0];\nv.push(1);\nprintln!(\"{a}\"); }",
    ),
    (
        "E0505",
        1,
        "{ let s = String::new(); let r = &s; drop(s); println!(\"{r}\"); }",
    ),
    ("E0506", 1, "{ let mut x = 1; let r = &x; x = 2; println!(\"{r}\"); }"),
    ("E0507", 2, "struct P { s: String }\nfn f(p: &P) -> String { p.s }"),
    ("E0515", 1, "fn f() -> &'static str { let s = String::new(); &s }"),
    ("E0560", 2, "struct P { x: u8 }\nlet p = P { y: 1 };"),
    ("E0571", 1, "let x = for i in 0..3 { break 5; };"),
    ("E0572", 1, "const A: u8 = return 1;"),
    ("E0592", 1, "struct P; impl P { fn a() {} fn a() {} }"),
    ("E0594", 2, "let s = (1, 2);\ns.0 = 3;"),
    ("E0596", 2, "let v = vec![1];\nv.push(2);"),
    ("E0597", 1, "{ let r; { let x = 5; r = &x; } println!(\"{r}\"); }"),
    ("E0599", 2, "let a = 1;\na.nope();"),
    ("E0600", 1, "!\"a\";"),
    ("E0604", 1, "let c = 66u32 as char;"),
    ("E0605", 1, "let v = vec![1] as u32;"),
    ("E0606", 1, "let x = &0u8 as u32;"),
    ("E0607", 1, "let v = 0 as *const u8; v as *const [u8];"),
    ("E0608", 1, "let x = 5; x[0];"),
    ("E0609", 2, "struct P { x: u8 }\nlet p = P { x: 1 }; p.z;"),
    ("E0610", 1, "let x = 5u8; x.foo;"),
    ("E0614", 1, "let x = 5; *x;"),
    ("E0615", 2, "struct P; impl P { fn m(&self) {} }\nlet p = P; p.m;"),
    ("E0616", 1, "let s = String::new(); s.vec;"),
    ("E0618", 1, "let x = 1; x();"),
    ("E0620", 1, "let a = &[1, 2] as [i32];"),
    ("E0621", 1, "fn f<'a>(x: &'a i32, y: &i32) -> &'a i32 { y }"),
    ("E0658", 1, "let x: ! = panic!();"),
    ("E0689", 1, "2.0.powi(2);"),
    ("E0728", 1, "fn f() { async {}.await }"),
    ("E0746", 1, "fn f() -> dyn Fn() { || {} }"),
];

#[test]
fn each_is_told_on_the_line_where_it_is() {
    with_notebook(async |notebook| {
        let mut wrong = Vec::new();
        for &(code, line, cell) in MISTAKES {
            let id = notebook.client.submit_cell(cell).await;
            let mut execution = notebook.client.execution(&id).await;
            let count = execution.count().unwrap_or_default();
            execution.take_stderr();
            execution.take_text();
            let Some(failure) = execution.take_failure() else {
                wrong.push(format!("{code}: it does not fail: {cell}"));
                continue;
            };
            let text = failure.text();
            let told = text.contains(&format!("error[{code}]")) && text.contains(&format!("cell {count}:{line}:"));
            let generated = GENERATED.iter().find(|name| text.contains(**name));
            if !told || generated.is_some() || failure.ename != "CompileError" {
                wrong.push(format!("{code} on line {line}, {generated:?}: {cell}\n{text}\n"));
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {}:\n{}",
            wrong.len(),
            MISTAKES.len(),
            wrong.join("\n")
        );
    });
}
