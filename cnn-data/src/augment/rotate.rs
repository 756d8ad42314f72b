//! Rotation about the middle of an image, bilinear.

use cnn_core::Result;

use crate::Image;

/// Turns counter-clockwise by an angle in degrees. Beyond the edges lie zeros.
pub(super) fn rotate(image: &mut Image, degrees: f64) -> Result<()> {
    let [height, width] = image.size();
    let (sin, cos) = degrees.to_radians().sin_cos();
    let middle = [(height as f64 - 1.0) / 2.0, (width as f64 - 1.0) / 2.0];
    let mut turned = Image::new(image.shape())?;
    for (from, to) in image.planes().zip(turned.planes_mut()) {
        for (y, row) in to.chunks_exact_mut(width).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                let [dy, dx] = [y as f64 - middle[0], x as f64 - middle[1]];
                let source = [middle[0] + cos * dy + sin * dx, middle[1] + cos * dx - sin * dy];
                *value = sample(from, [height, width], source);
            }
        }
    }
    image.replace(turned);
    Ok(())
}

/// The value between the four pixels around a point `[y, x]`.
fn sample(plane: &[f32], [height, width]: [usize; 2], point: [f64; 2]) -> f32 {
    let [top, left] = point.map(f64::floor);
    let [down, right] = [(point[0] - top) as f32, (point[1] - left) as f32];
    let at = |y: f64, x: f64| {
        let inside = y >= 0.0 && x >= 0.0 && y < height as f64 && x < width as f64;
        if inside { plane[y as usize * width + x as usize] } else { 0.0 }
    };
    let upper = at(top, left) * (1.0 - right) + at(top, left + 1.0) * right;
    let lower = at(top + 1.0, left) * (1.0 - right) + at(top + 1.0, left + 1.0) * right;
    upper * (1.0 - down) + lower * down
}
