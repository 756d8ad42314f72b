//! The elements of one sample of a map, as the formulas name them.

/// Channel, row and column of an element.
pub(crate) type Place = [usize; 3];

/// Elements in `[C, H, W]` order.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    shape: [usize; 3],
    elements: Vec<f64>,
}

/// All places of a map of this shape, in `[C, H, W]` order.
pub(crate) fn places([channels, height, width]: [usize; 3]) -> impl Iterator<Item = Place> {
    (0..channels * height * width).map(move |element| place([channels, height, width], element))
}

/// The place of an element, given by its number in `[C, H, W]` order.
pub(crate) fn place([_, height, width]: [usize; 3], element: usize) -> Place {
    [element / (height * width), element / width % height, element % width]
}

impl Values {
    pub(crate) fn zeros(shape: [usize; 3]) -> Values {
        Values { shape, elements: vec![0.0; shape.iter().product()] }
    }

    pub(crate) fn of(shape: [usize; 3], value: impl FnMut(Place) -> f64) -> Values {
        Values { shape, elements: places(shape).map(value).collect() }
    }

    fn index(&self, [channel, row, column]: Place) -> usize {
        (channel * self.shape[1] + row) * self.shape[2] + column
    }

    pub(crate) fn shape(&self) -> [usize; 3] {
        self.shape
    }

    pub(crate) fn at(&self, place: Place) -> f64 {
        self.elements[self.index(place)]
    }

    pub(crate) fn add(&mut self, place: Place, value: f64) {
        let index = self.index(place);
        self.elements[index] += value;
    }
}
