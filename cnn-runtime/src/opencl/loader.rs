//! OpenCL without linking it: every function of the system's library, looked up at its first call.
//!
//! The bindings link the symbols of [`functions`] instead of the library, so a program starts
//! without one. So does any other OpenCL of the program, which is why all of OpenCL 3.0 is there,
//! deprecated functions included. The library is `$CNN_OPENCL_LIB`, or else the first of [`NAMES`].
//! Without it, or where it lacks a function, a call reports [`NOT_FOUND`] or [`NO_FUNCTION`].
//!
//! On macOS the bindings link the system's framework as well. The program's own symbols come before
//! those of a library there, and a library finds its own by its own name, so neither takes the
//! other's place.

mod functions;

use std::{
    env,
    error::Error,
    ffi::{CStr, OsStr, c_void},
    fs,
    path::Path,
    sync::OnceLock,
};

use libloading::Library;

/// A handle, a pointer or a callback: all are passed alike.
type Ptr = *mut c_void;

const SUCCESS: i32 = 0;
/// `CL_OUT_OF_RESOURCES`
const OUT_OF_RESOURCES: i32 = -5;
/// `CL_INVALID_OPERATION`, the status of a function that the library does not have.
const NO_FUNCTION: i32 = -59;
/// `CL_PLATFORM_NOT_FOUND_KHR`, the status of every function where there is no library.
const NOT_FOUND: i32 = -1001;

/// What the system calls its OpenCL library.
const NAMES: &[&str] = if cfg!(windows) {
    &["OpenCL.dll"]
} else if cfg!(target_os = "macos") {
    &["/System/Library/Frameworks/OpenCL.framework/OpenCL"]
} else {
    &["libOpenCL.so.1", "libOpenCL.so"]
};

/// The OpenCL library of this process, which is never unloaded.
enum SystemLibrary {
    Loaded(Library),
    /// `$CNN_OPENCL_LIB` cannot be loaded, and why.
    Refused(String),
    Absent,
}

fn library() -> &'static SystemLibrary {
    static LIBRARY: OnceLock<SystemLibrary> = OnceLock::new();
    LIBRARY.get_or_init(|| match env::var_os("CNN_OPENCL_LIB") {
        Some(path) if !path.is_empty() => match open_named(&path) {
            Ok(library) => SystemLibrary::Loaded(library),
            Err(reason) => SystemLibrary::Refused(format!(
                "CNN_OPENCL_LIB is {}, which cannot be loaded ({reason}): correct or unset it",
                Path::new(&path).display()
            )),
        },
        _ => NAMES
            .iter()
            .find_map(|name| open(OsStr::new(name)).ok())
            .map_or(SystemLibrary::Absent, SystemLibrary::Loaded),
    })
}

/// Opens a library that the user names. A path is looked at first: the system would wait for a
/// pipe. Libraries of macOS have no file, so there a path without one may be right.
fn open_named(name: &OsStr) -> Result<Library, String> {
    if is_path(name) {
        match fs::metadata(name) {
            Ok(found) if !found.is_file() => return Err("not a file".to_owned()),
            Err(error) if !cfg!(target_os = "macos") => return Err(error.to_string()),
            _ => {}
        }
    }
    open(name)
}

/// True of what names a folder, too; the system looks for the rest among its libraries.
fn is_path(name: &OsStr) -> bool {
    Path::new(name).parent() != Some(Path::new(""))
}

fn open(name: &OsStr) -> Result<Library, String> {
    // SAFETY: loading the library runs its initialisers; OpenCL loaders are made for that.
    let opened = unsafe { load(name) };
    // The system's own words are the source.
    opened.map_err(|error| error.source().map_or_else(|| error.to_string(), ToString::to_string))
}

/// Loads a library whose own references are all resolved at once: one that lacks something is an
/// error here, and not the end of the process later.
///
/// # Safety
///
/// The library's initialisers may run at any time.
#[cfg(unix)]
unsafe fn load(name: &OsStr) -> Result<Library, libloading::Error> {
    use libloading::os::unix;
    // SAFETY: as the caller says.
    unsafe { unix::Library::open(Some(name), unix::RTLD_NOW) }.map(Library::from)
}

/// Loads a library. A bare name is one beside the program or of the system: a file in the folder in
/// which the program happens to be started is nobody's OpenCL.
///
/// # Safety
///
/// The library's initialisers may run at any time.
#[cfg(windows)]
unsafe fn load(name: &OsStr) -> Result<Library, libloading::Error> {
    use libloading::os::windows;
    let flags = if is_path(name) { 0 } else { windows::LOAD_LIBRARY_SEARCH_DEFAULT_DIRS };
    // SAFETY: as the caller says.
    unsafe { windows::Library::load_with_flags(name, flags) }.map(Library::from)
}

/// A function of the library, or the status that stands for its absence.
///
/// # Safety
///
/// `F` is the function pointer that the standard declares for this name, up to the types of
/// pointers.
unsafe fn lookup<F: Copy>(name: &CStr) -> Result<F, i32> {
    let SystemLibrary::Loaded(library) = library() else { return Err(NOT_FOUND) };
    // SAFETY: as the caller says; where the symbol's address is null there is no function.
    let symbol = unsafe { library.get::<Option<F>>(name) };
    symbol.ok().and_then(|function| *function).ok_or(NO_FUNCTION)
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
        SystemLibrary::Refused(reason) => Some(reason),
        SystemLibrary::Loaded(_) | SystemLibrary::Absent => None,
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
        let folder = tempfile::tempdir().unwrap();
        let [missing, text] = ["missing", "text"].map(|name| folder.path().join(name));
        fs::write(&text, "no library").unwrap();
        let reason = |path: &Path| open_named(path.as_os_str()).expect_err("no library");
        assert_eq!(reason(folder.path()), "not a file");
        assert!(!reason(&text).is_empty() && !reason(Path::new("text\0")).is_empty());
        let missing = reason(&missing);
        assert!(missing.contains("os error 2") || cfg!(target_os = "macos"), "{missing}");
    }
}
