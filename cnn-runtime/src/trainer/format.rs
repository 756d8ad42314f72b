//! Numbers and tables for humans.

use crate::train::Score;

/// Decimal digits in groups of three: `1,199,882`.
pub(super) fn thousands(value: impl Into<u128>) -> String {
    let digits = value.into().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Images per second: `1,234`, and of slow networks `3.4` or `0.25`.
pub(super) fn speed(images_per_second: f64) -> String {
    match images_per_second {
        slow if slow < 1.0 => format!("{slow:.2}"),
        slow if slow < 10.0 => format!("{slow:.1}"),
        fast => thousands(fast.round() as u64),
    }
}

/// `26 x 26 x 32`, as a shape in a table.
pub(super) fn dims(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}

/// `loss 0.2500 accuracy 0.7500`, each name with a prefix.
pub(super) fn figures(prefix: &str, score: &Score) -> String {
    let loss = format!("{prefix}loss {:.4}", score.loss);
    score.figures().fold(loss, |text, (name, value)| text + &format!(" {prefix}{name} {value:.4}"))
}

/// All words of a text in one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Rows under a heading and a rule, two spaces between columns; the first column is aligned left,
/// the others right.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let heading: Vec<String> = heading.iter().map(|&text| text.into()).collect();
    let all = || std::iter::once(&heading).chain(rows);
    let widths: Vec<usize> = (0..heading.len())
        .map(|column| all().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let mut line = format!("{:<width$}", row[0], width = widths[0]);
        for (cell, &width) in row.iter().zip(&widths).skip(1) {
            line += &format!("  {cell:>width$}");
        }
        line.trim_end().to_owned() + "\n"
    };
    let rule = "-".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1)) + "\n";
    line(&heading) + &rule + &rows.iter().map(line).collect::<String>() + &rule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_in_groups() {
        assert_eq!(thousands(0u64), "0");
        assert_eq!(thousands(999u64), "999");
        assert_eq!(thousands(1_199_882u64), "1,199,882");
        assert_eq!(thousands(138_357_544u64), "138,357,544");
    }

    #[test]
    fn slow_networks_have_a_speed() {
        assert_eq!([0.254, 3.44, 99.6, 1234.4].map(speed), ["0.25", "3.4", "100", "1,234"]);
    }

    #[test]
    fn columns_line_up() {
        let text =
            table(&["Layer", "MACs"], &[vec!["a".into(), "1,000".into()], vec!["bbbbbb".into(), "2".into()]]);
        assert_eq!(text, "Layer    MACs\n-------------\na       1,000\nbbbbbb      2\n-------------\n");
    }
}
