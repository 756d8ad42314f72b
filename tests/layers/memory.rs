//! Memory that the device does not have is an error, never an abort.

use cnn_runtime::{__testing::engine::Sizes, Error};

use crate::backend::backends;

#[test]
fn too_much_is_an_error_that_states_the_bytes() {
    let arena = 1 << 58;
    let sizes = Sizes { params: 8, grads: 8, state: 0, arena, batch: 1, targets: 1 };
    for make in backends().iter().flat_map(|backend| &backend.variants) {
        match make(&sizes) {
            Err(error @ Error::Device(_)) => {
                assert!(error.to_string().contains(&(4 * arena).to_string()), "{error}");
            }
            other => panic!("expected a device error, found {:?}", other.map(|_| "an engine")),
        }
    }
}
