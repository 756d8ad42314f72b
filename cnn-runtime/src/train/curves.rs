//! Draws loss and accuracy, or of real values R², over the epochs, of training and of validation, as
//! `curves.svg`.

use std::{ops::Range, path::PathBuf};

use cnn_core::{Error, Result, files};
use plotters::{
    chart::{ChartBuilder, SeriesLabelPosition},
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::PathElement,
    series::LineSeries,
    style::{BLACK, BLUE, Color, RED, RGBColor, WHITE},
};
use plotters::{coord::Shift, prelude::SVGBackend};

use super::{Callback, EpochReport, Flow, Start};
use crate::session::Session;

/// Width and height in pixels.
const SIZE: (u32, u32) = (960, 420);

/// A callback that draws `curves.svg` after every epoch.
#[derive(Clone, Debug)]
pub struct Curves {
    path: PathBuf,
}

impl Curves {
    /// Draws in a folder, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> Curves {
        Curves { path: folder.into().join("curves.svg") }
    }

    fn write(&self, history: &[EpochReport]) -> Result<Flow> {
        if history.is_empty() {
            return Ok(Flow::Continue);
        }
        let failed = |error| Error::Io { path: self.path.clone(), action: "draw", source: error };
        let svg = draw(history).map_err(|error| failed(std::io::Error::other(error.to_string())))?;
        files::replace(&self.path, svg.as_bytes())?;
        Ok(Flow::Continue)
    }
}

impl Callback for Curves {
    /// Draws the epochs of the run that goes on here: it may have been in another folder.
    fn on_start(&mut self, _session: &mut Session, start: &Start) -> Result<Flow> {
        self.write(start.history)
    }

    fn on_epoch_end(&mut self, _session: &mut Session, history: &[EpochReport]) -> Result<Flow> {
        self.write(history)
    }
}

type Drawn<T> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// A number that an epoch's report holds.
type Figure = fn(&EpochReport) -> f64;

/// One number, as it is in training and in validation.
struct Panel<'a> {
    title: &'a str,
    training: Figure,
    validation: Figure,
}

fn draw(history: &[EpochReport]) -> Drawn<String> {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(SIZE.0 / 2);
    let loss = Panel { title: "Loss", training: |report| report.loss, validation: |report| report.val_loss };
    let accuracy = Panel {
        title: "Accuracy",
        training: |report| report.accuracy.unwrap_or(f64::NAN),
        validation: |report| report.val_accuracy.unwrap_or(f64::NAN),
    };
    let determination = Panel {
        title: "Coefficient of determination",
        training: |_| f64::NAN,
        validation: |report| report.validation(0).r2.unwrap_or(f64::NAN),
    };
    let has_accuracy = history.iter().any(|report| report.val_accuracy.is_some());
    draw_panel(&left, history, &loss)?;
    draw_panel(&right, history, if has_accuracy { &accuracy } else { &determination })?;
    area.present()?;
    drop((left, right, area));
    Ok(svg)
}

fn draw_panel(area: &DrawingArea<SVGBackend, Shift>, history: &[EpochReport], panel: &Panel) -> Drawn<()> {
    let values = history.iter().flat_map(|report| [(panel.training)(report), (panel.validation)(report)]);
    let epochs = 1..history.len().max(2);
    let mut chart = ChartBuilder::on(area)
        .caption(panel.title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(32)
        .y_label_area_size(48)
        .build_cartesian_2d(epochs, limits(values))?;
    chart.configure_mesh().x_desc("epoch").light_line_style(WHITE).draw()?;
    let curves: [(&str, RGBColor, Figure); 2] =
        [("training", BLUE, panel.training), ("validation", RED, panel.validation)];
    for (name, color, value) in curves {
        let points = (1..).zip(history.iter().map(value)).filter(|(_, value)| value.is_finite());
        let line = LineSeries::new(points, color.stroke_width(2)).point_size(2);
        let legend = move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color);
        chart.draw_series(line)?.label(name).legend(legend);
    }
    let labels = chart.configure_series_labels();
    { labels }.position(SeriesLabelPosition::MiddleRight).background_style(WHITE).border_style(BLACK).draw()
}

/// The range of the finite values and a little more on both sides, so that no curve runs along an
/// edge.
fn limits(values: impl Iterator<Item = f64> + Clone) -> Range<f64> {
    let values = values.filter(|value| value.is_finite());
    if values.clone().next().is_none() {
        return 0.0..1.0;
    }
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(f64::NEG_INFINITY, f64::max);
    let margin = ((most - least) * 0.05).max(1e-3);
    least - margin..most + margin
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::report;

    #[test]
    fn one_epoch_and_many_are_drawn() {
        for epochs in [1, 30] {
            let history: Vec<_> = (1..=epochs).map(|epoch| report(epoch, 0.5, 1.0 / epoch as f64)).collect();
            let svg = draw(&history).unwrap();
            for word in ["<svg", "Loss", "Accuracy", "training", "validation", "epoch", "</svg>"] {
                assert!(svg.contains(word), "{word} in {svg}");
            }
        }
    }
}
