//! The functions: all of OpenCL 1.0 to 3.0 and the extensions that libraries export, each a
//! forwarder.
//!
//! A row gives the standard's types, up to those of pointers.
#![allow(non_snake_case, reason = "the names are the standard's")]

use std::{ffi::CStr, ptr, sync::OnceLock};

use super::{Ptr, SUCCESS, known, lookup};

/// The function `$name` of the library, or the status that stands for its absence.
macro_rules! resolve {
    ($name:ident ($($kind:ty),*) -> $result:ty) => {{
        type Function = unsafe extern "system" fn($($kind),*) -> $result;
        static FUNCTION: OnceLock<Result<Function, i32>> = OnceLock::new();
        const NAME: &CStr = match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
            Ok(name) => name,
            Err(_) => unreachable!(),
        };
        // SAFETY: the row has the standard's signature for this name, up to the types of pointers.
        *FUNCTION.get_or_init(|| unsafe { lookup::<Function>(NAME) })
    }};
}

/// Pairs each type with a name from the list, then defines the forwarder.
macro_rules! forwarder {
    ($form:ident $name:ident [$($done:tt)*] [$kind:ty $(, $rest:ty)*] [$argument:ident $($arguments:ident)*]) => {
        forwarder!($form $name [$($done)* ($argument: $kind)] [$($rest),*] [$($arguments)*]);
    };
    (status $name:ident [$(($argument:ident: $kind:ty))*] [] $names:tt) => {
        #[unsafe(no_mangle)]
        pub(super) unsafe extern "system" fn $name($($argument: $kind),*) -> i32 {
            match resolve!($name($($kind),*) -> i32) {
                // SAFETY: the caller keeps the function's contract.
                Ok(function) => known(unsafe { function($($argument),*) }),
                Err(status) => status,
            }
        }
    };
    (create $name:ident [$(($argument:ident: $kind:ty))*] [] $names:tt) => {
        #[unsafe(no_mangle)]
        unsafe extern "system" fn $name($($argument: $kind,)* status: *mut i32) -> Ptr {
            let (handle, code) = match resolve!($name($($kind,)* *mut i32) -> Ptr) {
                Ok(function) => {
                    let mut code = SUCCESS;
                    // SAFETY: the caller keeps the function's contract.
                    (unsafe { function($($argument,)* &raw mut code) }, known(code))
                }
                Err(code) => (ptr::null_mut(), code),
            };
            if !status.is_null() {
                // SAFETY: the caller passes null or a place for the status.
                unsafe { *status = code };
            }
            handle
        }
    };
    (address $name:ident [$(($argument:ident: $kind:ty))*] [] $names:tt) => {
        #[unsafe(no_mangle)]
        unsafe extern "system" fn $name($($argument: $kind),*) -> Ptr {
            match resolve!($name($($kind),*) -> Ptr) {
                // SAFETY: the caller keeps the function's contract.
                Ok(function) => unsafe { function($($argument),*) },
                Err(_) => ptr::null_mut(),
            }
        }
    };
    (nothing $name:ident [$(($argument:ident: $kind:ty))*] [] $names:tt) => {
        #[unsafe(no_mangle)]
        unsafe extern "system" fn $name($($argument: $kind),*) {
            if let Ok(function) = resolve!($name($($kind),*) -> ()) {
                // SAFETY: the caller keeps the function's contract.
                unsafe { function($($argument),*) };
            }
        }
    };
}

macro_rules! forwarders {
    ($form:ident: $($name:ident($($kind:ty),*);)*) => {
        $(forwarder!($form $name [] [$($kind),*] [a b c d e f g h i j k l m n]);)*
    };
}

// Functions that return a status.
forwarders! { status:
    clGetPlatformIDs(u32, Ptr, Ptr);
    clGetPlatformInfo(Ptr, u32, usize, Ptr, Ptr);
    clGetDeviceIDs(Ptr, u64, u32, Ptr, Ptr);
    clGetDeviceInfo(Ptr, u32, usize, Ptr, Ptr);
    clCreateSubDevices(Ptr, Ptr, u32, Ptr, Ptr);
    clRetainDevice(Ptr);
    clReleaseDevice(Ptr);
    clRetainContext(Ptr);
    clReleaseContext(Ptr);
    clGetContextInfo(Ptr, u32, usize, Ptr, Ptr);
    clRetainCommandQueue(Ptr);
    clReleaseCommandQueue(Ptr);
    clGetCommandQueueInfo(Ptr, u32, usize, Ptr, Ptr);
    clRetainMemObject(Ptr);
    clReleaseMemObject(Ptr);
    clGetSupportedImageFormats(Ptr, u64, u32, u32, Ptr, Ptr);
    clGetMemObjectInfo(Ptr, u32, usize, Ptr, Ptr);
    clGetImageInfo(Ptr, u32, usize, Ptr, Ptr);
    clSetMemObjectDestructorCallback(Ptr, Ptr, Ptr);
    clRetainSampler(Ptr);
    clReleaseSampler(Ptr);
    clGetSamplerInfo(Ptr, u32, usize, Ptr, Ptr);
    clRetainProgram(Ptr);
    clReleaseProgram(Ptr);
    clBuildProgram(Ptr, u32, Ptr, Ptr, Ptr, Ptr);
    clUnloadCompiler();
    clCompileProgram(Ptr, u32, Ptr, Ptr, u32, Ptr, Ptr, Ptr, Ptr);
    clGetProgramInfo(Ptr, u32, usize, Ptr, Ptr);
    clGetProgramBuildInfo(Ptr, Ptr, u32, usize, Ptr, Ptr);
    clCreateKernelsInProgram(Ptr, u32, Ptr, Ptr);
    clRetainKernel(Ptr);
    clReleaseKernel(Ptr);
    clSetKernelArg(Ptr, u32, usize, Ptr);
    clGetKernelInfo(Ptr, u32, usize, Ptr, Ptr);
    clGetKernelArgInfo(Ptr, u32, u32, usize, Ptr, Ptr);
    clGetKernelWorkGroupInfo(Ptr, Ptr, u32, usize, Ptr, Ptr);
    clWaitForEvents(u32, Ptr);
    clGetEventInfo(Ptr, u32, usize, Ptr, Ptr);
    clRetainEvent(Ptr);
    clReleaseEvent(Ptr);
    clSetUserEventStatus(Ptr, i32);
    clSetEventCallback(Ptr, i32, Ptr, Ptr);
    clGetEventProfilingInfo(Ptr, u32, usize, Ptr, Ptr);
    clFlush(Ptr);
    clFinish(Ptr);
    clEnqueueReadBuffer(Ptr, Ptr, u32, usize, usize, Ptr, u32, Ptr, Ptr);
    clEnqueueReadBufferRect(Ptr, Ptr, u32, Ptr, Ptr, Ptr, usize, usize, usize, usize, Ptr, u32, Ptr, Ptr);
    clEnqueueWriteBuffer(Ptr, Ptr, u32, usize, usize, Ptr, u32, Ptr, Ptr);
    clEnqueueWriteBufferRect(Ptr, Ptr, u32, Ptr, Ptr, Ptr, usize, usize, usize, usize, Ptr, u32, Ptr, Ptr);
    clEnqueueFillBuffer(Ptr, Ptr, Ptr, usize, usize, usize, u32, Ptr, Ptr);
    clEnqueueCopyBuffer(Ptr, Ptr, Ptr, usize, usize, usize, u32, Ptr, Ptr);
    clEnqueueCopyBufferRect(Ptr, Ptr, Ptr, Ptr, Ptr, Ptr, usize, usize, usize, usize, u32, Ptr, Ptr);
    clEnqueueReadImage(Ptr, Ptr, u32, Ptr, Ptr, usize, usize, Ptr, u32, Ptr, Ptr);
    clEnqueueWriteImage(Ptr, Ptr, u32, Ptr, Ptr, usize, usize, Ptr, u32, Ptr, Ptr);
    clEnqueueFillImage(Ptr, Ptr, Ptr, Ptr, Ptr, u32, Ptr, Ptr);
    clEnqueueCopyImage(Ptr, Ptr, Ptr, Ptr, Ptr, Ptr, u32, Ptr, Ptr);
    clEnqueueCopyImageToBuffer(Ptr, Ptr, Ptr, Ptr, Ptr, usize, u32, Ptr, Ptr);
    clEnqueueCopyBufferToImage(Ptr, Ptr, Ptr, usize, Ptr, Ptr, u32, Ptr, Ptr);
    clEnqueueUnmapMemObject(Ptr, Ptr, Ptr, u32, Ptr, Ptr);
    clEnqueueMigrateMemObjects(Ptr, u32, Ptr, u64, u32, Ptr, Ptr);
    clEnqueueNDRangeKernel(Ptr, Ptr, u32, Ptr, Ptr, Ptr, u32, Ptr, Ptr);
    clEnqueueTask(Ptr, Ptr, u32, Ptr, Ptr);
    clEnqueueNativeKernel(Ptr, Ptr, Ptr, usize, u32, Ptr, Ptr, u32, Ptr, Ptr);
    clEnqueueMarker(Ptr, Ptr);
    clEnqueueMarkerWithWaitList(Ptr, u32, Ptr, Ptr);
    clEnqueueWaitForEvents(Ptr, u32, Ptr);
    clEnqueueBarrierWithWaitList(Ptr, u32, Ptr, Ptr);
    clEnqueueBarrier(Ptr);
    clGetGLObjectInfo(Ptr, Ptr, Ptr);
    clGetGLTextureInfo(Ptr, u32, usize, Ptr, Ptr);
    clEnqueueAcquireGLObjects(Ptr, u32, Ptr, u32, Ptr, Ptr);
    clEnqueueReleaseGLObjects(Ptr, u32, Ptr, u32, Ptr, Ptr);
    clGetGLContextInfoKHR(Ptr, u32, usize, Ptr, Ptr);
    clSetCommandQueueProperty(Ptr, u64, u32, Ptr);
    clUnloadPlatformCompiler(Ptr);
    clGetPipeInfo(Ptr, u32, usize, Ptr, Ptr);
    clSetKernelArgSVMPointer(Ptr, u32, Ptr);
    clSetKernelExecInfo(Ptr, u32, usize, Ptr);
    clEnqueueSVMFree(Ptr, u32, Ptr, Ptr, Ptr, u32, Ptr, Ptr);
    clEnqueueSVMMemcpy(Ptr, u32, Ptr, Ptr, usize, u32, Ptr, Ptr);
    clEnqueueSVMMemFill(Ptr, Ptr, Ptr, usize, usize, u32, Ptr, Ptr);
    clEnqueueSVMMap(Ptr, u32, u64, Ptr, usize, u32, Ptr, Ptr);
    clEnqueueSVMUnmap(Ptr, Ptr, u32, Ptr, Ptr);
    clSetDefaultDeviceCommandQueue(Ptr, Ptr, Ptr);
    clGetDeviceAndHostTimer(Ptr, Ptr, Ptr);
    clGetHostTimer(Ptr, Ptr);
    clGetKernelSubGroupInfo(Ptr, Ptr, u32, usize, Ptr, usize, Ptr, Ptr);
    clEnqueueSVMMigrateMem(Ptr, u32, Ptr, Ptr, u64, u32, Ptr, Ptr);
    clSetProgramReleaseCallback(Ptr, Ptr, Ptr);
    clSetProgramSpecializationConstant(Ptr, u32, usize, Ptr);
    clSetContextDestructorCallback(Ptr, Ptr, Ptr);
    clGetKernelSubGroupInfoKHR(Ptr, Ptr, u32, usize, Ptr, usize, Ptr, Ptr);
    clCreateSubDevicesEXT(Ptr, Ptr, u32, Ptr, Ptr);
    clRetainDeviceEXT(Ptr);
    clReleaseDeviceEXT(Ptr);
    clEnqueueAcquireEGLObjectsKHR(Ptr, u32, Ptr, u32, Ptr, Ptr);
    clEnqueueReleaseEGLObjectsKHR(Ptr, u32, Ptr, u32, Ptr, Ptr);
}

// Functions that return a handle or an address; a place for the status is their last argument.
forwarders! { create:
    clCreateContext(Ptr, u32, Ptr, Ptr, Ptr);
    clCreateContextFromType(Ptr, u64, Ptr, Ptr);
    clCreateCommandQueue(Ptr, Ptr, u64);
    clCreateBuffer(Ptr, u64, usize, Ptr);
    clCreateSubBuffer(Ptr, u64, u32, Ptr);
    clCreateImage2D(Ptr, u64, Ptr, usize, usize, usize, Ptr);
    clCreateImage3D(Ptr, u64, Ptr, usize, usize, usize, usize, usize, Ptr);
    clCreateImage(Ptr, u64, Ptr, Ptr, Ptr);
    clCreateSampler(Ptr, u32, u32, u32);
    clCreateProgramWithSource(Ptr, u32, Ptr, Ptr);
    clCreateProgramWithBinary(Ptr, u32, Ptr, Ptr, Ptr, Ptr);
    clCreateProgramWithBuiltInKernels(Ptr, u32, Ptr, Ptr);
    clLinkProgram(Ptr, u32, Ptr, Ptr, u32, Ptr, Ptr, Ptr);
    clCreateKernel(Ptr, Ptr);
    clCreateUserEvent(Ptr);
    clEnqueueMapBuffer(Ptr, Ptr, u32, u64, usize, usize, u32, Ptr, Ptr);
    clEnqueueMapImage(Ptr, Ptr, u32, u64, Ptr, Ptr, Ptr, Ptr, u32, Ptr, Ptr);
    clCreateFromGLBuffer(Ptr, u64, u32);
    clCreateFromGLTexture(Ptr, u64, u32, i32, u32);
    clCreateFromGLRenderbuffer(Ptr, u64, u32);
    clCreateFromGLTexture2D(Ptr, u64, u32, i32, u32);
    clCreateFromGLTexture3D(Ptr, u64, u32, i32, u32);
    clCreateCommandQueueWithProperties(Ptr, Ptr, Ptr);
    clCreatePipe(Ptr, u64, u32, u32, Ptr);
    clCreateSamplerWithProperties(Ptr, Ptr);
    clCreateProgramWithIL(Ptr, Ptr, usize);
    clCloneKernel(Ptr);
    clCreateBufferWithProperties(Ptr, Ptr, u64, usize, Ptr);
    clCreateImageWithProperties(Ptr, Ptr, u64, Ptr, Ptr, Ptr);
    clCreateEventFromGLsyncKHR(Ptr, Ptr);
    clCreateFromEGLImageKHR(Ptr, Ptr, Ptr, u64, Ptr);
    clCreateEventFromEGLSyncKHR(Ptr, Ptr, Ptr);
}

// Functions that return an address and no status.
forwarders! { address:
    clSVMAlloc(Ptr, u64, usize, u32);
    clGetExtensionFunctionAddress(Ptr);
    clGetExtensionFunctionAddressForPlatform(Ptr, Ptr);
}

// Functions that return nothing.
forwarders! { nothing:
    clSVMFree(Ptr, Ptr);
}
