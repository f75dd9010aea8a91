//! Values of every kind that serde can describe, for tests of the codec.

mod types;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{CString, OsString};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZero, Saturating, Wrapping};
use std::ops::Bound;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use types::*;
pub(crate) use types::{Bytes, List};

/// What is done with each value.
pub(crate) trait Check {
    fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, value: T);
}

/// Presents all values.
pub(crate) fn present(to: &mut impl Check) {
    numbers(to);
    texts(to);
    units_and_options(to);
    nested_options(to);
    containers(to);
    maps_with_any_keys(to);
    enums(to);
    structs(to);
    buffered(to);
    buffered_options(to);
    json_values(to);
    standard_types(to);
    bulk(to);
}

fn numbers(to: &mut impl Check) {
    for shift in 0..64 {
        let n = 1u64 << shift;
        to.check([n - 1, n, n + 1, u64::MAX - n]);
        to.check([n as i64, -(n as i64 >> 1), (n as i64).wrapping_neg().wrapping_add(1)]);
    }
    to.check((u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX, usize::MAX));
    to.check((i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN, isize::MIN));
    to.check((
        0u128,
        u128::from(u64::MAX),
        u128::from(u64::MAX) + 1,
        i128::MAX,
        -1i128,
        5i128,
    ));
    to.check((
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::NEG_INFINITY,
        0.1f64,
        0.1f32,
        f32::MAX,
        1e-45f32,
    ));
    to.check(3.0f64);
    to.check(true);
    to.check(5u8);
    to.check(-5i128);
}

fn texts(to: &mut impl Check) {
    for text in ["", "a", "\0ü\u{1F980}", "null", "0"] {
        to.check(text.to_owned());
        to.check(Box::<str>::from(text));
        to.check(Cow::<'static, str>::Owned(text.to_owned()));
        to.check(Some(text.to_owned()));
    }
    for length in [31, 32, 255, 256, 65_535, 65_536, 1 << 20] {
        to.check("é".repeat(length));
    }
    for c in ['\0', 'a', 'ß', '\u{D7FF}', '\u{E000}', '\u{1F980}', char::MAX] {
        to.check(c);
        to.check((c, Some(c), vec![c; 3]));
    }
    to.check(Bytes(Vec::new()));
    to.check(Bytes((0..=255).collect()));
    to.check(Bytes(vec![0xc1; 70_000]));
    to.check(vec![Some(Bytes(vec![1])), None]);
}

fn units_and_options(to: &mut impl Check) {
    to.check(());
    to.check(Unit);
    to.check(vec![(), ()]);
    to.check(PhantomData::<u8>);
    to.check(Some(()));
    to.check(None::<()>);
    to.check(Some(Unit));
    to.check(None::<Unit>);
    to.check(Some(PhantomData::<String>));
    to.check(Some(Newtype(())));
    to.check(Some(Newtype(None::<u8>)));
    to.check(Newtype(Some(())));
    to.check(Some(Untagged::Nothing));
    to.check(None::<Untagged>);
    to.check((Some(()), None::<()>, Some(Some(())), (), Some(5)));
}

fn nested_options(to: &mut impl Check) {
    type Deep = Option<Option<Option<()>>>;
    let all: [Deep; 4] = [None, Some(None), Some(Some(None)), Some(Some(Some(())))];
    for value in all {
        to.check(value);
        to.check(Some(value));
        to.check(Newtype(value));
        to.check((value, 1u8, value));
        to.check([value; 3]);
        to.check(BTreeMap::from([(value, value)]));
        to.check(External::Newtype(value));
        to.check(External::Tuple(1, value));
        to.check(External::Struct { a: value, b: value });
        to.check(Plain { a: value, b: 1 });
        to.check(Ok::<Deep, Deep>(value));
        to.check(Some(Err::<Deep, Deep>(value)));
        to.check(Box::new(value));
    }
    to.check(all.to_vec());
    let numbers: [Option<Option<u8>>; 3] = [None, Some(None), Some(Some(0))];
    to.check(numbers);
    to.check(vec![vec![Some(vec![None, Some(None), Some(Some(1.5))])], vec![]]);
    to.check(vec![None, Some(Value::Null), Some(json!([null, 1]))]);
}

fn containers(to: &mut impl Check) {
    to.check(Vec::<u8>::new());
    to.check(Vec::<String>::new());
    to.check(BTreeMap::<String, u8>::new());
    to.check((Vec::<()>::new(), String::new(), None::<u8>, BTreeSet::<u8>::new()));
    for length in [1, 15, 16, 17, 65_535, 65_536] {
        to.check((0..length).map(|n| n.to_string()).collect::<Vec<_>>());
    }
    to.check(VecDeque::from([1u8, 2]));
    to.check(LinkedList::from([1.5f32]));
    to.check(BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    to.check(HashSet::from([1u64, 2, u64::MAX]));
    to.check([[1u8; 32]; 4]);
    to.check::<[u8; 0]>([]);
    to.check((1u8, (2u16, (3u32, (4u64, "five".to_owned())))));
    to.check((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
    to.check(Box::new([1u32, 2]) as Box<[u32]>);
    to.check(vec![vec![vec![1u8], vec![]], vec![]]);
}

fn maps_with_any_keys(to: &mut impl Check) {
    to.check(BTreeMap::from([(1u32, "a".to_owned()), (u32::MAX, String::new())]));
    to.check(BTreeMap::from([(-1i64, 1.5f32)]));
    to.check(BTreeMap::from([((1, 'x'), [1u8, 2, 3])]));
    to.check(BTreeMap::from([(Key { a: 1, b: "b".into() }, ())]));
    to.check(BTreeMap::from([(Some(1u8), 1), (None, 2)]));
    to.check(BTreeMap::from([(Bytes(vec![1, 0xc1]), 1)]));
    to.check(BTreeMap::from([(true, vec![()]), (false, vec![])]));
    to.check(BTreeMap::from([('k', 1u128 << 100)]));
    to.check(BTreeMap::from([(u128::MAX, 1), (0, 2)]));
    to.check(BTreeMap::from([((), ())]));
    to.check(BTreeMap::from([(vec![1u8, 2], vec![1u8; 100])]));
    to.check(BTreeMap::from([(Choice::A, 1), (Choice::B, 2)]));
    to.check(HashMap::from([(
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        BTreeMap::from([(1u8, 2u8)]),
    )]));
    to.check((0..70_000u32).map(|n| (n, n)).collect::<BTreeMap<_, _>>());
}

fn enums(to: &mut impl Check) {
    to.check(vec![Choice::A, Choice::B]);
    to.check(vec![External::Unit, External::Newtype(7), External::Tuple(1, 2)]);
    to.check(External::Struct { a: 0.5, b: 1.5 });
    to.check(vec![
        Internal::A { x: 3 },
        Internal::B,
        Internal::C(Key { a: 1, b: "c".into() }),
    ]);
    to.check(vec![Internal::D(BTreeMap::from([("y".to_owned(), 1)]))]);
    to.check(vec![Adjacent::Unit, Adjacent::Newtype(7), Adjacent::Tuple(1, 2)]);
    to.check(Adjacent::Struct {
        a: vec![1.5],
        b: vec![],
    });
    to.check(Renamed::WithSpaces);
    to.check(vec![Ok::<u8, String>(1), Err("no".to_owned())]);
    to.check(Some(Ok::<Option<u8>, ()>(None)));
    to.check(Nested::Of(Box::new(Nested::Of(Box::new(Nested::Many(vec![
        Nested::None,
    ]))))));
}

fn structs(to: &mut impl Check) {
    to.check(Skipping {
        first: None,
        second: "b".into(),
        third: 0,
    });
    to.check(Skipping {
        first: Some(1),
        second: String::new(),
        third: 0,
    });
    to.check((Unit, Newtype("n".to_owned()), Pair(1, None)));
    to.check(Empty {});
    to.check(Defaulted { a: 5, b: None });
    to.check(Copying {
        text: Cow::Borrowed("text"),
        bytes: Cow::Borrowed(&[1, 2]),
    });
    to.check(List::of(100));
}

/// Types that serde reads in two steps: first into a buffer, and from there.
fn buffered(to: &mut impl Check) {
    let fields = Untagged::Fields { a: 1, b: None };
    to.check(Untagged::List(vec![
        Untagged::Number(-5),
        Untagged::Text("x".into()),
        fields,
    ]));
    to.check(vec![
        Untagged::Nothing,
        Untagged::Decimal(0.1),
        Untagged::Flag(true),
        Untagged::Char(Wide('x')),
    ]);
    // Bytes that are UTF-8 would be a string as well.
    to.check(Untagged::Blob(Bytes(vec![0xff, 2, 3])));
    to.check(Untagged::Inner(External::Newtype(1)));
    to.check(Untagged::List(vec![Untagged::Number(3); 200]));
    let rest = BTreeMap::from([("k".to_owned(), json!([1, null]))]);
    to.check(Flat {
        id: 1,
        rest: rest.clone(),
        inner: Key { a: 2, b: "i".into() },
        maybe: None,
    });
    to.check(Flat {
        id: 1,
        rest,
        inner: Key { a: 2, b: "i".into() },
        maybe: Some(Other { o: vec![1; 100] }),
    });
    to.check(FlatNumbers {
        name: NotSent,
        by_number: BTreeMap::from([(1, 1.5), (1 << 40, 2.5)]),
    });
    to.check(FlatEnum {
        id: 1,
        choice: External::Struct { a: 1, b: 2 },
    });
    to.check(vec![
        AnyShape::Unit(Unit),
        AnyShape::Tuple((1, "t".into())),
        AnyShape::Floats(vec![0.5; 50]),
    ]);
    to.check(vec![
        AnyShape::Bytes(vec![200; 300]),
        AnyShape::Map(BTreeMap::from([(1, 2)])),
    ]);
}

fn buffered_options(to: &mut impl Check) {
    type Deep = Option<Option<Option<()>>>;
    let all: [Deep; 4] = [None, Some(None), Some(Some(None)), Some(Some(Some(())))];
    for value in all {
        to.check(UntaggedOption::Deep { deep: value });
        to.check(InternalOption::A {
            deep: value,
            list: vec![value, None],
        });
        to.check(FlatOption {
            id: 1,
            inner: Plain { a: value, b: 2 },
        });
        to.check(FlatOptions {
            id: 1,
            rest: BTreeMap::from([("x".to_owned(), value)]),
        });
        to.check(UntaggedOption::Many(vec![value, None, value]));
    }
}

fn json_values(to: &mut impl Check) {
    to.check(json!({"a": [1, -2, 0.5, null, true, {"b": "c"}], "": u64::MAX, "min": i64::MIN, "f": 1.0}));
    to.check(Value::Null);
    to.check(Some(Value::Null));
    to.check(json!([[], {}, "", [[[[]]]], 1e300]));
    to.check(json!([255, 256, 65_536, 4_294_967_296_u64, -1, -129, -40_000]));
    to.check(vec![json!(vec![0.25; 100])]);
}

fn standard_types(to: &mut impl Check) {
    to.check((Duration::from_nanos(1_000_000_001), Duration::MAX, Duration::ZERO));
    to.check(SystemTime::UNIX_EPOCH + Duration::new(1 << 33, 5));
    to.check([IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]);
    to.check(SocketAddr::from(([1, 2, 3, 4], 5)));
    to.check(SocketAddr::from((Ipv6Addr::LOCALHOST, 80)));
    to.check(PathBuf::from("/a/ü b"));
    to.check(OsString::from_vec(vec![b'a', 0xff, 0xc1]));
    to.check(CString::new("c").unwrap());
    to.check((1..5u8, 1..=5i64, 1.., ..7, Bound::Excluded(3), Bound::<u8>::Unbounded));
    to.check((Wrapping(1u8), Saturating(2i32), std::cmp::Reverse(3)));
    to.check((
        NonZero::<u8>::MAX,
        NonZero::<i128>::MIN,
        NonZero::<usize>::MIN,
        NonZero::<u64>::new(5),
    ));
    to.check((Box::new(1), Cell::new(2), RefCell::new(vec![3])));
    to.check(Some(Box::new(Some(Box::new(())))));
}

/// Sequences that are written as plain memory, alone and in other things.
fn bulk(to: &mut impl Check) {
    for length in [0, 1, 2, 15, 16, 33, 100, 5000] {
        let numbers = 0..length;
        to.check(numbers.clone().map(|n| n as u8).collect::<Vec<_>>());
        to.check(numbers.clone().map(|n| n as i8).collect::<Vec<_>>());
        to.check(numbers.clone().map(|n| n as u16 * 7).collect::<Vec<_>>());
        to.check(numbers.clone().map(|n| n as i16 - 9).collect::<Vec<_>>());
        to.check(numbers.clone().map(|n| n as f32 / 3.0).collect::<Vec<_>>());
        to.check(numbers.clone().map(|n| f64::from(n) / 3.0).collect::<Vec<_>>());
        to.check(numbers.clone().map(|n| i64::from(n) - 7).collect::<Vec<_>>());
        to.check(numbers.clone().map(|n| n as usize).collect::<Vec<_>>());
        to.check(numbers.clone().map(|n| u128::MAX - n as u128).collect::<Vec<_>>());
        to.check(numbers.clone().map(|n| n % 3 == 0).collect::<Vec<_>>());
        to.check(
            numbers
                .clone()
                .map(|n| char::from_u32(n as u32 * 8).unwrap_or('x'))
                .collect::<Vec<_>>(),
        );
        to.check(numbers.clone().map(|n| [f64::from(n), 0.5, -1.0]).collect::<Vec<_>>());
        to.check(numbers.clone().map(|n| [[n, 2], [3, 4]]).collect::<Vec<_>>());
        to.check(numbers.clone().map(|n| n as u32).collect::<Box<[_]>>());
        to.check(vec![numbers.clone().map(|n| n as u32).collect::<Vec<_>>(); 3]);
        to.check(Plain {
            a: numbers.clone().map(|n| n as u8).collect::<Vec<_>>(),
            b: 1,
        });
        to.check(Some(External::Newtype(numbers.map(f64::from).collect::<Vec<_>>())));
    }
}
