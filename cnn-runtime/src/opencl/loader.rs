//! Every function of OpenCL 1.2, looked up in the system's library at the first call.
//!
//! The bindings link these symbols instead of `libOpenCL`, so a program starts without one. The library is
//! `$CNN_OPENCL_LIB`, or else `libOpenCL.so.1` or `libOpenCL.so`. Without it there are no platforms, and any other function
//! reports [`NOT_FOUND`].
#![allow(non_snake_case, reason = "the names are the standard's")]

use std::{
    ffi::{CStr, CString, OsStr, c_char, c_int, c_void},
    os::unix::ffi::OsStrExt,
    sync::OnceLock,
};

/// Handles, pointers and callbacks: all are passed alike.
type Ptr = *mut c_void;

/// `CL_PLATFORM_NOT_FOUND_KHR`
const NOT_FOUND: i32 = -1001;
/// `CL_OUT_OF_RESOURCES`
const OUT_OF_RESOURCES: i32 = -5;
const SUCCESS: i32 = 0;

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> Ptr;
    fn dlsym(library: Ptr, symbol: *const c_char) -> Ptr;
}

/// `RTLD_NOW`
const RESOLVE_NOW: c_int = 2;

fn open(name: &CStr) -> Option<usize> {
    // SAFETY: the name is a C string. Loading the library runs its initialisers; OpenCL loaders are made for that.
    let library = unsafe { dlopen(name.as_ptr(), RESOLVE_NOW) };
    (!library.is_null()).then_some(library as usize)
}

fn library() -> Option<usize> {
    static LIBRARY: OnceLock<Option<usize>> = OnceLock::new();
    *LIBRARY.get_or_init(|| match std::env::var_os("CNN_OPENCL_LIB") {
        Some(path) => open(&CString::new(OsStr::as_bytes(&path)).ok()?),
        None => open(c"libOpenCL.so.1").or_else(|| open(c"libOpenCL.so")),
    })
}

/// Address of a function, if there is a library and it has the function.
fn lookup(name: &CStr) -> Option<usize> {
    let library = library()?;
    // SAFETY: the handle is from dlopen and never closed.
    let symbol = unsafe { dlsym(library as Ptr, name.as_ptr()) };
    (!symbol.is_null()).then_some(symbol as usize)
}

/// The bindings panic at a status that OpenCL does not define (NVIDIA's -9999 is one): it becomes a lost device.
fn known(status: i32) -> i32 {
    match status {
        -72..=0 | -1009..=-1000 => status,
        _ => OUT_OF_RESOURCES,
    }
}

/// The function `$name` of the library, as a typed function pointer.
macro_rules! resolve {
    ($name:ident ($($kind:ty),*) -> $result:ty) => {{
        static ADDRESS: OnceLock<Option<usize>> = OnceLock::new();
        const NAME: &CStr = match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
            Ok(name) => name,
            Err(_) => unreachable!(),
        };
        ADDRESS.get_or_init(|| lookup(NAME)).map(|address| {
            // SAFETY: the table below has the standard's signature for this name, up to the types of pointers.
            unsafe { std::mem::transmute::<usize, unsafe extern "system" fn($($kind),*) -> $result>(address) }
        })
    }};
}

/// Pairs each type with a name from the list, then defines the forwarder.
macro_rules! forwarder {
    ($form:ident $name:ident [$($done:tt)*] [$kind:ty $(, $rest:ty)*] [$argument:ident $($arguments:ident)*]) => {
        forwarder!($form $name [$($done)* ($argument: $kind)] [$($rest),*] [$($arguments)*]);
    };
    (status $name:ident [$(($argument:ident: $kind:ty))*] [] $names:tt) => {
        #[unsafe(no_mangle)]
        unsafe extern "system" fn $name($($argument: $kind),*) -> i32 {
            match resolve!($name($($kind),*) -> i32) {
                // SAFETY: the caller keeps the function's contract.
                Some(function) => known(unsafe { function($($argument),*) }),
                None => NOT_FOUND,
            }
        }
    };
    (create $name:ident [$(($argument:ident: $kind:ty))*] [] $names:tt) => {
        #[unsafe(no_mangle)]
        unsafe extern "system" fn $name($($argument: $kind,)* status: *mut i32) -> Ptr {
            let (handle, code) = match resolve!($name($($kind,)* *mut i32) -> Ptr) {
                Some(function) => {
                    let mut code = SUCCESS;
                    // SAFETY: the caller keeps the function's contract.
                    (unsafe { function($($argument,)* &mut code) }, known(code))
                }
                None => (std::ptr::null_mut(), NOT_FOUND),
            };
            if !status.is_null() {
                // SAFETY: the caller passes null or a place for the status.
                unsafe { *status = code };
            }
            handle
        }
    };
}

macro_rules! forwarders {
    ($form:ident: $($name:ident($($kind:ty),*);)*) => {
        $(forwarder!($form $name [] [$($kind),*] [a b c d e f g h i j k l m n]);)*
    };
}

#[unsafe(no_mangle)]
unsafe extern "system" fn clGetPlatformIDs(entries: u32, platforms: Ptr, count: *mut u32) -> i32 {
    let status = match resolve!(clGetPlatformIDs(u32, Ptr, *mut u32) -> i32) {
        // SAFETY: the caller keeps the function's contract.
        Some(function) => known(unsafe { function(entries, platforms, count) }),
        None => NOT_FOUND,
    };
    if status != NOT_FOUND {
        return status;
    }
    // The bindings would poll for ten seconds. No platforms is an answer, too.
    if !count.is_null() {
        // SAFETY: the caller passes null or a place for the count.
        unsafe { *count = 0 };
    }
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "system" fn clGetExtensionFunctionAddress(name: Ptr) -> Ptr {
    // SAFETY: the caller passes a C string.
    resolve!(clGetExtensionFunctionAddress(Ptr) -> Ptr)
        .map_or(std::ptr::null_mut(), |function| unsafe { function(name) })
}

#[unsafe(no_mangle)]
unsafe extern "system" fn clGetExtensionFunctionAddressForPlatform(platform: Ptr, name: Ptr) -> Ptr {
    resolve!(clGetExtensionFunctionAddressForPlatform(Ptr, Ptr) -> Ptr)
        // SAFETY: the caller passes a platform and a C string.
        .map_or(std::ptr::null_mut(), |function| unsafe { function(platform, name) })
}

// Functions that return a status.
forwarders! { status:
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undefined_status_becomes_a_lost_device() {
        for (given, expected) in [(0, 0), (-4, -4), (-72, -72), (-1001, -1001), (-9999, -5), (1, -5)] {
            assert_eq!(known(given), expected);
        }
    }
}
