//! A map whose types are known no more: what runs it is compiled once, in the library, and not with every cell that has a map.

use std::fmt::Display;
use std::ops::Range;

use super::{Pool, engine};
use crate::codec;
use crate::job::{ItemError, Job, Stage};
use crate::map::{Account, OnFailure, Outcomes, Packing, Recorder, ResultOrder, Terms, Values, type_name};
use crate::message::Message;
use crate::sys::bits::Bits;
use crate::sys::slots::Slots;

/// What is to be done for items, and where it goes what comes of them.
pub(crate) struct Work<'a> {
    pub(super) items: usize,
    /// As for [`engine::run`].
    pub(super) block: usize,
    pub(super) packing: Packing,
    /// The results' type, for a map whose results a notebook keeps.
    pub(super) recorded_as: Option<fn() -> String>,
    pub(super) job: &'a mut Job<'a>,
    pub(super) values: &'a mut dyn Values,
    pub(super) account: &'a mut dyn Account,
}

/// What can do work. A trait, so that a cell that has one compiles nothing of its end.
pub(crate) trait Runner {
    /// Does all of it, or as much as the account wants.
    fn run(&self, work: Work<'_>);
}

impl Runner for Pool {
    fn run(&self, work: Work<'_>) {
        let Work { values, account, .. } = work;
        let recorder = work
            .recorded_as
            .and_then(|type_name| Recorder::begin(work.items, type_name, work.packing));
        engine::run(
            &self.settings,
            work.items,
            work.block,
            (work.packing, recorder),
            work.job,
            &mut |items: Range<usize>, pid, outcome| account.settle(values, items, pid, outcome),
        );
    }
}

/// What comes of calling the function for each item.
pub(crate) fn outcomes<T, R: Message>(
    runner: &dyn Runner,
    call: impl Fn(T) -> Result<R, ItemError>,
    items: impl IntoIterator<Item = T>,
    on_failure: OnFailure,
    order: ResultOrder,
) -> Outcomes<R> {
    let items = Slots::full(items);
    let terms = Terms::of_items(on_failure, order, packing::<R>());
    let mut outcomes = Outcomes::new(items.len(), terms);
    let (values, account) = outcomes.parts();
    call_each::<T, R>(runner, call, items, values, account);
    outcomes
}

/// Calls the function for each item. Results that are nothing but bits are packed.
pub(super) fn call_each<T, R: Message>(
    runner: &dyn Runner,
    call: impl Fn(T) -> Result<R, ItemError>,
    mut items: Slots<T>,
    values: &mut dyn Values,
    account: &mut dyn Account,
) {
    let bits = Bits::of();
    runner.run(Work {
        items: items.len(),
        block: 1,
        packing: bits.map(Bits::size),
        recorded_as: Some(type_name::<R>),
        // An item is taken in a worker, out of its own copy of the list; the caller's stays whole.
        job: &mut |index: usize, out: &mut Vec<u8>, _: &dyn Stage| {
            let item = items.take(index).expect("a worker runs an item once");
            let value = call(item)?;
            match bits {
                Some(bits) => bits.append(&value, out),
                None => codec::encode_into(&value, out)?,
            }
            Ok(())
        },
        values,
        account,
    });
}

/// # Panics
///
/// With the first failure, if there is one.
#[track_caller]
pub(super) fn panic_at_failure(account: &mut dyn Account) {
    if let Some(error) = account.take_first_failure() {
        panic!("{error}");
    }
}

/// How results of a type are packed.
pub(super) fn packing<R>() -> Packing {
    Bits::<R>::of().map(Bits::size)
}

/// The function with its errors as failures of the item.
pub(crate) fn fallible<T, R, E: Display>(f: impl Fn(T) -> Result<R, E>) -> impl Fn(T) -> Result<R, ItemError> {
    move |item| f(item).map_err(|error| ItemError::failed(&error))
}
