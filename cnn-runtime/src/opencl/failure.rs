//! What a driver's status means to a user, in one line.

use cnn_core::{DeviceError, Error, Remedy};
use ocl::core::Status;

/// The error of a call that the engine does not make, though the CPU engine would; `message` says
/// what was expected and what found.
pub(super) fn refused(message: impl Into<String>) -> Error {
    DeviceError::new(message).with_remedy(Remedy::CpuEngine).into()
}

/// The error of a failed call; `action` says what was asked for: `run conv2`, `read a buffer`.
pub(super) fn failure(action: &str, error: ocl::core::Error) -> Error {
    let reported = |text: String| DeviceError::new(format!("cannot {action}: {text}"));
    let failure = match error.api_status() {
        Some(status @ (Status::CL_OUT_OF_RESOURCES | Status::CL_INVALID_COMMAND_QUEUE)) => {
            reported(format!("the OpenCL device is lost ({status:?}); start again"))
                .with_remedy(Remedy::SavedWeights)
                .with_remedy(Remedy::CpuEngine)
        }
        Some(Status::CL_MEM_OBJECT_ALLOCATION_FAILURE) => reported("out of device memory".into())
            .with_remedy(Remedy::SmallerBatch { at_most: None })
            .with_remedy(Remedy::CpuEngine),
        Some(status) => reported(format!("OpenCL reports {status:?}")),
        None => reported(error.to_string().trim().into()),
    };
    failure.with_source(error).into()
}
