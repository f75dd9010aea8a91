//! Values as they go from one process to another: encoded, or a vector of numbers that is large enough to go as it lies in
//! memory, behind what is said of it.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::encode::Encoder;
use super::{CodecError, decode, encode_into};
use crate::sys::bulk;
use crate::sys::bulk_vec::BulkVec;

/// The size, in bytes, from which on another system call costs less than one more copy.
const LARGE: usize = 64 * 1024;

/// A value whose encoded bytes may be in a message already.
#[derive(Debug)]
pub(crate) struct Travelling<'a> {
    /// Empty where there is a vector.
    bytes: &'a [u8],
    vector: Option<BulkVec>,
}

impl<'a> Travelling<'a> {
    pub(crate) fn new(bytes: &'a [u8], vector: Option<BulkVec>) -> Self {
        Self { bytes, vector }
    }

    /// Appends the encoded value to `out`, or gives the vector that it is, and appends nothing.
    pub(crate) fn send<T: Serialize>(value: T, out: &mut Vec<u8>) -> Result<Option<BulkVec>, CodecError> {
        match BulkVec::of(value, LARGE) {
            Ok(vector) => Ok(Some(vector)),
            Err(value) => encode_into(&value, out).map(|()| None),
        }
    }

    /// The value.
    pub(crate) fn receive<T: DeserializeOwned>(self) -> Result<T, CodecError> {
        match self.vector {
            None => decode(self.bytes),
            Some(vector) => vector.into().or_else(|vector| copied(&vector)),
        }
    }
}

/// The value that a vector is that stays.
pub(crate) fn copied<T: DeserializeOwned>(vector: &BulkVec) -> Result<T, CodecError> {
    if let Some(Ok(value)) = bulk::collect(vector.shape(), vector.bytes()) {
        return Ok(value);
    }
    // The receiver's type is another one, which can be made of the same elements.
    let mut bytes = Vec::new();
    encode_vector(vector, &mut bytes);
    decode(&bytes)
}

/// Appends a vector as it is when it is encoded.
pub(crate) fn encode_vector(vector: &BulkVec, out: &mut Vec<u8>) {
    Encoder::new(out).bulk(vector.shape(), vector.bytes());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn sent<T: Serialize, U: DeserializeOwned>(value: T) -> (bool, Result<U, CodecError>) {
        let mut bytes = Vec::new();
        let vector = Travelling::send(value, &mut bytes).unwrap();
        assert_eq!(vector.is_some(), bytes.is_empty());
        (vector.is_some(), Travelling::new(&bytes, vector).receive())
    }

    #[test]
    fn large_vectors_go_as_they_are_and_the_rest_is_encoded() {
        let numbers: Vec<u32> = (0..LARGE as u32 / 4).collect();
        let (is_apart, received) = sent::<_, Vec<u32>>(numbers.clone());
        assert!(is_apart && received.unwrap() == numbers);
        let (is_apart, received) = sent::<_, Vec<u32>>(numbers[1..].to_vec());
        assert!(!is_apart && received.unwrap() == numbers[1..]);
        assert_eq!(sent::<_, String>("text").1.unwrap(), "text");
    }

    #[test]
    fn who_expects_another_type_gets_it_or_an_error() {
        let numbers: Vec<u32> = (0..LARGE as u32 / 4).collect();
        let (is_apart, received) = sent::<_, BTreeSet<u64>>(numbers.clone());
        assert!(is_apart && received.unwrap().into_iter().eq(numbers.iter().map(|&n| u64::from(n))));
        assert!(sent::<_, String>(numbers.clone()).1.is_err());
        let Some(vector) = Travelling::send(numbers.clone(), &mut Vec::new()).unwrap() else {
            panic!("it is large");
        };
        assert_eq!(copied::<Vec<u32>>(&vector).unwrap(), numbers);
        let mut bytes = Vec::new();
        encode_vector(&vector, &mut bytes);
        assert_eq!(decode::<Vec<u32>>(&bytes).unwrap(), numbers);
    }
}
