//! A dashboard on a terminal: curves of the loss and of what is measured besides, the progress of the epoch, the speed and
//! the time left.
//!
//! It is drawn over the lowest rows of the screen, without raw mode and without another screen, and
//! leaves the cursor below itself: however the process ends, the terminal is as it should be.

use std::io::{self, IsTerminal, Stderr, Write};

use cnn_core::Result;
use ratatui::{
    Frame, Terminal,
    backend::CrosstermBackend,
    layout::{Constraint, Layout, Position, Rect},
    style::{Color, Style},
    symbols::Marker,
    widgets::{Axis, Block, Chart, Dataset, GraphType, LineGauge, Paragraph},
};

use super::format;
use crate::{
    session::Session,
    train::{Callback, EpochReport, Flow, Progress, Score, Start},
};

/// A callback that draws the dashboard.
pub(super) struct Dashboard {
    terminal: Terminal<CrosstermBackend<Stderr>>,
    view: View,
}

impl Dashboard {
    /// A dashboard on stderr, if that is a terminal.
    pub(super) fn on_terminal() -> Option<Dashboard> {
        let mut stderr = io::stderr();
        let mut terminal = Terminal::new(CrosstermBackend::new(io::stderr())).ok()?;
        let rows = stderr.is_terminal().then(|| terminal.size().ok())??.height;
        // What stands on the screen scrolls up and stays readable.
        stderr.write_all("\n".repeat(rows.into()).as_bytes()).ok()?;
        terminal.clear().ok()?;
        Some(Dashboard { terminal, view: View::default() })
    }

    fn draw(&mut self) {
        // Nobody seeing it is no reason to stop training.
        let _ = self.terminal.draw(|frame| self.view.draw(frame));
    }
}

impl Callback for Dashboard {
    fn on_start(&mut self, _session: &mut Session, start: &Start) -> Result<Flow> {
        start.history.iter().for_each(|report| self.view.end_epoch(report));
        Ok(Flow::Continue)
    }

    fn on_progress(&mut self, progress: &Progress) -> Result<()> {
        self.view.advance(progress);
        self.draw();
        Ok(())
    }

    fn on_epoch_end(&mut self, _session: &mut Session, history: &[EpochReport]) -> Result<Flow> {
        history.last().into_iter().for_each(|report| self.view.end_epoch(report));
        self.draw();
        Ok(Flow::Continue)
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        let _ = self.terminal.show_cursor().and_then(|()| writeln!(io::stderr()));
    }
}

/// Points of a curve: epochs, value.
type Curve = Vec<(f64, f64)>;

/// Everything on the screen.
#[derive(Default)]
struct View {
    progress: Option<Progress>,
    /// The curves of training and of validation.
    loss: [Curve; 2],
    /// The curves of training and of validation of what a score says besides the loss.
    figure: [Curve; 2],
    figure_name: &'static str,
    last_epoch: String,
}

impl View {
    fn advance(&mut self, progress: &Progress) {
        let epoch = (progress.epoch - 1) as f64 + progress.done as f64 / progress.images as f64;
        self.loss[0].push((epoch, progress.score.loss));
        self.figure(0, epoch, &progress.score);
        self.progress = Some(*progress);
    }

    fn end_epoch(&mut self, report: &EpochReport) {
        self.loss[1].push((report.epoch as f64, report.val_loss));
        let validation = report.validation(0);
        self.figure(1, report.epoch as f64, &validation);
        self.last_epoch = format!(
            "epoch {}: {} {:.1} s",
            report.epoch,
            format::figures("val_", &validation),
            report.seconds
        );
    }

    /// Adds to a curve what a score says besides the loss.
    fn figure(&mut self, curve: usize, epoch: f64, score: &Score) {
        if let Some((name, value)) = score.figures().next() {
            self.figure_name = name;
            self.figure[curve].push((epoch, value));
        }
    }

    fn draw(&self, frame: &mut Frame) {
        let rows = [Constraint::Min(8), Constraint::Length(1), Constraint::Length(1), Constraint::Length(1)];
        let [curves, gauge, text, end] = Layout::vertical(rows).areas(frame.area());
        let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(curves);
        draw_curves(frame, left, "loss", &self.loss);
        draw_curves(frame, right, self.figure_name, &self.figure);
        if let Some(progress) = &self.progress {
            let share = progress.done as f64 / progress.images as f64;
            let label = format!("epoch {}/{} {:3.0} %", progress.epoch, progress.epochs, 100.0 * share);
            frame.render_widget(LineGauge::default().label(label).ratio(share), gauge);
            frame.render_widget(Paragraph::new(format!("{}   {}", figures(progress), self.last_epoch)), text);
        }
        frame.set_cursor_position(Position::new(end.x, end.y));
    }
}

fn figures(progress: &Progress) -> String {
    let left = (progress.epochs - progress.epoch) * progress.images + progress.images - progress.done;
    let seconds = (left as f64 / progress.images_per_second) as u64;
    format!(
        "{}   {} images/s, data wait {:.0} %   {}:{:02}:{:02} left",
        format::figures("", &progress.score),
        format::speed(progress.images_per_second),
        progress.waiting * 100.0,
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn draw_curves(frame: &mut Frame, area: Rect, title: &str, curves: &[Curve; 2]) {
    let values = || curves.iter().flatten().map(|&(_, value)| value);
    let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    if low > high {
        return;
    }
    let last = curves.iter().flatten().fold(1.0, |last: f64, &(epoch, _)| last.max(epoch));
    let datasets = [("training", Color::Blue), ("validation", Color::Red)].iter().zip(curves);
    let datasets = datasets.map(|((name, color), curve)| {
        let dataset = Dataset::default().name(*name).marker(Marker::Braille).graph_type(GraphType::Line);
        dataset.style(Style::new().fg(*color)).data(curve)
    });
    let x = Axis::default().bounds([0.0, last]).labels(["0".to_owned(), format!("{last:.1} epochs")]);
    let y = Axis::default().bounds([low, high]).labels([format!("{low:.3}"), format!("{high:.3}")]);
    let chart = Chart::new(datasets.collect()).block(Block::bordered().title(title)).x_axis(x).y_axis(y);
    // The names are shown as long as they fit: by default they hide on all but tall screens.
    frame.render_widget(chart.hidden_legend_constraints([Constraint::Percentage(100); 2].into()), area);
}

#[cfg(test)]
mod tests {
    use ratatui::backend::TestBackend;

    use super::*;
    fn screen(view: &View, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view.draw(frame)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn shows_curves_progress_speed_and_time_left() {
        let mut view = View::default();
        let score = Score { loss: 0.25, accuracy: Some(0.75), images: 50, ..Score::default() };
        view.end_epoch(&EpochReport {
            epoch: 1,
            val_loss: 0.5,
            val_accuracy: Some(0.5),
            ..EpochReport::default()
        });
        view.advance(&Progress {
            epoch: 2,
            epochs: 3,
            done: 50,
            images: 100,
            score,
            images_per_second: 2.0,
            waiting: 0.25,
        });
        let text = screen(&view, 120, 20);
        let words = [
            "loss 0.2500 accuracy 0.7500",
            "0:01:15 left",
            "epoch 2/3  50 %",
            "data wait 25 %",
            "validation",
            "val_accuracy 0.5000",
        ];
        for word in words {
            assert!(text.contains(word), "{word} in\n{text}");
        }
    }

    #[test]
    fn no_screen_is_too_small() {
        let mut view = View::default();
        screen(&view, 80, 24);
        view.end_epoch(&EpochReport::default());
        for (width, height) in [(1, 1), (10, 3), (300, 2)] {
            screen(&view, width, height);
        }
    }
}
