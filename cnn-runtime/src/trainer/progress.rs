//! Progress on stderr: a bar on a terminal; elsewhere a few plain lines, so that a log stays
//! readable.

use std::io::{self, IsTerminal};

use cnn_core::Result;
use indicatif::{ProgressBar, ProgressStyle};

use super::{
    format::{figures, speed},
    log_line,
};
use crate::{
    session::Session,
    train::{Callback, EpochReport, Fit, Flow, Progress},
};

/// The number of plain lines within an epoch, the one at its end included.
const LINES: usize = 4;

/// Files that take long enough to be looked at for a bar.
const MANY: usize = 10_000;

const LOOKING: &str = "looking at files [{wide_bar}] {human_pos} of {human_len}";

const BAR: &str = "{prefix} [{wide_bar}] {percent:>3}% {msg} ETA {eta}";

/// A bar for files that are looked at; there is none where nobody would see it, or for few files.
pub(super) fn looking(files: usize) -> ProgressBar {
    if files < MANY || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template(LOOKING).expect("the template is constant").progress_chars("=> ");
    ProgressBar::new(files as u64).with_style(style)
}

/// Adds a view of the run: the dashboard on a terminal if this build has it, else a bar or lines.
pub(super) fn shown(fit: Fit) -> Fit {
    #[cfg(feature = "tui")]
    if let Some(dashboard) = super::dashboard::Dashboard::on_terminal() {
        return fit.callback(dashboard);
    }
    fit.callback(Report::new())
}

/// A callback that shows a bar, or writes lines.
struct Report {
    bar: Option<ProgressBar>,
    /// What the epoch in progress is called, such as `epoch 3/12`.
    epoch: String,
    /// Quarters of the epoch that plain lines have reported.
    reported: usize,
}

impl Report {
    fn new() -> Report {
        let style =
            ProgressStyle::with_template(BAR).expect("the template is constant").progress_chars("=> ");
        let bar = io::stderr().is_terminal().then(|| ProgressBar::new(0).with_style(style));
        Report { bar, epoch: String::new(), reported: 0 }
    }

    fn start(&mut self, epoch: String, images: usize) {
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_length(images as u64);
            bar.set_prefix(epoch.clone());
        }
        self.epoch = epoch;
        self.reported = 0;
    }
}

impl Callback for Report {
    fn on_progress(&mut self, progress: &Progress) -> Result<()> {
        let Progress { epoch, epochs, done, images, score, images_per_second, waiting } = *progress;
        let name = format!("epoch {epoch}/{epochs}");
        if name != self.epoch {
            self.start(name, images);
        }
        let speed = speed(images_per_second);
        let message = format!("{} {speed} images/s, data wait {:.0} %", figures("", &score), waiting * 100.0);
        let quarter = done * LINES / images;
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            bar.set_message(message);
        } else if quarter > self.reported && done < images {
            self.reported = quarter;
            log_line(&format!("{} {done}/{images} {message}", self.epoch));
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, _session: &mut Session, history: &[EpochReport]) -> Result<Flow> {
        let Some(report) = history.last() else { return Ok(Flow::Continue) };
        let text = format!(
            "{} {} {} lr {} {:.1} s {} images/s",
            self.epoch,
            figures("", &report.training()),
            figures("val_", &report.validation(0)),
            rounded(report.lr),
            report.seconds,
            speed(report.images_per_second),
        );
        match &self.bar {
            Some(bar) => bar.println(text),
            None => log_line(&text),
        }
        Ok(Flow::Continue)
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Three significant digits of a learning rate.
fn rounded(lr: f32) -> f32 {
    format!("{lr:.2e}").parse().unwrap_or(lr)
}
