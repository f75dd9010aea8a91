//! A cell that is being evaluated, and the sources that are made of it: one that is compiled and run, and one that is only
//! looked at.

use std::collections::BTreeSet;

use super::body::{Body, Local};
use super::early_return::{ERROR_TYPE, ErrorFormat, ErrorReport};
use super::mending::TOKIO;
use super::namespace::{Imports, Namespace, Variable};
use super::source::{Code, Source};
use super::statements::Statements;
use crate::analysis::words;

/// The function that is only looked at.
pub(super) const ANALYSED_FUNCTION: &str = "parcell_analysis";
/// What the name of a cell's function begins with; the number of the library follows.
pub(crate) const CELL_FUNCTION: &str = "parcell_cell_";
/// Where cells keep their variables, in generated code.
pub(crate) const STORE: &str = "parcell_store";

const ALLOWED: &str = "#![allow(unused_imports, unused_mut, dead_code)]";

/// A cell, and the notebook as it will be when the cell has run.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) namespace: Namespace,
    pub(super) body: Body,
    /// The errors of `?` have to be converted.
    pub(super) returns_errors: bool,
    /// It runs on tokio's runtime.
    pub(super) is_async: bool,
    /// Closures that own what they capture without saying so.
    pub(super) owning: BTreeSet<String>,
    /// Nothing of it is misspelt, as far as is known.
    pub(super) is_sound: bool,
    /// The crates that have ways to show values of the notebook's crates.
    pub(super) displays: Vec<String>,
    /// It is compiled with all items of the notebook, and not only with those that it seems to need.
    pub(super) has_all_items: bool,
    pub(super) error_format: ErrorFormat,
    /// How the errors that `?` takes out of it are reported.
    pub(super) error_report: ErrorReport,
}

/// What the variables of earlier cells that a source has are for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// To infer the types of new ones: those that are mentioned suffice.
    Types,
    /// To find all that could stand at a place.
    Completion,
    /// To have the compiler say what is wrong, also with new variables that cannot stay.
    Check,
}

/// How a cell is compiled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Form {
    /// Panics end the cell only, which is a closure therefore. The plain form, which has all items, is for the compiler's
    /// messages: they are better, and suggest names that the cell does not have.
    pub(super) catches_panics: bool,
    /// All variables are checked to be of the types that are known, and not only those that are mentioned.
    pub(super) checks_all: bool,
    /// Of the library that it becomes; None where there is nothing to run.
    pub(super) number: Option<u32>,
}

impl Draft {
    pub(super) fn new(
        mut namespace: Namespace,
        parsed: &Statements,
        imports: Imports,
        error_format: ErrorFormat,
    ) -> Draft {
        let body = namespace.add(&parsed.statements, imports);
        Draft {
            returns_errors: body.returns_errors,
            is_async: body.awaits,
            is_sound: parsed.is_sound,
            owning: BTreeSet::new(),
            displays: Vec::new(),
            has_all_items: false,
            error_report: ErrorReport::possible(error_format)[0],
            namespace,
            body,
            error_format,
        }
    }

    /// Whether there is nothing to run.
    pub(super) fn only_defines(&self) -> bool {
        self.body.is_empty() && self.namespace.only_defines()
    }

    /// Whether it runs on a crate that is not among those of the notebook.
    pub(super) fn needs_crates(&self) -> bool {
        self.is_async && !self.namespace.manifest.has_crate(TOKIO)
    }

    /// The next best way to report errors; false where there is none.
    pub(super) fn demand_less_of_errors(&mut self) -> bool {
        let possible = ErrorReport::possible(self.error_format);
        let next = possible
            .iter()
            .skip_while(|report| **report != self.error_report)
            .nth(1);
        next.map(|report| self.error_report = *report).is_some()
    }

    /// What is looked at, with the statements in the function `ANALYSED_FUNCTION`.
    pub(super) fn analysed(&self, purpose: Purpose) -> Source {
        let mut source = Source::default();
        source.generate(ALLOWED);
        let words = (purpose == Purpose::Types && !self.has_all_items).then(|| self.words(false));
        self.namespace.write_items(words, &mut source);
        source.generate(&ErrorReport::analysed(self.error_format));
        if purpose == Purpose::Check {
            source.generate("fn parcell_keep<T: 'static>(_: T) {}");
        }
        source.generate(&format!("#[allow(unused_variables)]\nasync fn {ANALYSED_FUNCTION}("));
        for (name, variable) in self.earlier() {
            if purpose != Purpose::Types || self.body.mentions(name) {
                let mutability = mutability(variable);
                source.generate(&format!("{mutability}{name}: {},", variable.type_));
            }
        }
        source.generate(&format!(") -> Result<(), {ERROR_TYPE}> {{"));
        self.body.write(&mut source);
        if purpose == Purpose::Check {
            // Of earlier ones the types are written without lifetimes, and the compiler would say that they escape.
            for local in self.stored_locals() {
                source.store(&local.name, &format!("parcell_keep({});", local.name));
            }
        }
        source.generate("Ok(())\n}");
        source
    }

    /// What is looked at to know what these calls of macros make: they are the statements of the function
    /// `ANALYSED_FUNCTION`.
    pub(super) fn expanded(&self, calls: &[&Code]) -> Source {
        let mut source = Source::default();
        source.generate(ALLOWED);
        self.namespace.write_items(None, &mut source);
        source.generate(&format!("fn {ANALYSED_FUNCTION}() {{"));
        for call in calls {
            source.code(call);
        }
        source.generate("}");
        source
    }

    /// What is compiled, and run where there is something to run.
    pub(super) fn compiled(&self, form: Form) -> Source {
        let mut source = Source::default();
        source.generate(ALLOWED);
        let words = (form.catches_panics && !self.has_all_items).then(|| self.words(form.checks_all));
        self.namespace.write_items(words, &mut source);
        let Some(number) = form.number else {
            return source;
        };
        if self.returns_errors {
            source.generate(&self.error_report.definition(self.error_format));
        }
        if self.body.shows_value() {
            for display in &self.displays {
                source.generate(&format!("use ::{display}::Display as _;"));
            }
        }
        // Linkers leave out libraries that nothing of is used; this is something.
        source.generate("#[used]\nstatic PARCELL_IS_LINKED: extern \"C\" fn() = ::parcell::cell::is_linked;");
        source.generate(&format!(
            "#[unsafe(no_mangle)]\npub extern \"C\" fn {CELL_FUNCTION}{number}({STORE}: *mut ::parcell::cell::variables::VariableStore) \
             -> *mut ::parcell::cell::variables::VariableStore {{\n\
             let {STORE} = unsafe {{ &mut *if {STORE}.is_null() {{ ::parcell::cell::variables::create_variable_store() }} \
             else {{ {STORE} }} }};"
        ));
        self.write_checks(form, &mut source);
        for (name, variable) in self.loaded() {
            let (mutability, type_) = (mutability(variable), &variable.type_);
            source.generate(&format!(
                "let {mutability}{name} = {STORE}.take_variable::<{type_}>(stringify!({name}));"
            ));
        }
        if form.catches_panics {
            source.generate("if ::std::panic::catch_unwind(::std::panic::AssertUnwindSafe(|| {");
            self.write_body(&mut source);
            source.generate(
                "})).is_err() {\n::parcell::cell::send_control_line(::parcell::cell::variables::PANICKED);\n}",
            );
        } else {
            self.write_body(&mut source);
        }
        for (name, variable) in self.loaded() {
            // One that was moved is not there any more, and one that the cell has defined anew is stored already.
            if self.namespace.variables.get(name).is_some_and(|now| !now.is_new) {
                write_storing(name, variable, &mut source);
            }
        }
        source.generate(&format!("{STORE}\n}}"));
        source
    }

    /// Variables whose types have been redefined are lost, and the cell is compiled again without them.
    fn write_checks(&self, form: Form, source: &mut Source) {
        let mut checked = self
            .earlier()
            .filter(|(name, _)| form.checks_all || self.body.mentions(name))
            .peekable();
        if checked.peek().is_none() {
            return;
        }
        source.generate("let mut parcell_all_fit = true;");
        for (name, variable) in checked {
            let type_ = &variable.type_;
            source.generate(&format!(
                "parcell_all_fit &= {STORE}.check_variable::<{type_}>(stringify!({name}));"
            ));
        }
        source.generate(&format!("if !parcell_all_fit {{\nreturn {STORE};\n}}"));
    }

    fn write_body(&self, source: &mut Source) {
        if self.is_async {
            // A checkpoint that has taken over has the runtime, but not its threads: it needs one of its own.
            source.generate(&format!(
                "let parcell_runtime = {STORE}.lazy_arc(\n\
                 &::std::format!(\"parcell_tokio_runtime_{{}}\", ::std::process::id()),\n\
                 || ::std::sync::Mutex::new(::tokio::runtime::Runtime::new().unwrap()));\n\
                 let _ = parcell_runtime.lock().unwrap_or_else(::std::sync::PoisonError::into_inner).block_on(async {{"
            ));
        } else if self.returns_errors {
            source.generate(&format!("let _ = (|| -> ::std::result::Result<(), {ERROR_TYPE}> {{"));
        }
        self.body.write(source);
        for (name, variable) in self.namespace.variables.iter().filter(|(_, variable)| variable.is_new) {
            write_storing(name, variable, source);
        }
        match (self.is_async, self.returns_errors) {
            (true, true) => source.generate(&format!("::std::result::Result::<(), {ERROR_TYPE}>::Ok(())\n}});")),
            (true, false) => source.generate("});"),
            (false, true) => source.generate("::std::result::Result::Ok(())\n})();"),
            (false, false) => {}
        }
    }

    /// What occurs in what is made of the cell: its own words, and those in the types of variables.
    fn words(&self, checks_all: bool) -> BTreeSet<String> {
        let new = self.namespace.variables.values().filter(|variable| variable.is_new);
        let earlier = self
            .earlier()
            .filter(|(name, _)| checks_all || self.body.mentions(name));
        let types = earlier.map(|(_, variable)| variable).chain(new);
        let in_types = types.flat_map(|variable| words(&variable.type_)).map(str::to_owned);
        self.body.words().iter().cloned().chain(in_types).collect()
    }

    /// The variables of earlier cells.
    fn earlier(&self) -> impl Iterator<Item = (&String, &Variable)> {
        self.namespace.earlier.iter()
    }

    /// Those that are taken out of the store.
    fn loaded(&self) -> impl Iterator<Item = (&String, &Variable)> {
        self.earlier().filter(|(name, _)| self.body.mentions(name))
    }

    /// What a pattern binds, unless it looks like a constant, which patterns can name too.
    fn stored_locals(&self) -> impl Iterator<Item = &Local> {
        let locals = self.body.locals.iter();
        locals.filter(|local| !local.name.starts_with(char::is_uppercase))
    }
}

fn mutability(variable: &Variable) -> &'static str {
    if variable.is_mutable { "mut " } else { "" }
}

fn write_storing(name: &str, variable: &Variable, source: &mut Source) {
    let type_ = &variable.type_;
    // Of an unended string of the user's the compiler's message is better where this has no quotes.
    let boxed = variable.boxed.as_ref().map(|boxed| boxed.made_of(name));
    let value = boxed.as_deref().unwrap_or(name);
    let statement = format!("{STORE}.put_variable::<{type_}>(stringify!({name}), {value});");
    source.store(name, &statement);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cell in a notebook with the variables `a` and `b`, of which it defines `n` if it does.
    fn draft(code: &str) -> Draft {
        let mut namespace = Namespace::default();
        for (name, is_mutable) in [("a", true), ("b", false)] {
            namespace.define_variable(name, "u8".to_owned(), is_mutable, None);
        }
        namespace.commit();
        let parsed = Statements::parse(code);
        let mut draft = Draft::new(namespace, &parsed, Imports::TakenApart, ErrorFormat::default());
        if let Some(local) = draft.body.locals.first().cloned() {
            let namespace = &mut draft.namespace;
            namespace.define_variable(&local.name, "i32".to_owned(), false, Some(&local));
        }
        draft
    }

    fn compiled(draft: &Draft) -> String {
        let form = Form {
            catches_panics: true,
            checks_all: false,
            number: Some(7),
        };
        draft.compiled(form).into_text()
    }

    #[test]
    fn only_variables_that_are_mentioned_are_taken_and_put_back() {
        let text = compiled(&draft("let n = 1; println!(\"{a}\");"));
        assert!(text.contains("fn parcell_cell_7("), "{text}");
        assert!(
            text.contains("let mut a = parcell_store.take_variable::<u8>(stringify!(a));"),
            "{text}"
        );
        assert!(text.contains("put_variable::<u8>(stringify!(a), a);"), "{text}");
        assert!(text.contains("put_variable::<i32>(stringify!(n), n);"), "{text}");
        assert!(!text.contains("stringify!(b)"), "{text}");
        let put = |name: &str| text.find(&format!("stringify!({name}), {name}")).unwrap();
        let end = text.find("})).is_err()").unwrap();
        assert!(
            put("n") < end && end < put("a"),
            "what is new is not there after a panic: {text}"
        );
    }

    #[test]
    fn all_variables_are_checked_where_their_types_may_be_others() {
        let form = Form {
            catches_panics: true,
            checks_all: true,
            number: Some(1),
        };
        let text = draft("f();").compiled(form).into_text();
        assert_eq!(text.matches("check_variable").count(), 2, "{text}");
        assert!(!text.contains("take_variable"), "{text}");
        assert!(!compiled(&draft("f();")).contains("check_variable"));
    }

    #[test]
    fn what_is_moved_is_not_put_back_and_what_is_defined_anew_is_put_once() {
        let mut moving = draft("drop(a);");
        moving.namespace.variables.remove("a");
        assert!(!compiled(&moving).contains("put_variable"));
        let text = compiled(&draft("let a = 1;"));
        assert_eq!(text.matches("put_variable").count(), 1, "{text}");
    }

    #[test]
    fn errors_and_futures_get_what_they_need() {
        let text = compiled(&draft("f()?;"));
        assert!(
            text.contains("struct ParcellCellError;") && text.contains("report_error(error)"),
            "{text}"
        );
        let mut demanding = draft("f()?;");
        assert!(demanding.demand_less_of_errors() && demanding.demand_less_of_errors());
        assert!(compiled(&demanding).contains("report_printed_error"));
        assert!(!demanding.demand_less_of_errors());
        let waiting = draft("f().await;");
        assert!(waiting.needs_crates());
        let text = compiled(&waiting);
        assert!(
            text.contains(".block_on(async {") && !text.contains("ParcellCellError"),
            "{text}"
        );
        assert!(compiled(&draft("f().await?;")).contains("Result::<(), ParcellCellError>::Ok(())"));
    }

    #[test]
    fn what_is_looked_at_has_the_variables_that_its_purpose_needs() {
        let draft = draft("let n = a; None::<u8>;");
        let types = draft.analysed(Purpose::Types).into_text();
        assert!(types.contains("mut a: u8,") && !types.contains("b: u8,"), "{types}");
        let completion = draft.analysed(Purpose::Completion).into_text();
        assert!(completion.contains("b: u8,"), "{completion}");
        let check = draft.analysed(Purpose::Check).into_text();
        assert!(
            check.contains("parcell_keep(n);") && !check.contains("parcell_keep(a)"),
            "{check}"
        );
    }
}
