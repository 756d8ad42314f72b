//! OpenCL without linking it: every function of the system's library, looked up at its first call.
//!
//! The bindings link the symbols of [`functions`] instead of `libOpenCL`, so a program starts
//! without one. So does any other OpenCL of the program, which is why all of OpenCL 3.0 is there,
//! deprecated functions included. The library is `$CNN_OPENCL_LIB`, or else `libOpenCL.so.1` or
//! `libOpenCL.so`. Without it, or where it lacks a function, a call reports [`NOT_FOUND`] or
//! [`NO_FUNCTION`].

mod functions;

use std::{
    env,
    ffi::{CStr, CString, OsStr, c_char, c_int, c_void},
    fs,
    os::unix::ffi::OsStrExt,
    path::Path,
    ptr::NonNull,
    sync::OnceLock,
};

/// A handle, a pointer or a callback: all are passed alike.
type Ptr = *mut c_void;

const SUCCESS: i32 = 0;
/// `CL_OUT_OF_RESOURCES`
const OUT_OF_RESOURCES: i32 = -5;
/// `CL_INVALID_OPERATION`, the status of a function that the library does not have.
const NO_FUNCTION: i32 = -59;
/// `CL_PLATFORM_NOT_FOUND_KHR`, the status of every function where there is no library.
const NOT_FOUND: i32 = -1001;

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> Ptr;
    fn dlsym(library: Ptr, symbol: *const c_char) -> Ptr;
    fn dlerror() -> *const c_char;
}

/// `RTLD_NOW`
const RESOLVE_NOW: c_int = 2;

/// An address in a library that is never unloaded.
struct Address(NonNull<c_void>);

// SAFETY: the loader of the system may be asked from every thread, and functions may be called from
// all.
unsafe impl Send for Address {}
// SAFETY: as for `Send`; nothing is written through the address.
unsafe impl Sync for Address {}

/// The OpenCL library of this process.
enum Library {
    Loaded(Address),
    /// `$CNN_OPENCL_LIB` cannot be loaded, and why.
    Refused(String),
    Absent,
}

fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| match env::var_os("CNN_OPENCL_LIB") {
        Some(path) if !path.is_empty() => match open_named(&path) {
            Ok(library) => Library::Loaded(library),
            Err(reason) => Library::Refused(format!(
                "CNN_OPENCL_LIB is {}, which cannot be loaded ({reason}): correct or unset it",
                Path::new(&path).display()
            )),
        },
        _ => [c"libOpenCL.so.1", c"libOpenCL.so"]
            .into_iter()
            .find_map(|name| open(name).ok())
            .map_or(Library::Absent, Library::Loaded),
    })
}

/// Opens a library that the user names. A path is looked at first: the system would wait for a
/// pipe.
fn open_named(name: &OsStr) -> Result<Address, String> {
    if name.as_bytes().contains(&b'/') {
        let found = fs::metadata(name).map_err(|error| error.to_string())?;
        if !found.is_file() {
            return Err("not a file".to_owned());
        }
    }
    open(&CString::new(name.as_bytes()).map_err(|error| error.to_string())?)
}

fn open(name: &CStr) -> Result<Address, String> {
    // SAFETY: the name is a C string. Loading the library runs its initialisers; OpenCL loaders are
    // made for that.
    let library = unsafe { dlopen(name.as_ptr(), RESOLVE_NOW) };
    NonNull::new(library).map(Address).ok_or_else(last_error)
}

/// The system's words for the last failure in this thread.
fn last_error() -> String {
    // SAFETY: the function has no preconditions.
    let text = unsafe { dlerror() };
    if text.is_null() {
        return "unknown reason".to_owned();
    }
    // SAFETY: this is a C string that stays until the thread's next call of the loader.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A function of the library, or the status that stands for its absence.
fn lookup(name: &CStr) -> Result<Address, i32> {
    let Library::Loaded(library) = library() else { return Err(NOT_FOUND) };
    // SAFETY: the handle is from dlopen and never closed.
    let symbol = unsafe { dlsym(library.0.as_ptr(), name.as_ptr()) };
    NonNull::new(symbol).map(Address).ok_or(NO_FUNCTION)
}

/// The status as the bindings know it: they panic at one that OpenCL does not define (NVIDIA's
/// -9999 is one), which becomes a lost device.
fn known(status: i32) -> i32 {
    match status {
        -72..=0 | -1009..=-1000 => status,
        _ => OUT_OF_RESOURCES,
    }
}

/// The number of platforms: 0 without a library or a driver.
pub(super) fn platforms() -> u32 {
    let mut count = 0;
    // SAFETY: no platforms are asked for, and there is a place for their number.
    let status = unsafe { functions::clGetPlatformIDs(0, std::ptr::null_mut(), (&raw mut count).cast()) };
    if status == SUCCESS { count } else { 0 }
}

/// Why the library that the user names cannot be loaded; `None` if it can or none is named.
pub(super) fn failure() -> Option<&'static str> {
    match library() {
        Library::Refused(reason) => Some(reason),
        Library::Loaded(_) | Library::Absent => None,
    }
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

    #[test]
    fn a_library_that_cannot_be_loaded_says_why() {
        for (name, reason) in [("/nonexistent", "No such file"), ("/proc", "not a file")] {
            let error = open_named(OsStr::new(name)).err().expect("no library");
            assert!(error.contains(reason), "{error}");
        }
        assert!(open_named(OsStr::new("/proc/self/exe\0")).is_err());
        assert!(open_named(OsStr::new("/etc/passwd")).is_err_and(|error| !error.is_empty()));
    }
}
