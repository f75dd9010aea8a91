//! What can be plotted.

/// A number, or a reference to one, of any type that Rust has.
///
/// Integers beyond 2⁵³ are rounded: no picture shows the difference.
pub trait Number: Copy {
    /// As it is drawn.
    fn to_f64(self) -> f64;
}

macro_rules! numbers {
    ($($type:ty),*) => {
        $(impl Number for $type {
            fn to_f64(self) -> f64 {
                self as f64
            }
        })*
    };
}

numbers!(f32, f64, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

impl Number for bool {
    fn to_f64(self) -> f64 {
        f64::from(u8::from(self))
    }
}

impl<N: Number> Number for &N {
    fn to_f64(self) -> f64 {
        (*self).to_f64()
    }
}
