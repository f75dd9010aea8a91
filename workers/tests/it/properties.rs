//! That maps behave as a loop does, for any items, functions, results and settings.

use std::collections::BTreeMap;
use std::time::Duration;

use parcell::{Pool, TaskError};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rstest::rstest;
use serde::{Deserialize, Serialize};

/// Enough to meet each size of results beside each other, in a few seconds.
const CASES: u32 = 48;

/// Tries the same cases each time: what a test finds, the next run finds too.
fn for_all<S: Strategy>(strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(&strategy, test) {
        panic!("{error}");
    }
}

/// What a function does, as data.
#[derive(Clone, Debug)]
enum Step {
    Add(u64),
    Multiply(u64),
    Xor(u64),
    RotateLeft(u32),
    Remainder(u64),
}

impl Step {
    fn apply(&self, n: u64) -> u64 {
        match *self {
            Self::Add(other) => n.wrapping_add(other),
            Self::Multiply(other) => n.wrapping_mul(other),
            Self::Xor(other) => n ^ other,
            Self::RotateLeft(bits) => n.rotate_left(bits),
            Self::Remainder(other) => n % other.max(1),
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u64>().prop_map(Step::Add),
        any::<u64>().prop_map(Step::Multiply),
        any::<u64>().prop_map(Step::Xor),
        any::<u32>().prop_map(Step::RotateLeft),
        any::<u64>().prop_map(Step::Remainder),
    ]
}

fn pool() -> impl Strategy<Value = Pool> {
    let chunk_size = prop::option::of(prop_oneof![1..4usize, 1..200usize, Just(usize::MAX)]);
    (1..6usize, chunk_size).prop_map(|(workers, chunk_size)| {
        let builder = Pool::builder().workers(workers);
        match chunk_size {
            Some(items) => builder.chunk_size(items).build(),
            None => builder.build(),
        }
    })
}

/// Sizes of results around those of the buffers and pipes that they go through.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 0..64usize,
        2 => 0..5000usize,
        1 => 65_500..65_600usize,
        1 => 0..300_000usize,
    ]
}

#[rstest]
#[timeout(Duration::from_secs(120))]
fn a_map_is_the_sequential_map() {
    let strategy = (pool(), vec(step(), 0..6), vec(any::<u64>(), 0..300));
    for_all(strategy, |(pool, steps, items)| {
        let f = |n: u64| steps.iter().fold(n, |n, step| step.apply(n));
        let expected: Vec<u64> = items.iter().copied().map(f).collect();
        prop_assert_eq!(pool.map(f, items), expected);
        Ok(())
    });
}

#[rstest]
#[timeout(Duration::from_secs(120))]
fn results_of_any_size_come_back_whole() {
    for_all((pool(), vec((size(), any::<u8>()), 0..60)), |(pool, items)| {
        let text = |(size, byte): (usize, u8)| char::from(byte).to_string().repeat(size);
        let expected: Vec<_> = items.iter().copied().map(text).collect();
        prop_assert!(pool.map(text, items.clone()) == expected);
        let bytes = |(size, byte)| (vec![byte; size], size as f32);
        let expected: Vec<_> = items.iter().copied().map(bytes).collect();
        prop_assert!(pool.map(bytes, items) == expected);
        Ok(())
    });
}

#[rstest]
#[timeout(Duration::from_secs(120))]
fn errors_stay_with_their_items() {
    #[derive(Clone, Copy)]
    enum Fate {
        Panics,
        Exits,
        Fails,
        Returns,
    }
    let fate = |n: u32| match n % 6 {
        0 => Fate::Panics,
        1 if n % 4 == 1 => Fate::Exits,
        2 => Fate::Fails,
        _ => Fate::Returns,
    };
    let f = |n: u32| match fate(n) {
        Fate::Panics => panic!("boom {n}"),
        Fate::Exits => std::process::exit(7),
        Fate::Fails => Err(format!("no {n}")),
        Fate::Returns => Ok(n),
    };
    for_all((pool(), vec(any::<u32>(), 0..30)), |(pool, items)| {
        let results = pool.map_results(f, items.clone()).into_iter();
        prop_assert_eq!(results.len(), items.len());
        for (index, (result, &n)) in results.zip(&items).enumerate() {
            match (fate(n), result) {
                (Fate::Panics, Err(error @ TaskError::Panicked { .. }))
                | (Fate::Exits, Err(error @ TaskError::Crashed { .. })) => prop_assert_eq!(error.item(), Some(index)),
                (Fate::Fails, Ok(Err(error))) => prop_assert_eq!(error, format!("no {n}")),
                (Fate::Returns, Ok(Ok(returned))) => prop_assert_eq!(returned, n),
                (_, other) => prop_assert!(false, "{n}: {other:?}"),
            }
        }
        Ok(())
    });
}

/// A value with much that formats lose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    numbers: (u8, i16, u64, i128),
    float: f64,
    text: String,
    character: char,
    bytes: Vec<u8>,
    points: Vec<[f32; 2]>,
    nested: Vec<Option<Option<Option<()>>>>,
    map: BTreeMap<i32, Vec<u16>>,
    result: Result<u8, Option<String>>,
}

fn everything() -> impl Strategy<Value = Everything> {
    let first = (
        any::<(u8, i16, u64, i128)>(),
        any::<f64>(),
        any::<String>(),
        any::<char>(),
    );
    let sequences = (
        vec(any::<u8>(), 0..300),
        vec(any::<[f32; 2]>(), 0..40),
        vec(any::<Option<Option<Option<()>>>>(), 0..8),
    );
    let others = (
        btree_map(any::<i32>(), vec(any::<u16>(), 0..80), 0..8),
        any::<Result<u8, Option<String>>>(),
    );
    (first, sequences, others).prop_map(
        |((numbers, float, text, character), (bytes, points, nested), (map, result))| Everything {
            numbers,
            float,
            text,
            character,
            bytes,
            points,
            nested,
            map,
            result,
        },
    )
}

#[rstest]
#[timeout(Duration::from_secs(120))]
fn values_arrive_as_they_were_sent() {
    for_all((pool(), vec(everything(), 0..20)), |(pool, values)| {
        prop_assert_eq!(pool.map(Everything::clone, &values), values);
        Ok(())
    });
}
