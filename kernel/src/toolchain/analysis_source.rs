//! Mends the source that evcxr only has checked, to learn why the types of a cell's variables are not known.
//!
//! It has a function with the notebook's variables as parameters, and demands of every variable at its end that it
//! borrows nothing. The types of parameters are those that rust-analyzer shows, without lifetimes: of a `Vec<&str>` that
//! has been stored long ago the compiler would say that it escapes, in the place of what is wrong with the cell.

const WRAPPER: &str = "async fn evcxr_analysis_wrapper(";
const END_OF_PARAMETERS: &str = ") -> Result<(), EvcxrUserCodeError> {";

/// The source with that demanded of the cell's own variables only. Line numbers stay; other sources do too.
pub(super) fn trust_stored_variables(source: String) -> String {
    let Some((before, wrapper)) = source.split_once(&format!("{WRAPPER}\n")) else {
        return source;
    };
    let Some((parameters, body)) = wrapper.split_once(&format!("{END_OF_PARAMETERS}\n")) else {
        return source;
    };
    let stored: Vec<String> = parameters.lines().filter_map(demand).collect();
    let body = body.lines().map(|line| {
        let is_needless = stored.iter().any(|demand| demand == line.trim());
        if is_needless {
            "\n".to_owned()
        } else {
            format!("{line}\n")
        }
    });
    let body: String = body.collect();
    format!("{before}{WRAPPER}\n{parameters}{END_OF_PARAMETERS}\n{body}")
}

/// The statement that demands it of this parameter.
fn demand(parameter: &str) -> Option<String> {
    let (name, _) = parameter.split_once(':')?;
    let name = name.trim();
    Some(format!(
        "evcxr_variable_store({});",
        name.strip_prefix("mut ").unwrap_or(name)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_stored_already_is_trusted() {
        let source = "fn evcxr_variable_store<T: 'static>(_: T) {}\nasync fn evcxr_analysis_wrapper(\nmut words: Vec<&str>,\n\
                      n: u64,\n) -> Result<(), EvcxrUserCodeError> {\nlet f = |x| x;\nevcxr_variable_store(f);\n\
                      evcxr_variable_store(n);\nevcxr_variable_store(words);\nOk(())\n}\n";
        let mended = trust_stored_variables(source.to_owned());
        assert!(
            mended.ends_with("evcxr_variable_store(f);\n\n\nOk(())\n}\n"),
            "{mended}"
        );
        assert_eq!(mended.lines().count(), source.lines().count());
    }

    #[test]
    fn what_is_run_stays() {
        let source = "fn f() {\n    evcxr_variable_store(n);\n}";
        assert_eq!(trust_stored_variables(source.to_owned()), source);
    }
}
