//! Lines such as `:dep rand = "0.9"`, and what is done for each.

use std::path::Path;

use super::early_return::ErrorFormat;
use super::statements::Command;
use super::{Error, Evaluator, Names, Shown, State};
use crate::cell;
use crate::toolchain::{Manifest, Tools};

/// Settings of evcxr's, of which notebooks that were written for it may be full, and which have no meaning here.
const WITHOUT_MEANING: [&str; 12] = [
    ":allow_static_linking",
    ":cache",
    ":clear_cache",
    ":codegen_backend",
    ":fmt",
    ":internal_debug",
    ":linker",
    ":load_config",
    ":preserve_vars_on_panic",
    ":sccache",
    ":time_passes",
    ":types",
];

/// What is wrong with a command, in words.
pub(crate) type Refusal = String;

impl Evaluator {
    /// Does what a command says, to `state` where it can be undone with the cell.
    pub(super) fn command(&mut self, command: &Command, state: &mut State) -> Result<Option<Shown>, Error> {
        let argument = command.argument.as_str();
        let done: Result<Option<Shown>, Refusal> = match command.name.as_str() {
            ":build_env" => build_environment(argument, state),
            ":clear" => return self.clear(state).map(|()| None),
            ":dep" => add_dependency(argument, &mut state.namespace.manifest).map(|()| None),
            ":doc" => self.documentation(argument),
            ":efmt" => error_format(argument, state),
            ":env" => self.environment(argument),
            ":explain" => self.explanations(),
            ":help" => Ok(help()),
            ":last_compile_dir" => Ok(text(self.package.directory().display().to_string())),
            ":last_error_json" => self.last_errors_as_json(),
            ":offline" => switch(argument).map(|on| {
                state.build.offline = on;
                text(format!(
                    "cargo works {} the network",
                    if on { "without" } else { "with" }
                ))
            }),
            ":opt" => optimization(argument, state),
            ":quit" => std::process::exit(0),
            ":restart" => return self.restart(state),
            ":show_deps" => Ok(dependencies(state)),
            ":t" | ":type" => type_of(argument, state),
            ":timing" => {
                self.tells_timing = !self.tells_timing;
                Ok(text(format!(
                    "timing is {}",
                    if self.tells_timing { "on" } else { "off" }
                )))
            }
            ":toolchain" => toolchain(argument, state),
            ":vars" => Ok(variables(state)),
            ":version" => Ok(text(env!("CARGO_PKG_VERSION"))),
            name if WITHOUT_MEANING.contains(&name) => Ok(text(format!(
                "`{name}` is a setting of evcxr's, and has no meaning here"
            ))),
            name => {
                let names = cell::commands().iter().map(|command| command.name);
                let refusal = format!(
                    "there is no command `{name}`; {}`:help` lists them",
                    cell::suggestion(name, names)
                );
                return Err(Error::of_command(refusal, command.name_range.clone()));
            }
        };
        done.map_err(|refusal| Error::of_command(refusal, command.argument_range.clone()))
    }

    fn documentation(&mut self, argument: &str) -> Result<Option<Shown>, Refusal> {
        if argument.is_empty() {
            return Err("say of what, as in `:doc Vec::push`".to_owned());
        }
        let owned = argument.to_owned();
        let found = self.look(move |look| look.hover(&owned));
        match found.map_err(|error| error.to_string())? {
            Some(markdown) => Ok(Some(Shown::Markdown(markdown))),
            None => Err(format!("nothing is known about `{argument}`")),
        }
    }

    fn environment(&mut self, argument: &str) -> Result<Option<Shown>, Refusal> {
        let (name, value) = key_and_value(argument)?;
        self.runner.set_environment(name, value);
        Ok(text(format!("{name} is {value} after `:restart`")))
    }

    fn explanations(&self) -> Result<Option<Shown>, Refusal> {
        if self.last_errors.is_empty() {
            return Err("no cell has had an error of the compiler's yet".to_owned());
        }
        let explanations: Vec<_> = self
            .last_errors
            .iter()
            .filter_map(|error| error.explanation())
            .collect();
        if explanations.is_empty() {
            return Err("the compiler has no explanation of its last error".to_owned());
        }
        Ok(text(explanations.join("\n")))
    }

    fn last_errors_as_json(&self) -> Result<Option<Shown>, Refusal> {
        let errors: Vec<_> = self.last_errors.iter().map(|error| error.json.to_string()).collect();
        Ok(text(errors.join("\n")))
    }
}

/// What `:dep` does.
pub(super) fn add_dependency(argument: &str, manifest: &mut Manifest) -> Result<(), Refusal> {
    let (name, dependency) = parse_dependency(argument)?;
    manifest.dependencies.insert(name, dependency);
    Ok(())
}

/// `NAME`, `NAME = VALUE`, or the path of a package.
pub(crate) fn parse_dependency(argument: &str) -> Result<(String, String), Refusal> {
    const USAGE: &str = "write `:dep NAME`, `:dep NAME = \"VERSION\"`, `:dep NAME = { ... }` as in Cargo.toml, or \
                         `:dep PATH` of a package";
    if argument.is_empty() {
        return Err(format!("which crate? {USAGE}"));
    }
    if argument.starts_with(['.', '/']) {
        return local_package(argument);
    }
    let (name, dependency) = match argument.split_once('=') {
        Some((name, dependency)) => (name.trim(), dependency.trim()),
        None => (argument, "\"*\""),
    };
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(format!("`{name}` is no name of a crate: {USAGE}"));
    }
    match format!("{name} = {dependency}").parse::<toml::Table>() {
        Ok(parsed) => Ok((name.to_owned(), from_here(parsed, name, dependency)?)),
        Err(error) => Err(format!("this is not as in Cargo.toml: {}", error.message())),
    }
}

/// A dependency whose path, if it has one, begins where the notebook is, as it does in a manifest that lies there: the
/// notebook's own manifest is elsewhere.
fn from_here(mut parsed: toml::Table, name: &str, dependency: &str) -> Result<String, Refusal> {
    let Some(toml::Value::Table(table)) = parsed.get_mut(name) else {
        return Ok(dependency.to_owned());
    };
    match table.get_mut("path") {
        Some(toml::Value::String(path)) if Path::new(path).is_relative() => {
            let absolute = std::path::absolute(&path).map_err(|error| format!("{path}: {error}"))?;
            *path = absolute.display().to_string();
            Ok(toml::Value::Table(table.clone()).to_string())
        }
        _ => Ok(dependency.to_owned()),
    }
}

fn local_package(path: &str) -> Result<(String, String), Refusal> {
    let manifest = Path::new(path).join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| format!("{}: {}", manifest.display(), error.message()))?;
    let name = table
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(toml::Value::as_str)
        .ok_or_else(|| format!("{} is not of a package, and has no name", manifest.display()))?;
    let path = std::path::absolute(path).map_err(|error| format!("{path}: {error}"))?;
    Ok((name.to_owned(), format!("{{ path = {path:?} }}")))
}

fn build_environment(argument: &str, state: &mut State) -> Result<Option<Shown>, Refusal> {
    let (name, value) = key_and_value(argument)?;
    state.build.environment.insert(name.to_owned(), value.to_owned());
    Ok(text(format!("{name} is {value} for compilers")))
}

fn key_and_value(argument: &str) -> Result<(&str, &str), Refusal> {
    match argument.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name, value)),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}

fn switch(argument: &str) -> Result<bool, Refusal> {
    match argument {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err("write 0 or 1".to_owned()),
    }
}

fn error_format(argument: &str, state: &mut State) -> Result<Option<Shown>, Refusal> {
    if !argument.is_empty() {
        state.error_format = ErrorFormat::parse(argument)
            .ok_or_else(|| format!("`{argument}` is none of {}", ErrorFormat::texts().join(", ")))?;
    }
    let format = state.error_format;
    let said = format!(
        "errors are shown as {}, and must implement {}",
        format.text(),
        format.trait_name()
    );
    Ok(text(said))
}

fn optimization(argument: &str, state: &mut State) -> Result<Option<Shown>, Refusal> {
    let level = &mut state.namespace.manifest.opt_level;
    let next = match argument {
        "" if level == "2" => "0",
        "" => "2",
        "0" | "1" | "2" | "3" => argument,
        _ => return Err("write 0, 1, 2 or 3".to_owned()),
    };
    next.clone_into(level);
    Ok(text(format!("cells are optimized at level {next}")))
}

fn toolchain(argument: &str, state: &mut State) -> Result<Option<Shown>, Refusal> {
    if !argument.is_empty() {
        state.build.tools = Tools::named(argument).map_err(|error| error.to_string())?;
    }
    let version = state.build.tools.version.lines().next().unwrap_or_default();
    Ok(text(version))
}

fn type_of(argument: &str, state: &State) -> Result<Option<Shown>, Refusal> {
    match state.namespace.variables.get(argument) {
        Some(variable) => Ok(text(format!("{argument}: {}", variable.type_))),
        None if argument.is_empty() => Err("say of which variable".to_owned()),
        None => Err(format!("there is no variable `{argument}`")),
    }
}

fn variables(state: &State) -> Option<Shown> {
    let variables = Names(&state.namespace).variables();
    Some(Shown::Table {
        heads: ["Variable", "Type"],
        rows: variables
            .map(|(name, type_)| [name, type_].map(str::to_owned))
            .collect(),
    })
}

fn help() -> Option<Shown> {
    let commands = cell::commands().iter();
    Some(Shown::Table {
        heads: ["Command", "What it does"],
        rows: commands
            .map(|command| [command.name, command.summary].map(str::to_owned))
            .collect(),
    })
}

fn dependencies(state: &State) -> Option<Shown> {
    let all = &state.namespace.manifest.dependencies;
    let lines: Vec<_> = all
        .iter()
        .map(|(name, dependency)| format!("{name} = {dependency}"))
        .collect();
    text(lines.join("\n"))
}

fn text(text: impl Into<String>) -> Option<Shown> {
    Some(Shown::Text(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_is_a_line_of_a_manifest() {
        let parsed =
            |argument: &str| parse_dependency(argument).map(|(name, dependency)| format!("{name}|{dependency}"));
        assert_eq!(parsed("rand").unwrap(), "rand|\"*\"");
        assert_eq!(parsed("rand = \"0.9\"").unwrap(), "rand|\"0.9\"");
        assert_eq!(
            parsed("a = { version = \"1\", features = [\"b\"] }").unwrap(),
            "a|{ version = \"1\", features = [\"b\"] }"
        );
        for wrong in ["", "a b", "a = ", "a = {", "= \"1\""] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_path_begins_where_the_notebook_is() {
        let here = std::env::current_dir().unwrap();
        let (name, dependency) = parse_dependency("mine = { path = \"a b/mine\", features = [\"x\"] }").unwrap();
        let parsed: toml::Table = format!("mine = {dependency}").parse().unwrap();
        assert_eq!((name.as_str(), &parsed["mine"]["features"][0]), ("mine", &"x".into()));
        assert_eq!(parsed["mine"]["path"].as_str(), here.join("a b/mine").to_str());
        for as_it_is in ["{ path = \"/mine\" }", "{ version = \"1\" }", "\"1\""] {
            assert_eq!(parse_dependency(&format!("mine = {as_it_is}")).unwrap().1, as_it_is);
        }
    }

    #[test]
    fn a_package_is_known_by_its_path() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_str().unwrap();
        assert!(parse_dependency(path).unwrap_err().contains("Cargo.toml"));
        std::fs::write(directory.path().join("Cargo.toml"), "[package]\nname = \"mine\"\n").unwrap();
        assert_eq!(
            parse_dependency(path).unwrap(),
            ("mine".to_owned(), format!("{{ path = {path:?} }}"))
        );
        std::fs::write(directory.path().join("Cargo.toml"), "[workspace]\n").unwrap();
        assert!(parse_dependency(path).unwrap_err().contains("no name"));
    }

    #[test]
    fn keys_have_values() {
        assert_eq!(key_and_value("A=b=c").unwrap(), ("A", "b=c"));
        assert!(key_and_value("A").is_err() && key_and_value("=b").is_err());
        assert!(switch("1").unwrap() && !switch("0").unwrap() && switch("yes").is_err());
    }
}
