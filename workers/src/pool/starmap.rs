//! Functions of several parameters, mapped over tuples.

use super::Pool;
use super::work::{outcomes, panic_at_failure};
use crate::map::{OnFailure, ResultOrder};
use crate::message::Message;

/// A tuple that a function of as many parameters can be called with. It is implemented for tuples of 2 to 6.
pub trait Spread<F> {
    /// What the function returns.
    type Output;

    /// Calls the function.
    fn spread(self, f: &F) -> Self::Output;
}

macro_rules! spread {
    ($($item:ident)+) => {
        impl<F, R, $($item),+> Spread<F> for ($($item,)+)
        where
            F: Fn($($item),+) -> R,
        {
            type Output = R;

            #[expect(non_snake_case, reason = "each part is named as its type is")]
            fn spread(self, f: &F) -> R {
                let ($($item,)+) = self;
                f($($item),+)
            }
        }
    };
}

spread!(A B);
spread!(A B C);
spread!(A B C D);
spread!(A B C D E);
spread!(A B C D E G);

impl Pool {
    /// [`map`](Self::map) for a function of 2 to 6 parameters, over tuples of its arguments.
    ///
    /// A closure's parameters need their types here; `map` with a pattern, `|(a, b)| a + b`, does without.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = parcell::Pool::new(2);
    /// assert_eq!(pool.starmap(u32::pow, [(2, 5), (3, 2), (10, 3)]), [32, 9, 1000]);
    /// assert_eq!(pool.starmap(|text: &str, n: usize| text.repeat(n), [("ab", 2), ("c", 3)]), ["abab", "ccc"]);
    /// ```
    ///
    /// # Panics
    ///
    /// As `map` does.
    #[track_caller]
    pub fn starmap<F, I>(&self, f: F, items: I) -> Vec<<I::Item as Spread<F>>::Output>
    where
        I: IntoIterator,
        I::Item: Spread<F>,
        <I::Item as Spread<F>>::Output: Message,
    {
        let mut outcomes = outcomes(
            self,
            |item: I::Item| Ok(item.spread(&f)),
            items,
            OnFailure::Stop,
            ResultOrder::Items,
        );
        panic_at_failure(outcomes.account());
        outcomes.into_succeeded()
    }
}
