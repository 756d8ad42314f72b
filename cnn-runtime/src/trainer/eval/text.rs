//! An assessment for readers, as tables, and for programs, as JSON.

use serde_json::json;

use crate::{
    train::{Assessment, Confusion},
    trainer::format::{table, thousands},
};

/// Classes up to which the whole confusion matrix is printed.
const MATRIX: usize = 20;

/// Confusions listed where the matrix would be too large.
const LISTED: usize = 20;

/// The figures of the classes that are the label or the answer of an image, the confusions, and the
/// share of labels among the first answers.
pub(super) fn tables(assessment: &Assessment, names: &[String]) -> String {
    let (scores, met) = (assessment.confusion().class_scores(), met(assessment.confusion()));
    let row = |&class: &usize| {
        let score = &scores[class];
        let figures = [score.precision, score.recall, score.f1].map(|figure| format!("{figure:.4}"));
        [names[class].clone()].into_iter().chain(figures).chain([thousands(score.images)]).collect()
    };
    let rows: Vec<Vec<String>> = met.iter().map(row).collect();
    let mut text = table(&["Class", "Precision", "Recall", "F1", "Images"], &rows) + "\n";
    text += &if met.len() <= MATRIX {
        matrix(assessment.confusion(), &met, names)
    } else {
        most(assessment.confusion(), names)
    };
    text + &format!("\ntop-{} accuracy {:.4}\n", assessment.top(), assessment.top_accuracy())
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

/// One object in one line; classes in order of the network's outputs.
pub(super) fn json(assessment: &Assessment, names: &[String]) -> String {
    let score = assessment.score();
    let object = json!({
        "accuracy": score.accuracy,
        "loss": score.loss,
        "images": score.images,
        "top": assessment.top(),
        "top_accuracy": assessment.top_accuracy(),
        "names": names,
        "classes": assessment.confusion().class_scores(),
        "confusion": assessment.confusion().rows().collect::<Vec<_>>(),
    });
    object.to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::LossKind;

    fn assessment(classes: usize) -> Assessment {
        let mut assessment =
            Assessment::new(LossKind::CrossEntropy { smoothing: 0.0, class_weights: None }, classes, 2)
                .unwrap();
        let mut logits = vec![0.0; classes];
        logits[1] = 5.0;
        [0, 1, 1].into_iter().for_each(|label| assessment.add(&logits, label).unwrap());
        assessment
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
        (0..30).for_each(|label| assessment.add(&[0.0; 30], label).unwrap());
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
