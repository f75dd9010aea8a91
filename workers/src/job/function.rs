//! Functions that are sent to another process of the same program: not their code, but where it is.
//!
//! A function without captures has no state, so its type is all there is to it, and the code that calls it, compiled for
//! that type, is all that the other process needs to find. Of a function pointer, what it points to is sent as well.

use std::collections::HashMap;
use std::fmt::Display;
use std::io;

use serde::{Deserialize, Serialize};

use super::ItemError;
use crate::codec::Travelling;
use crate::message::Message;
use crate::sys::bulk_vec::BulkVec;
use crate::sys::code::{CodeAddress, CodeLocation};

/// Decodes an argument, calls the function, and appends its encoded result, unless that is a vector.
type Trampoline =
    fn(Travelling<'_>, pointer: Option<CodeAddress>, out: &mut Vec<u8>) -> Result<Option<BulkVec>, ItemError>;

/// A function, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Function {
    call: CodeLocation,
    pointer: Option<CodeLocation>,
}

/// A function that this process can call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoadedFunction {
    call: Trampoline,
    pointer: Option<CodeAddress>,
}

impl Function {
    /// The function `f`.
    ///
    /// # Panics
    ///
    /// Where `f` has captured something that the compile-time check could not tell from a function pointer.
    #[track_caller]
    pub(crate) fn of<F, A, R>(f: F) -> Self
    where
        F: Fn(A) -> R + Copy + 'static,
        A: Message,
        R: Message,
    {
        Self::called_by(f, call::<F, A, R>)
    }

    /// The function `f`, whose errors are its calls' failures.
    ///
    /// # Panics
    ///
    /// As [`of`](Self::of) does.
    #[track_caller]
    pub(crate) fn fallible<F, A, R, E>(f: F) -> Self
    where
        F: Fn(A) -> Result<R, E> + Copy + 'static,
        A: Message,
        R: Message,
        E: Display,
    {
        Self::called_by(f, call_fallible::<F, A, R, E>)
    }

    #[track_caller]
    fn called_by<F, A, O>(f: F, call: Trampoline) -> Self
    where
        F: Fn(A) -> O + Copy + 'static,
    {
        const {
            assert!(
                size_of::<F>() == 0
                    || size_of::<F>() == size_of::<fn(A) -> O>() && size_of::<Option<F>>() == size_of::<F>(),
                "a closure that captures variables cannot be sent to a standing worker or a cluster: use `Pool::map`, \
                 `Pool::apply` or `Process::spawn`, whose workers see what a closure captures, or give what it needs as \
                 the argument"
            );
        }
        Self {
            call: location(CodeAddress::of(call as *const ())),
            pointer: pointer::<F, A, O>(f).map(location),
        }
    }

    /// A function that takes and returns nothing.
    #[track_caller]
    pub(crate) fn without_argument<F: Fn() + Copy + 'static>(f: F) -> Self {
        const {
            assert!(
                size_of::<F>() == 0,
                "an initializer of standing workers cannot capture variables, and cannot be a function pointer"
            );
        }
        let _ = f;
        Self {
            call: location(CodeAddress::of(call_without_argument::<F> as Trampoline as *const ())),
            pointer: None,
        }
    }

    /// The file that the function's code is in; empty for the program itself.
    pub(crate) fn file(&self) -> &str {
        self.call.file()
    }

    /// The files that code of it is in; empty for the program itself.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.call).chain(&self.pointer).map(CodeLocation::file)
    }

    /// The same where the files, except the program itself, have these names.
    pub(crate) fn moved(&self, name: impl Fn(&str) -> String) -> Self {
        Self {
            call: self.call.moved(&name),
            pointer: self.pointer.as_ref().map(|pointer| pointer.moved(&name)),
        }
    }

    /// Finds the code, and loads it if need be.
    pub(crate) fn load(&self) -> io::Result<LoadedFunction> {
        let address = self.call.find()?;
        Ok(LoadedFunction {
            // SAFETY: `of`, in another process that runs the same code, has made the location of a function of this type.
            call: unsafe { address.to_pointer() },
            pointer: self.pointer.as_ref().map(CodeLocation::find).transpose()?,
        })
    }
}

impl LoadedFunction {
    /// Calls it, and appends the encoded result to `out`, or gives the vector that it is.
    pub(crate) fn call(&self, argument: Travelling<'_>, out: &mut Vec<u8>) -> Result<Option<BulkVec>, ItemError> {
        (self.call)(argument, self.pointer, out)
    }
}

/// Functions of which it is known whether they can be loaded: each is tried once.
#[derive(Debug, Default)]
pub(crate) struct LoadedFunctions(HashMap<Function, Result<LoadedFunction, String>>);

impl LoadedFunctions {
    /// The function, which `load` loads the first time; or why it could not be loaded.
    pub(crate) fn get(
        &mut self,
        function: &Function,
        load: impl FnOnce(&Function) -> Result<LoadedFunction, String>,
    ) -> Result<LoadedFunction, String> {
        if let Some(loaded) = self.0.get(function) {
            return loaded.clone();
        }
        let loaded = load(function);
        self.0.insert(function.clone(), loaded.clone());
        loaded
    }
}

/// What `f` points to, if it is a function pointer.
#[track_caller]
fn pointer<F: Copy, A, R>(f: F) -> Option<CodeAddress> {
    if size_of::<F>() == 0 {
        return None;
    }
    assert!(
        typeid::of::<F>() == typeid::of::<fn(A) -> R>(),
        "a closure that captures variables cannot be sent to a standing worker or a cluster: use `Pool::map`, `Pool::apply` \
         or `Process::spawn`, whose workers see what a closure captures, or give what it needs as the argument"
    );
    // SAFETY: `F` is this function pointer type, as was just asked.
    let pointer: fn(A) -> R = unsafe { std::mem::transmute_copy(&f) };
    Some(CodeAddress::of(pointer as *const ()))
}

#[track_caller]
fn location(address: CodeAddress) -> CodeLocation {
    address
        .place()
        .unwrap_or_else(|| panic!("the function's code is in no file, where another process would find it"))
}

fn call<F, A, R>(
    argument: Travelling<'_>,
    pointer: Option<CodeAddress>,
    out: &mut Vec<u8>,
) -> Result<Option<BulkVec>, ItemError>
where
    F: Fn(A) -> R + Copy + 'static,
    A: Message,
    R: Message,
{
    let f: F = found::<F, A, R>(pointer);
    Ok(Travelling::send(f(argument.receive()?), out)?)
}

fn call_fallible<F, A, R, E>(
    argument: Travelling<'_>,
    pointer: Option<CodeAddress>,
    out: &mut Vec<u8>,
) -> Result<Option<BulkVec>, ItemError>
where
    F: Fn(A) -> Result<R, E> + Copy + 'static,
    A: Message,
    R: Message,
    E: Display,
{
    let f: F = found::<F, A, Result<R, E>>(pointer);
    let result = f(argument.receive()?).map_err(|error| ItemError::failed(&error))?;
    Ok(Travelling::send(result, out)?)
}

/// The function, of which `of` has sent the pointer if it is one.
fn found<F: Fn(A) -> O + Copy + 'static, A, O>(pointer: Option<CodeAddress>) -> F {
    match pointer {
        // SAFETY: `called_by` sends a pointer exactly where `F` is this function pointer type.
        Some(address) if size_of::<F>() != 0 => unsafe {
            std::mem::transmute_copy(&address.to_pointer::<fn(A) -> O>())
        },
        // SAFETY: `F` has no size, so there is nothing to read, and `called_by` was given one, so there is such a value;
        // being `Copy` there may be another.
        _ => unsafe {
            assert_eq!(size_of::<F>(), 0, "a function pointer came without what it points to");
            std::ptr::NonNull::<F>::dangling().read()
        },
    }
}

fn call_without_argument<F: Fn() + Copy + 'static>(
    _argument: Travelling<'_>,
    _pointer: Option<CodeAddress>,
    _out: &mut Vec<u8>,
) -> Result<Option<BulkVec>, ItemError> {
    // SAFETY: `F` has no size, as `without_argument` has made sure of, and there was one there.
    let f: F = unsafe { std::ptr::NonNull::<F>::dangling().read() };
    f();
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    fn twice(n: u32) -> u32 {
        n * 2
    }

    fn called(function: &Function, argument: u32) -> u32 {
        let mut bytes = Vec::new();
        codec::encode_into(&argument, &mut bytes).unwrap();
        let mut out = Vec::new();
        function
            .load()
            .unwrap()
            .call(Travelling::new(&bytes, None), &mut out)
            .unwrap();
        codec::decode(&out).unwrap()
    }

    #[test]
    fn functions_closures_and_pointers_are_called_as_themselves() {
        let others: [fn(u32) -> u32; 2] = [twice, |n| n + 100];
        assert_eq!(called(&Function::of(twice), 4), 8);
        assert_eq!(called(&Function::of(|n: u32| n * n), 4), 16);
        assert_eq!(called(&Function::of(others[0]), 4), 8);
        assert_eq!(called(&Function::of(others[1]), 4), 104);
    }

    #[test]
    fn an_err_of_a_fallible_function_is_a_failure_and_its_ok_a_result() {
        let half = |n: u32| if n.is_multiple_of(2) { Ok(n / 2) } else { Err("odd") };
        assert_eq!(called(&Function::fallible(half), 4), 2);
        let mut argument = Vec::new();
        codec::encode_into(&3u32, &mut argument).unwrap();
        let failed = Function::fallible(half)
            .load()
            .unwrap()
            .call(Travelling::new(&argument, None), &mut Vec::new());
        assert!(matches!(failed, Err(ItemError::Failed(error)) if error == "odd"));
    }

    #[test]
    #[should_panic(expected = "a closure that captures variables cannot be sent")]
    fn a_captured_reference_is_not_taken_for_a_function() {
        static NUMBER: u32 = 5;
        let number = &NUMBER;
        Function::of(move |n: u32| n + *number);
    }

    #[test]
    fn an_argument_of_another_type_is_an_error() {
        let mut out = Vec::new();
        let argument = Travelling::new(&[0xc1], None);
        let error = Function::of(twice)
            .load()
            .unwrap()
            .call(argument, &mut out)
            .unwrap_err();
        assert!(matches!(error, ItemError::Codec(_)));
    }
}
