//! An assessment for readers, as tables, and for programs, as JSON.

use serde_json::json;

use crate::{
    train::{Assessment, ClassScore, Confusion, Details, ValueScore},
    trainer::format::{table, thousands},
};

/// Classes up to which the whole confusion matrix is printed.
const MATRIX: usize = 20;

/// Confusions listed where the matrix would be too large.
const LISTED: usize = 20;

/// What stands behind a score.
pub(super) fn tables(assessment: &Assessment, names: &[String]) -> String {
    match assessment.details() {
        Details::Classes { confusion, top, top_accuracy } => {
            of_classes(confusion, names) + &format!("\ntop-{top} accuracy {top_accuracy:.4}\n")
        }
        Details::Labels(scores) => {
            table(&["Label", "Precision", "Recall", "F1", "Images"], &rows(&scores, 0..names.len(), names))
        }
        Details::Values(scores) => {
            let row = |(score, name): (&ValueScore, &String)| {
                let figures = [score.mae, score.rmse, score.r2].map(|figure| format!("{figure:.4}"));
                [name.clone()].into_iter().chain(figures).collect()
            };
            let rows: Vec<Vec<String>> = scores.iter().zip(names).map(row).collect();
            table(&["Value", "MAE", "RMSE", "R2"], &rows)
        }
    }
}

/// A row for each of some classes or labels.
fn rows(
    scores: &[ClassScore],
    classes: impl IntoIterator<Item = usize>,
    names: &[String],
) -> Vec<Vec<String>> {
    let row = |class: usize| {
        let score = &scores[class];
        let figures = [score.precision, score.recall, score.f1].map(|figure| format!("{figure:.4}"));
        [names[class].clone()].into_iter().chain(figures).chain([thousands(score.images)]).collect()
    };
    classes.into_iter().map(row).collect()
}

/// The figures of the classes that are the label or the answer of an image, and the confusions.
fn of_classes(confusion: &Confusion, names: &[String]) -> String {
    let met = met(confusion);
    let rows = rows(&confusion.class_scores(), met.iter().copied(), names);
    let figures = table(&["Class", "Precision", "Recall", "F1", "Images"], &rows) + "\n";
    figures + &if met.len() <= MATRIX { matrix(confusion, &met, names) } else { most(confusion, names) }
}

/// The classes that are the label or the answer of an image.
fn met(confusion: &Confusion) -> Vec<usize> {
    let rows: Vec<&[u64]> = confusion.rows().collect();
    let is_met =
        |&class: &usize| rows[class].iter().any(|&count| count > 0) || rows.iter().any(|row| row[class] > 0);
    (0..rows.len()).filter(is_met).collect()
}

/// Images by label and answer, of some classes.
fn matrix(confusion: &Confusion, classes: &[usize], names: &[String]) -> String {
    let counts: Vec<&[u64]> = confusion.rows().collect();
    let row = |&label: &usize| {
        let cells = classes.iter().map(|&answer| thousands(counts[label][answer]));
        [names[label].clone()].into_iter().chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = classes.iter().map(row).collect();
    let heading = ["Label \\ answer"].into_iter().chain(classes.iter().map(|&class| names[class].as_str()));
    table(&heading.collect::<Vec<_>>(), &rows)
}

/// The most frequent confusions.
fn most(confusion: &Confusion, names: &[String]) -> String {
    let of_label = |(label, row): (usize, &[u64])| {
        let wrong = row.iter().enumerate().filter(move |&(answer, &count)| answer != label && count > 0);
        wrong.map(|(answer, &count)| (count, label, answer)).collect::<Vec<_>>()
    };
    let mut wrong: Vec<_> = confusion.rows().enumerate().flat_map(of_label).collect();
    wrong.sort_by_key(|&(count, label, answer)| (std::cmp::Reverse(count), label, answer));
    let row = |&(count, label, answer): &(u64, usize, usize)| {
        vec![names[label].clone(), names[answer].clone(), thousands(count)]
    };
    let rows: Vec<_> = wrong.iter().take(LISTED).map(row).collect();
    table(&["Most frequent confusions: label", "Answer", "Images"], &rows)
}

/// One object in one line; classes, labels or values in order of the network's outputs.
pub(super) fn json(assessment: &Assessment, names: &[String]) -> String {
    let score = assessment.score();
    let mut object = json!({ "loss": score.loss, "images": score.images, "names": names });
    score.figures().for_each(|(name, value)| object[name] = json!(value));
    match assessment.details() {
        Details::Classes { confusion, top, top_accuracy } => {
            object["top"] = json!(top);
            object["top_accuracy"] = json!(top_accuracy);
            object["classes"] = json!(confusion.class_scores());
            object["confusion"] = json!(confusion.rows().collect::<Vec<_>>());
        }
        Details::Labels(scores) => object["labels"] = json!(scores),
        Details::Values(scores) => object["values"] = json!(scores),
    }
    object.to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use cnn_core::Targets;

    use super::*;
    use crate::plan::{Description, Meaning, Port, TargetKind};

    /// An assessment of answers of this kind.
    fn answers(target: TargetKind, outputs: usize) -> Assessment {
        let shape = vec![outputs].leak();
        let ports = vec![Port { name: "output", shape, meaning: Meaning::Answer(target) }].leak();
        let description = Description { outputs: ports, ..Description::EMPTY };
        Assessment::new(&description, 2).unwrap()
    }

    fn assessment(classes: usize) -> Assessment {
        let mut assessment = answers(TargetKind::Class, classes);
        let mut logits = vec![0.0; classes];
        logits[1] = 5.0;
        [0, 1, 1].into_iter().for_each(|label| add(&mut assessment, &logits, label));
        assessment
    }

    fn add(assessment: &mut Assessment, logits: &[f32], label: u32) {
        assessment.add(logits, Targets::Classes(&[label])).unwrap();
    }

    #[test]
    fn labels_and_values_have_a_row_each() {
        let mut labels = answers(TargetKind::Labels, 2);
        labels.add(&[1.0, -1.0], Targets::Values(&[1.0, 1.0])).unwrap();
        let text = tables(&labels, &names(2));
        assert!(text.contains("kind1     0.0000  0.0000  0.0000       1\n"), "{text}");
        let mut values = answers(TargetKind::Values, 2);
        values.add(&[1.0, -1.0], Targets::Values(&[1.0, 1.0])).unwrap();
        let text = tables(&values, &names(2));
        assert!(text.contains("kind1  2.0000  2.0000  0.0000\n"), "{text}");
        let value: serde_json::Value = serde_json::from_str(&json(&values, &names(2))).unwrap();
        assert_eq!((&value["r2"], &value["values"][1]["mae"]), (&json!(0.5), &json!(2.0)));
    }

    fn names(classes: usize) -> Vec<String> {
        (0..classes).map(|class| format!("kind{class}")).collect()
    }

    #[test]
    fn few_classes_have_a_matrix() {
        let text = tables(&assessment(3), &names(3));
        assert!(text.contains("kind1     0.6667  1.0000  0.8000       2\n"), "{text}");
        assert!(text.contains("Label \\ answer  kind0  kind1\n"), "{text}");
        assert!(text.contains("kind0               0      1\n"), "{text}");
        assert!(text.ends_with("\ntop-2 accuracy 1.0000\n"), "{text}");
    }

    #[test]
    fn classes_without_images_and_answers_are_left_out() {
        let text = tables(&assessment(1000), &names(1000));
        assert!(text.contains("Label \\ answer  kind0  kind1\n") && !text.contains("kind2"), "{text}");
    }

    #[test]
    fn many_classes_have_their_confusions_listed() {
        let mut assessment = assessment(30);
        (0..30).for_each(|label| add(&mut assessment, &[0.0; 30], label));
        let text = tables(&assessment, &names(30));
        assert!(text.contains("Most frequent confusions: label  Answer  Images\n"), "{text}");
        assert!(text.contains("kind0                             kind1       1\n"), "{text}");
    }

    #[test]
    fn json_holds_everything() {
        let value: serde_json::Value = serde_json::from_str(&json(&assessment(2), &names(2))).unwrap();
        assert_eq!(value["confusion"], json!([[0, 1], [0, 2]]));
        assert_eq!(value["names"], json!(["kind0", "kind1"]));
        assert_eq!(value["classes"][1]["recall"], json!(1.0));
        assert_eq!((&value["images"], &value["top_accuracy"]), (&json!(3), &json!(1.0)));
    }
}
