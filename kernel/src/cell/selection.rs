//! What a magic applies: a function of its cell or of an earlier one, or the closure that the cell ends with.

use super::Variables;
use super::body::Body;
use super::callable::{Callable, Closure, Parameter, Returned, of_type};
use super::magic_error::{MagicError, suggestion};
use super::options::Given;
use super::words::{Word, is_identifier};

/// What a magic applies.
#[derive(Clone, Debug)]
pub(super) enum Selected {
    Function(Callable),
    Closure(Closure),
}

impl Selected {
    pub(super) fn callable(&self) -> &Callable {
        match self {
            Selected::Function(callable) | Selected::Closure(Closure { callable, .. }) => callable,
        }
    }
}

impl Body {
    /// What the cell's magic is to apply: the function that `--fn` names, the closure at the end, or the last function.
    pub(super) fn selected(
        &self,
        cell: &str,
        named: Option<&Given<'_>>,
        variables: &dyn Variables,
    ) -> Result<Option<Selected>, MagicError> {
        if let Some(given) = named {
            return self.named(cell, &given.value(), variables).map(Some);
        }
        let closure = self.last_closure().cloned().map(Selected::Closure);
        Ok(closure.or_else(|| self.last_function().cloned().map(Selected::Function)))
    }

    /// The function of this name, in this cell or an earlier one, or elsewhere, or the variable that can be called.
    fn named(&self, cell: &str, name: &Word<'_>, variables: &dyn Variables) -> Result<Selected, MagicError> {
        if !name.text.split("::").all(is_identifier) {
            let message = format!("`{}` is not the name of a function", name.text);
            let help = "name a function of this cell or an earlier one, for example `--fn square`";
            return Err(MagicError::new(name.range.clone(), message, "not a name", help));
        }
        if let Some(function) = self
            .functions()
            .find(|function| &cell[function.name.clone()] == name.text)
        {
            return Ok(Selected::Function(function.clone()));
        }
        let here = Callable {
            name: name.range.clone(),
            parameters: vec![Parameter::ByValue],
            result: Returned::Opaque,
            generic: false,
            asynchronous: false,
            shadowed: variables.type_of(name.text).is_some(),
        };
        if let Some((parameters, result)) = variables.type_of(name.text).as_deref().and_then(of_type) {
            return Ok(Selected::Function(Callable {
                parameters,
                result,
                shadowed: false,
                ..here
            }));
        }
        if let Some(source) = variables.function(name.text) {
            let earlier = Body::parse(&source, 0..source.len());
            let callable = earlier.last_function().map_or(here.clone(), |function| Callable {
                name: here.name,
                shadowed: here.shadowed,
                ..function.clone()
            });
            return Ok(Selected::Function(callable));
        }
        // Of what comes from elsewhere only the compiler knows the parameters.
        if name.text.contains("::") || variables.is_known(name.text) {
            return Ok(Selected::Function(here));
        }
        let functions = self.functions().map(|function| &cell[function.name.clone()]);
        let help = format!(
            "{}name a function of this cell or an earlier one",
            suggestion(name.text, functions)
        );
        let message = format!("there is no function `{}`", name.text);
        Err(MagicError::new(name.range.clone(), message, "unknown function", help))
    }
}
