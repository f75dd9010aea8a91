//! Matrices and vectors of nalgebra as grids.

use nalgebra::{Dim, Matrix, RawStorage, Scalar};

pub trait Display {
    fn evcxr_display(&self);
}

impl<T: Scalar, R: Dim, C: Dim, S: RawStorage<T, R, C>> Display for Matrix<T, R, C, S> {
    fn evcxr_display(&self) {
        let shape = [self.nrows(), self.ncols()];
        parcell::display::array(&shape, |place| &self[(place[0], place[1])]).evcxr_display();
    }
}
