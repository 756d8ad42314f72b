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

/// The figures of every class, the confusions, and the share of labels among the first answers.
pub(super) fn tables(assessment: &Assessment) -> String {
    let scores = assessment.confusion().class_scores();
    let rows: Vec<Vec<String>> = scores
        .iter()
        .enumerate()
        .map(|(class, score)| {
            let figures = [score.precision, score.recall, score.f1].map(|figure| format!("{figure:.4}"));
            [class.to_string()].into_iter().chain(figures).chain([thousands(score.images)]).collect()
        })
        .collect();
    let mut text = table(&["Class", "Precision", "Recall", "F1", "Images"], &rows) + "\n";
    text += &if rows.len() <= MATRIX { matrix(assessment.confusion()) } else { most(assessment.confusion()) };
    text + &format!("\ntop-{} accuracy {:.4}\n", assessment.top(), assessment.top_accuracy())
}

fn matrix(confusion: &Confusion) -> String {
    let cells = |(label, row): (usize, &[u64])| {
        [label.to_string()].into_iter().chain(row.iter().map(|&count| thousands(count))).collect::<Vec<_>>()
    };
    let rows: Vec<_> = confusion.rows().enumerate().map(cells).collect();
    let classes: Vec<String> = (0..rows.len()).map(|class| class.to_string()).collect();
    let heading: Vec<&str> =
        ["Label \\ answer"].into_iter().chain(classes.iter().map(String::as_str)).collect();
    table(&heading, &rows)
}

fn most(confusion: &Confusion) -> String {
    let of_label = |(label, row): (usize, &[u64])| {
        let wrong = row.iter().enumerate().filter(move |&(answer, &count)| answer != label && count > 0);
        wrong.map(|(answer, &count)| (count, label, answer)).collect::<Vec<_>>()
    };
    let mut wrong: Vec<_> = confusion.rows().enumerate().flat_map(of_label).collect();
    wrong.sort_by_key(|&(count, label, answer)| (std::cmp::Reverse(count), label, answer));
    let row = |&(count, label, answer): &(u64, usize, usize)| {
        vec![label.to_string(), answer.to_string(), thousands(count)]
    };
    let rows: Vec<_> = wrong.iter().take(LISTED).map(row).collect();
    table(&["Most frequent confusions: label", "Answer", "Images"], &rows)
}

/// One object in one line.
pub(super) fn json(assessment: &Assessment) -> String {
    let score = assessment.score();
    let object = json!({
        "accuracy": score.accuracy,
        "loss": score.loss,
        "images": score.images,
        "top": assessment.top(),
        "top_accuracy": assessment.top_accuracy(),
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
            Assessment::new(LossKind::CrossEntropy { smoothing: 0.0, class_weights: None }, classes, 2);
        let mut logits = vec![0.0; classes];
        logits[1] = 5.0;
        [0, 1, 1].into_iter().for_each(|label| assessment.add(&logits, label));
        assessment
    }

    #[test]
    fn few_classes_have_a_matrix() {
        let text = tables(&assessment(2));
        assert!(text.contains("1         0.6667  1.0000  0.8000       2\n"), "{text}");
        assert!(text.contains("Label \\ answer  0  1\n"), "{text}");
        assert!(text.contains("0               0  1\n"), "{text}");
        assert!(text.ends_with("\ntop-2 accuracy 1.0000\n"), "{text}");
    }

    #[test]
    fn many_classes_have_their_confusions_listed() {
        let text = tables(&assessment(30));
        assert!(text.contains("Most frequent confusions: label  Answer  Images\n"), "{text}");
        assert!(text.contains("0                                     1       1\n"), "{text}");
    }

    #[test]
    fn json_holds_everything() {
        let value: serde_json::Value = serde_json::from_str(&json(&assessment(2))).unwrap();
        assert_eq!(value["confusion"], json!([[0, 1], [0, 2]]));
        assert_eq!(value["classes"][1]["recall"], json!(1.0));
        assert_eq!((&value["images"], &value["top_accuracy"]), (&json!(3), &json!(1.0)));
    }
}
