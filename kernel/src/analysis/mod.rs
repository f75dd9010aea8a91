//! What rust-analyzer knows about a source: the types of variables, what could stand at a place, and documentation.
//!
//! It runs in a thread of its own, which reads the standard library and the crates of the package while others go on;
//! whoever asks waits for what came before. Whoever writes code asks from that thread, so that help comes while a cell runs.

mod completions;
mod expansion;
mod host;
mod hover;
mod syntax;
mod types;
mod workspace;

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError, mpsc};
use std::time::{Duration, Instant};

pub(crate) use completions::Completion;
pub(crate) use host::Crates;
pub(crate) use syntax::{macro_call, name_of, words};
pub(crate) use types::{ObjectKind, TraitObject, Variable, VariableType};

use host::Host;

use crate::process::freed_memory;

/// rust-analyzer recurses deeply.
const STACK: usize = 64 << 20;
/// What is looked at before anything is asked, one after the other: it has rust-analyzer read what nearly all code uses. A
/// question does not wait for the steps that are left.
const WARM_UP: [Step; 8] = [
    Step::Infer(""),
    Step::Infer("let a = 1 + 2;"),
    Step::Infer("let a = vec![1].len();"),
    Step::Infer("let a = vec![1].iter().map(|n| n * 2).collect::<Vec<_>>();"),
    Step::Infer("let a = format!(\"{:?}\", vec![1]).len();"),
    Step::Complete("vec![1]."),
    Step::Complete("Vec"),
    Step::Complete("a"),
];
const WARM_UP_FUNCTION: &str = "warm_up";

/// A step of warming up: statements to look at.
#[derive(Clone, Copy, Debug)]
enum Step {
    Infer(&'static str),
    /// To ask what could stand at their end.
    Complete(&'static str),
}

/// How long the compiler must not have been at work before rust-analyzer is warmed up.
const QUIET: Duration = Duration::from_millis(500);

/// How long nothing must have been asked before memory that was freed is given back. Reading the standard library frees half as
/// much as is needed of it, in pieces that the allocator keeps.
const SILENCE: Duration = Duration::from_secs(5);

/// How often whoever waits is asked whether to go on.
const PATIENCE: Duration = Duration::from_millis(20);

/// A question to rust-analyzer.
type Request = Box<dyn FnOnce(&mut Analysis) + Send>;

/// rust-analyzer, for one package. Clones address the same one.
#[derive(Clone, Debug)]
pub(crate) struct Analyzer {
    requests: mpsc::Sender<Request>,
    reading: Arc<Reading>,
    compilers: Arc<Mutex<Compilers>>,
}

/// Whether the compiler is at work, which rust-analyzer would slow down.
#[derive(Debug)]
struct Compilers {
    at_work: usize,
    /// When that changed.
    since: Instant,
}

/// While it lives, and for a while after, rust-analyzer is not warmed up.
#[derive(Debug)]
pub(crate) struct CompilerAtWork(Arc<Mutex<Compilers>>);

/// What can be in the way of an end: a package that is being read, which cargo writes files for.
#[derive(Debug, Default)]
struct Reading {
    /// Held while cargo is asked.
    cargo: Mutex<()>,
    /// No package is to be read any more.
    is_over: AtomicBool,
}

/// Why rust-analyzer has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnalysisError {
    #[error("rust-analyzer cannot read the package: {0}")]
    Load(String),
    #[error("rust-analyzer does not answer: {0}")]
    Unanswered(String),
    #[error("rust-analyzer panicked")]
    Panicked,
    #[error("rust-analyzer has ended")]
    Ended,
    #[error("nobody waits for rust-analyzer any more")]
    GivenUp,
    #[error("rust-analyzer has not read the package yet")]
    NotRead,
}

impl Analyzer {
    /// Starts it for the package in `directory`, which need not be complete yet, with these features. Sources begin with
    /// `prelude`.
    pub(crate) fn start(directory: &Path, features: &[&str], prelude: &'static str) -> io::Result<Analyzer> {
        let (requests, queue) = mpsc::channel();
        let reading = Arc::new(Reading::default());
        let compilers = Arc::new(Mutex::new(Compilers {
            at_work: 0,
            since: Instant::now(),
        }));
        let analysis = Analysis {
            directory: directory.to_owned(),
            features: features.iter().map(|&feature| feature.to_owned()).collect(),
            prelude,
            reading: Arc::clone(&reading),
            compilers: Arc::clone(&compilers),
            host: None,
            steps_left: Vec::new(),
        };
        std::thread::Builder::new()
            .name("analysis".to_owned())
            .stack_size(STACK)
            .spawn(move || serve(analysis, &queue))?;
        Ok(Analyzer {
            requests,
            reading,
            compilers,
        })
    }

    /// Has it read nothing from now on; whether it asks cargo for nothing any more. Where it still does, whoever is in a
    /// hurry may kill cargo.
    pub(crate) fn try_end(&self) -> bool {
        self.reading.is_over.store(true, Ordering::SeqCst);
        !matches!(self.reading.cargo.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// Says that the compiler begins to work.
    pub(crate) fn give_way(&self) -> CompilerAtWork {
        change(&self.compilers, |at_work| at_work + 1);
        CompilerAtWork(Arc::clone(&self.compilers))
    }

    /// Has it read the package, which has its manifest by now, and get ready for what is asked most, when the compiler has
    /// nothing to do.
    pub(crate) fn warm_up(&self) {
        let request: Request = Box::new(|analysis| analysis.steps_left = WARM_UP.to_vec());
        // Whoever asks next is told that it has ended.
        let _ = self.requests.send(request);
    }

    /// The variables at the top level of a function of this source. The first answer takes seconds: `goes_on` is told again
    /// and again how long this has waited, and says whether to.
    pub(crate) fn variables(
        &self,
        source: String,
        function: &'static str,
        goes_on: &dyn Fn(Duration) -> bool,
    ) -> Result<BTreeMap<String, Variable>, AnalysisError> {
        let question = move |host: &mut Host| {
            host.set_source(source, Crates::AsNow)?;
            Ok(types::of_variables(host, function))
        };
        self.wait_for(question, goes_on)
    }

    /// For each call of a macro that is a statement of a function of this source, the names of the items that it makes;
    /// None where it makes something else. `goes_on` is as for `variables`.
    pub(crate) fn items_of_macros(
        &self,
        source: String,
        function: &'static str,
        goes_on: &dyn Fn(Duration) -> bool,
    ) -> Result<Vec<Option<Vec<String>>>, AnalysisError> {
        let question = move |host: &mut Host| {
            host.set_source(source, Crates::AsNow)?;
            Ok(expansion::of_macros(host, function))
        };
        self.wait_for(question, goes_on)
    }

    fn wait_for<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Host) -> Result<T, AnalysisError> + Send + 'static,
        goes_on: &dyn Fn(Duration) -> bool,
    ) -> Result<T, AnalysisError> {
        let start = Instant::now();
        let answer = self.begin(question)?;
        loop {
            match answer.recv_timeout(PATIENCE) {
                Ok(answer) => return answer,
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(AnalysisError::Ended),
                Err(mpsc::RecvTimeoutError::Timeout) if !goes_on(start.elapsed()) => {
                    return Err(AnalysisError::GivenUp);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Has the thread look at it for whoever writes code.
    pub(crate) fn visit(&self, visit: impl FnOnce(&mut Analysis) + Send + 'static) -> Result<(), AnalysisError> {
        self.requests.send(Box::new(visit)).map_err(|_| AnalysisError::Ended)
    }

    /// Asks, and gives where the answer comes.
    fn begin<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Host) -> Result<T, AnalysisError> + Send + 'static,
    ) -> Result<mpsc::Receiver<Result<T, AnalysisError>>, AnalysisError> {
        let (reply, answer) = mpsc::sync_channel(1);
        let request: Request = Box::new(move |analysis| {
            let _ = reply.send(analysis.with(question));
        });
        self.requests.send(request).map_err(|_| AnalysisError::Ended)?;
        Ok(answer)
    }
}

impl Drop for CompilerAtWork {
    fn drop(&mut self) {
        change(&self.0, |at_work| at_work - 1);
    }
}

fn change(compilers: &Mutex<Compilers>, change: fn(usize) -> usize) {
    let mut compilers = compilers.lock().unwrap_or_else(PoisonError::into_inner);
    compilers.at_work = change(compilers.at_work);
    compilers.since = Instant::now();
}

fn serve(mut analysis: Analysis, requests: &mpsc::Receiver<Request>) {
    let mut has_worked = false;
    loop {
        let request = match (analysis.steps_left.is_empty(), has_worked) {
            (false, _) => requests.recv_timeout(analysis.rest()),
            (true, true) => requests.recv_timeout(SILENCE),
            (true, false) => requests.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
        };
        match request {
            Ok(request) => {
                has_worked = true;
                // Whoever waits for an answer is told that there is none.
                if catch_unwind(AssertUnwindSafe(|| request(&mut analysis))).is_err() {
                    tracing::error!("a question to rust-analyzer panicked");
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) if analysis.steps_left.is_empty() => {
                freed_memory::give_back();
                has_worked = false;
            }
            Err(mpsc::RecvTimeoutError::Timeout) if analysis.rest().is_zero() => {
                has_worked = true;
                analysis.step();
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    // Its memory takes long to free, and the operating system does it in no time.
    std::mem::forget(analysis);
}

/// What the thread has.
pub(crate) struct Analysis {
    directory: PathBuf,
    features: Vec<String>,
    /// What every source begins with.
    prelude: &'static str,
    reading: Arc<Reading>,
    compilers: Arc<Mutex<Compilers>>,
    host: Option<Host>,
    /// Of warming up.
    steps_left: Vec<Step>,
}

impl Analysis {
    /// How long it has to leave the processor to the compiler, at least.
    fn rest(&self) -> Duration {
        let compilers = self.compilers.lock().unwrap_or_else(PoisonError::into_inner);
        match compilers.at_work {
            0 => QUIET.saturating_sub(compilers.since.elapsed()),
            _ => QUIET,
        }
    }

    /// What could stand at this place of the source.
    pub(crate) fn completions(
        &mut self,
        source: String,
        offset: usize,
        crates: Crates,
    ) -> Result<Vec<Completion>, AnalysisError> {
        self.with(|host| {
            host.set_source(source, crates)?;
            completions::at(host, offset)
        })
    }

    /// The documentation, in Markdown, of what is at this place of the source.
    pub(crate) fn hover(
        &mut self,
        source: String,
        offset: usize,
        crates: Crates,
    ) -> Result<Option<String>, AnalysisError> {
        self.with(|host| {
            host.set_source(source, crates)?;
            hover::at(host, offset)
        })
    }

    /// Does the next step of warming up.
    fn step(&mut self) {
        let step = self.steps_left.remove(0);
        let (Step::Infer(statements) | Step::Complete(statements)) = step;
        let start = Instant::now();
        let before = format!("{}\nfn {WARM_UP_FUNCTION}() {{ {statements}", self.prelude);
        let end = before.len();
        let done = self.with(|host| {
            host.set_source(format!("{before} }}"), Crates::AsNow)?;
            match step {
                Step::Infer(_) => drop(types::of_variables(host, WARM_UP_FUNCTION)),
                Step::Complete(_) => drop(completions::at(host, end)?),
            }
            Ok(())
        });
        match done {
            Ok(()) => tracing::debug!(?step, took = ?start.elapsed(), "rust-analyzer has been warmed up"),
            Err(error) => {
                tracing::debug!(%error, "rust-analyzer has not been warmed up");
                self.steps_left.clear();
            }
        }
    }

    /// Asks; after a panic, of which nobody knows what it has left behind, rust-analyzer begins anew.
    fn with<T>(&mut self, question: impl FnOnce(&mut Host) -> Result<T, AnalysisError>) -> Result<T, AnalysisError> {
        let mut host = match self.host.take() {
            Some(host) => host,
            None => Host::new(&self.directory, self.features.clone(), Arc::clone(&self.reading))?,
        };
        match catch_unwind(AssertUnwindSafe(|| question(&mut host))) {
            Ok(answer) => {
                self.host = Some(host);
                answer
            }
            Err(_) => {
                tracing::error!("rust-analyzer panicked");
                std::mem::forget(host);
                Err(AnalysisError::Panicked)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> tempfile::TempDir {
        let package = tempfile::tempdir().unwrap();
        let manifest = "[package]\nname = \"a\"\nedition = \"2024\"\n[lib]\npath = \"src/lib.rs\"\n[workspace]\n";
        std::fs::write(package.path().join("Cargo.toml"), manifest).unwrap();
        std::fs::create_dir(package.path().join("src")).unwrap();
        std::fs::write(package.path().join("src/lib.rs"), "").unwrap();
        package
    }

    fn ask<T: Send + 'static>(analyzer: &Analyzer, question: impl FnOnce(&mut Analysis) -> T + Send + 'static) -> T {
        let (reply, answer) = mpsc::channel();
        analyzer
            .visit(move |analysis| reply.send(question(analysis)).unwrap())
            .unwrap();
        answer.recv().unwrap()
    }

    #[test]
    fn crates_that_are_not_read_are_not_waited_for_where_nobody_may() {
        let package = package();
        let analyzer = Analyzer::start(package.path(), &[], "").unwrap();
        let complete = |crates| {
            let source = "fn double() {}\nfn f() { dou }".to_owned();
            let offset = source.rfind(" }").unwrap();
            ask(&analyzer, move |analysis| analysis.completions(source, offset, crates))
        };
        assert!(matches!(complete(Crates::AsRead), Err(AnalysisError::NotRead)));
        assert!(!complete(Crates::AsNow).unwrap().is_empty());
        // What the package has become is another's business.
        std::fs::write(package.path().join("Cargo.toml"), "no manifest").unwrap();
        assert!(!complete(Crates::AsRead).unwrap().is_empty());
        assert!(matches!(complete(Crates::AsNow), Err(AnalysisError::Load(_))));
    }

    #[test]
    fn a_question_that_panics_costs_its_own_answer_only() {
        let package = package();
        let analyzer = Analyzer::start(package.path(), &[], "").unwrap();
        analyzer.visit(|_| panic!("on purpose")).unwrap();
        assert_eq!(ask(&analyzer, |_| 7), 7);
    }

    #[test]
    fn one_after_the_other_is_answered() {
        let package = package();
        let analyzer = Analyzer::start(package.path(), &[], "").unwrap();
        let source = "struct P;\nfn f() {\nlet a = 1u8; let mut b = vec![P]; let (c, d) = (2, |x: u8| x);\n}\n";
        let variables = analyzer.variables(source.to_owned(), "f", &|_| true).unwrap();
        let type_of = |name: &str| variables[name].type_.clone();
        assert_eq!(type_of("a"), VariableType::Named("u8".to_owned()));
        assert_eq!(type_of("b"), VariableType::Named("Vec<P>".to_owned()));
        assert_eq!(type_of("c"), VariableType::Named("i32".to_owned()));
        let object = TraitObject {
            text: "dyn Fn(u8) -> u8".to_owned(),
            kind: ObjectKind::Closure,
        };
        assert_eq!(type_of("d"), VariableType::Unnamed(object));
        assert!(variables["b"].is_mutable && !variables["a"].is_mutable);

        let source = "/// It doubles.\nfn double(n: u8) -> u8 { n * 2 }\nfn f() { dou }";
        let offset = source.rfind(" }").unwrap();
        let found = ask(&analyzer, move |analysis| {
            analysis.completions(source.to_owned(), offset, Crates::AsNow).unwrap()
        });
        assert!(found.iter().any(|found| found.text.starts_with("double")), "{found:?}");
        let offset = source.find("fn double").unwrap() + "fn ".len();
        let hover = |offset| {
            ask(&analyzer, move |analysis| {
                analysis.hover(source.to_owned(), offset, Crates::AsRead).unwrap()
            })
        };
        let documentation = hover(offset).unwrap();
        assert!(documentation.contains("It doubles."), "{documentation}");
        assert_eq!(hover(source.len()), None);
    }

    #[test]
    fn of_values_without_a_name_it_is_known_what_they_can_do() {
        let package = package();
        let analyzer = Analyzer::start(package.path(), &[], "").unwrap();
        let source = "fn adder(n: u8) -> impl Fn(u8) -> u8 { move |x| x + n }\n\
                      fn even() -> impl Iterator<Item = u64> + Clone { (0..9).filter(|n| n % 2 == 0) }\n\
                      async fn later() -> Result<u8, String> { Ok(1) }\n\
                      fn f() {\n\
                      let mut n = 0; let s = String::new();\n\
                      let add = adder(1); let mut count = move || { n += 1; n }; let once = move || s;\n\
                      let print = |text: &str| println!(\"{text}\"); let same = |x| x; same(1i8);\n\
                      let doubled = (0..5).map(|x| x * 2); let odd = even(); let coming = later();\n\
                      let unknown = |x| x; let nested = |x: u8| move |y: u8| x + y; let several = vec![|x: u8| x];\n}\n";
        let variables = analyzer.variables(source.to_owned(), "f", &|_| true).unwrap();
        for (name, object) in [
            ("add", "dyn Fn(u8) -> u8"),
            ("count", "dyn FnMut() -> i32"),
            ("once", "dyn FnOnce() -> String"),
            ("print", "dyn Fn(&str)"),
            ("same", "dyn Fn(i8) -> i8"),
            ("doubled", "dyn Iterator<Item = i32>"),
            ("odd", "dyn Iterator<Item = u64>"),
            ("coming", "dyn std::future::Future<Output = Result<u8, String>>"),
        ] {
            match &variables[name].type_ {
                VariableType::Unnamed(found) => assert_eq!(found.text, object, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
        }
        assert_eq!(variables["unknown"].type_, VariableType::Closure);
        assert_eq!(variables["nested"].type_, VariableType::Closure);
        assert_eq!(variables["several"].type_, VariableType::Unknown);
    }

    #[test]
    fn it_is_known_which_macros_make_items() {
        let package = package();
        let analyzer = Analyzer::start(package.path(), &[], "").unwrap();
        let source = "macro_rules! make { ($i:ident) => { #[derive(Debug)] struct $i { a: u8 } impl $i { fn new() {} } }; }\n\
                      macro_rules! twice { ($a:ident $b:ident) => { make!($a); make! { $b } }; }\n\
                      macro_rules! run { ($e:expr) => { let a = $e; struct Inner; drop(a) }; }\n\
                      macro_rules! value { () => { 1 + 1 }; }\n\
                      fn f() { make!(Foo); twice!(A B); run!(1); value!(); missing!(); vec![1]; make! { Last } }";
        let found = analyzer.items_of_macros(source.to_owned(), "f", &|_| true).unwrap();
        let names = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(
            found,
            [
                names(&["Foo"]),
                names(&["A", "B"]),
                None,
                None,
                None,
                None,
                names(&["Last"])
            ]
        );
    }

    /// Of the variables of a function of this source, which are of types that Rust can say.
    fn types(analyzer: &Analyzer, source: &str) -> Vec<(String, String)> {
        let variables = analyzer.variables(source.to_owned(), "f", &|_| true).unwrap();
        let named = variables
            .into_iter()
            .filter_map(|(name, variable)| match variable.type_ {
                VariableType::Named(type_) => Some((name, type_)),
                _ => None,
            });
        named.collect()
    }

    #[test]
    fn what_the_standard_library_is_made_with_is_not_needed_for_its_types() {
        let package = package();
        let analyzer = Analyzer::start(package.path(), &[], "").unwrap();
        let source = "use std::collections::*;\nfn f() -> std::io::Result<()> {\n\
                      let mut map = HashMap::from([(1u8, \"a\")]); let old = map.insert(2, \"b\"); let first = map.iter().next();\n\
                      let set: HashSet<u8> = map.into_keys().collect(); let both = &set | &set;\n\
                      let status = std::process::Command::new(\"a\").status()?; let code = status.code();\n\
                      let size = std::fs::metadata(\"a\")?.len(); let heap = BinaryHeap::from(vec![1i8]);\nOk(()) }\n";
        let found = types(&analyzer, source);
        for (name, expected) in [
            ("old", "Option<&str>"),
            ("set", "HashSet<u8>"),
            ("both", "HashSet<u8>"),
            ("code", "Option<i32>"),
            ("size", "u64"),
            ("heap", "BinaryHeap<i8>"),
        ] {
            let type_ = found
                .iter()
                .find(|(found, _)| found == name)
                .map(|(_, type_)| type_.as_str());
            assert_eq!(type_, Some(expected), "{name} in {found:?}");
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn instructions_of_the_processor_are_known_once_they_are_named() {
        let package = package();
        let analyzer = Analyzer::start(package.path(), &[], "").unwrap();
        let named = |name: &str, type_: &str| (name.to_owned(), type_.to_owned());
        assert_eq!(types(&analyzer, "fn f() { let a = 1u8; }"), [named("a", "u8")]);
        let source = "use std::arch::x86_64::*;\nfn f() { let a = unsafe { _mm_cvtsi128_si32(_mm_setzero_si128()) }; \
                      let b = std::is_x86_feature_detected!(\"avx2\"); }";
        assert_eq!(types(&analyzer, source), [named("a", "i32"), named("b", "bool")]);
    }

    #[test]
    fn who_gives_up_does_not_wait() {
        let package = package();
        let analyzer = Analyzer::start(package.path(), &[], "").unwrap();
        let source = "fn f() { let a = vec![1].len(); }".to_owned();
        let error = analyzer.variables(source, "f", &|_| false).unwrap_err();
        assert!(matches!(error, AnalysisError::GivenUp), "{error}");
    }

    #[test]
    fn nothing_is_read_after_the_end() {
        let package = package();
        let analyzer = Analyzer::start(package.path(), &[], "").unwrap();
        assert!(analyzer.try_end());
        let error = analyzer.variables("fn f() {}".to_owned(), "f", &|_| true).unwrap_err();
        assert!(matches!(error, AnalysisError::Ended), "{error}");
        assert!(analyzer.try_end());
    }

    #[test]
    fn a_package_that_cannot_be_read_is_told() {
        let package = tempfile::tempdir().unwrap();
        let analyzer = Analyzer::start(package.path(), &[], "").unwrap();
        let error = analyzer.variables("fn f() {}".to_owned(), "f", &|_| true).unwrap_err();
        assert!(matches!(error, AnalysisError::Load(_)), "{error}");
    }
}
