//! What a driver's status means to a user, in one line.

use ocl::core::Status;

use crate::error::Error;

/// The error of a call that the engine does not make; `message` says what was expected and what
/// found.
pub(super) fn refused(message: String) -> Error {
    Error::Device(message)
}

/// The error of a failed call; `action` says what was asked for: `run conv2`, `read a buffer`.
pub(super) fn failure(action: &str, error: ocl::core::Error) -> Error {
    Error::Device(match error.api_status() {
        Some(status @ (Status::CL_OUT_OF_RESOURCES | Status::CL_INVALID_COMMAND_QUEUE)) => format!(
            "cannot {action}: the OpenCL device is lost ({status:?}); start again, \
             with --init FILE from a last.safetensors if there is one, or use --device cpu"
        ),
        Some(Status::CL_MEM_OBJECT_ALLOCATION_FAILURE) => {
            format!("cannot {action}: out of device memory; try a smaller --batch, or use --device cpu")
        }
        Some(status) => format!("cannot {action}: OpenCL reports {status:?}"),
        None => format!("cannot {action}: {}", error.to_string().trim()),
    })
}
