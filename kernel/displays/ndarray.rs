//! Arrays of ndarray as grids.

use std::fmt::Debug;

use ndarray::{ArrayBase, Data, Dimension};

pub trait Display {
    fn evcxr_display(&self);
}

impl<S, D> Display for ArrayBase<S, D>
where
    S: Data,
    S::Elem: Debug,
    D: Dimension,
{
    fn evcxr_display(&self) {
        let view = self.view().into_dyn();
        parcell::display::array(view.shape(), |place| &view[place]).evcxr_display();
    }
}
