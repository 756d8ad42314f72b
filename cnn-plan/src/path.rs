//! Paths of layers, blocks and parameters, such as `layer1.0.bn1.weight`, and patterns of them.

/// The path of a parameter's layer, then those of the blocks that it is in, the inner ones first.
///
/// ```
/// assert!(cnn_plan::path::parents("layer1.0.bn1.weight").eq(["layer1.0.bn1", "layer1.0", "layer1"]));
/// ```
pub fn parents(path: &str) -> impl Iterator<Item = &str> {
    core::iter::successors(parent(path), |path| parent(path))
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(parent, _)| parent)
}

/// Whether a path is as a pattern says, in which each `*` stands for any characters.
pub fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    // The earliest place of each part leaves most for those behind it.
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_layers_and_blocks() {
        for (pattern, names) in [
            ("layer1", true),
            ("layer1.0", true),
            ("layer*", true),
            ("*.bn1", true),
            ("l*r1.*.b*1", true),
            ("*", true),
            ("layer1.0.bn1", true),
            ("l*1*1", true),
            ("l*1*1*1", false),
            ("**layer1**", true),
            ("layer", false),
            ("layer1.", false),
            ("layer1.0.bn1.weight", false),
            ("bn1", false),
            ("", false),
        ] {
            let found = parents("layer1.0.bn1.weight").any(|path| matches(pattern, path));
            assert_eq!(found, names, "{pattern}");
        }
    }
}
