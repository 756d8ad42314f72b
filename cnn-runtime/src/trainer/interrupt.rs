//! SIGINT, SIGTERM and SIGHUP: the first lets the step in progress, of training or of validation, end
//! and has the run saved; a second ends the process at once. A SIGHUP that the process was told to
//! ignore, as `nohup` does, stays ignored.

use std::{
    ffi::c_int,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use cnn_core::{DeviceError, Result};
use signal_hook::{consts, flag};

use crate::{
    session::Session,
    train::{Callback, Flow, Position},
};

/// What a shell adds to a signal's number to make an exit code of it.
const EXIT: i32 = 128;

/// A callback that ends a run once a signal has come.
#[derive(Clone)]
pub(super) struct Interrupt {
    /// The signal's number, 0 before one comes.
    received: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Takes the signals over, for the rest of the process.
    pub(super) fn listen() -> Result<Interrupt> {
        let (received, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        for signal in signals() {
            #[cfg(unix)]
            forget_handlers(signal);
            // In this order: the first signal finds `again` false and sets it.
            flag::register_conditional_shutdown(signal, EXIT + signal, again.clone())
                .and_then(|_| flag::register(signal, again.clone()))
                .and_then(|_| flag::register_usize(signal, received.clone(), signal as usize))
                .map_err(|error| {
                    DeviceError::new(format!("cannot listen for signal {signal}: {error}")).with_source(error)
                })?;
        }
        Ok(Interrupt { received })
    }

    /// True once a signal has come.
    pub(super) fn is_received(&self) -> bool {
        self.received.load(Ordering::Relaxed) != 0
    }

    /// The exit code that the signal asks for.
    pub(super) fn exit_code(&self) -> u8 {
        EXIT as u8 + self.received.load(Ordering::Relaxed) as u8
    }
}

/// The signals that end a run.
fn signals() -> Vec<c_int> {
    #[allow(unused_mut, reason = "where there is no SIGHUP")]
    let mut signals = vec![consts::SIGINT, consts::SIGTERM];
    #[cfg(unix)]
    signals.extend((!is_ignored(consts::SIGHUP)).then_some(consts::SIGHUP));
    signals
}

/// Takes a signal from those that listen for it already: what the drivers of some devices do with it
/// ends the process (LLVM's handlers, of which PoCL has some, raise it again).
#[cfg(unix)]
fn forget_handlers(signal: c_int) {
    // SAFETY: the default action is no function of this process.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// True of a signal that the process was started to ignore.
#[cfg(unix)]
fn is_ignored(signal: c_int) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action the call only writes the present one.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

impl Callback for Interrupt {
    fn on_batch(&mut self, _session: &mut Session, _position: &Position) -> Result<Flow> {
        Ok(if self.is_received() { Flow::Stop } else { Flow::Continue })
    }

    fn is_interrupted(&self) -> bool {
        self.is_received()
    }
}
