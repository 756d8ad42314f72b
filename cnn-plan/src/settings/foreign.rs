//! Words of Keras and torch: which word of this language means the same, and what to write where no
//! single word does.
//!
//! Case, `_`, and what those libraries add to a name (`Conv2d`, `MSELoss`, `StepLR`) do not matter:
//! the words of the tables are in lower case and without them.

use alloc::{string::String, vec, vec::Vec};

/// The candidate that means what another library calls `word`.
pub(super) fn same<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    forms(word).iter().find_map(|form| {
        let means =
            |candidate: &&&str| plain(candidate) == *form || names(candidate).contains(&form.as_str());
        candidates.iter().find(means).copied()
    })
}

/// What to write for `word` where it stands for no single word of `what`: a layer, an optimizer or
/// whatever else takes arguments.
pub(super) fn advice(what: &str, word: &str) -> Option<&'static str> {
    let forms = forms(word);
    let applies = |row: &&Advice| {
        let is_meant = row.takers.is_empty() || row.takers.contains(&what);
        is_meant && forms.iter().any(|form| row.words.contains(&form.as_str()))
    };
    ADVICE.iter().find(applies).map(|row| row.text)
}

/// True for what another library has and this language has not: that it is spelled like something
/// else means nothing.
pub(super) fn is_absent(word: &str) -> bool {
    let word = plain(word);
    forms(&word).iter().any(|form| ABSENT.contains(&form.as_str()))
        || word.ends_with("1d")
        || word.ends_with("3d")
}

/// The word as the tables have it, and without what its library adds.
fn forms(word: &str) -> Vec<String> {
    let word = plain(word);
    let bare = ["2d", "loss", "lr"].iter().find_map(|ending| word.strip_suffix(ending));
    let bare = bare.filter(|bare| !bare.is_empty()).map(String::from);
    let mut forms = vec![word];
    forms.extend(bare);
    forms
}

fn plain(word: &str) -> String {
    word.chars().filter(|letter| !matches!(letter, '_' | '-')).flat_map(char::to_lowercase).collect()
}

fn names(candidate: &str) -> &'static [&'static str] {
    SAME.iter().find(|(word, _)| *word == candidate).map_or(&[], |(_, names)| names)
}

/// Words of this language, each with what others call the same.
const SAME: &[(&str, &[&str])] = &[
    // Layers
    ("conv", &["convolution"]),
    ("dense", &["linear", "fc", "fullyconnected"]),
    ("batch_norm", &["bn", "batchnormalization", "batchnormalisation", "batchnorm1d"]),
    ("group_norm", &["gn", "groupnormalization"]),
    ("layer_norm", &["ln", "layernormalization"]),
    ("lrn", &["localresponsenorm", "localresponsenormalization"]),
    ("max_pool", &["maxpooling"]),
    ("avg_pool", &["averagepooling", "averagepool", "avgpooling", "meanpool"]),
    ("global_avg_pool", &["globalaveragepooling", "globalaveragepool", "globalavgpooling", "gap"]),
    ("global_max_pool", &["globalmaxpooling", "gmp"]),
    ("adaptive_avg_pool", &["adaptiveaveragepool", "adaptiveaveragepooling"]),
    ("leaky_relu", &["lrelu"]),
    ("silu", &["swish"]),
    ("hard_swish", &["hardsilu"]),
    ("sigmoid", &["logistic"]),
    ("channel_dropout", &["dropout2d", "spatialdropout"]),
    ("zero_pad", &["zeropadding", "pad"]),
    ("crop", &["cropping"]),
    ("upsample", &["upsampling", "interpolate"]),
    ("flatten", &["flat"]),
    ("add", &["sum", "plus"]),
    ("concat", &["concatenate", "cat"]),
    ("mul", &["multiply", "times"]),
    // Arguments of layers, and fields of a feature map
    ("channels", &["filters", "outchannels", "numfilters", "outputchannels", "c", "depth"]),
    ("height", &["h", "rows"]),
    ("width", &["w", "cols", "columns"]),
    ("units", &["outfeatures", "features", "neurons", "outputdim"]),
    ("kernel", &["kernelsize", "poolsize", "filtersize", "ksize", "size"]),
    ("stride", &["strides"]),
    ("pad", &["padding", "pads"]),
    ("dilation", &["dilationrate"]),
    ("groups", &["numgroups"]),
    ("bias", &["usebias"]),
    ("rate", &["p", "prob", "probability", "droprate", "dropprob"]),
    ("eps", &["epsilon"]),
    ("slope", &["negativeslope", "alpha"]),
    ("ceil", &["ceilmode"]),
    ("scale", &["scalefactor", "size", "rescale", "rescaling"]),
    ("mode", &["interpolation"]),
    ("init", &["kernelinitializer", "weightinit", "initializer"]),
    ("bias_init", &["biasinitializer"]),
    ("glorot_uniform", &["xavieruniform"]),
    ("glorot_normal", &["xaviernormal"]),
    ("he_uniform", &["kaiminguniform"]),
    ("he_normal", &["kaimingnormal"]),
    // Sections, and the settings of training
    ("train", &["training", "fit", "compile"]),
    ("data", &["dataset", "preprocess", "preprocessing", "transform", "transforms"]),
    ("augment", &["augmentation", "augmentations"]),
    ("params", &["parameters", "weights"]),
    ("loss", &["criterion", "lossfn", "lossfunction", "objective"]),
    ("optimizer", &["opt", "optim", "optimiser"]),
    ("schedule", &["scheduler", "lrscheduler", "lrschedule"]),
    ("batch", &["batchsize"]),
    ("epochs", &["numepochs", "nepochs", "maxepochs"]),
    ("accumulate", &["accumulationsteps", "gradaccumulation", "gradientaccumulation"]),
    ("clip_norm", &["clip", "gradclip", "maxnorm", "maxgradnorm", "gradientclip"]),
    ("average", &["ema", "emadecay"]),
    // Losses
    (
        "cross_entropy",
        &["categoricalcrossentropy", "sparsecategoricalcrossentropy", "softmaxcrossentropy", "nll", "ce"],
    ),
    ("binary_cross_entropy", &["bce", "bcewithlogits", "binarycrossentropy"]),
    ("mse", &["meansquarederror", "l2"]),
    ("mae", &["meanabsoluteerror", "l1"]),
    ("huber", &["smoothl1"]),
    ("label_smoothing", &["smoothing"]),
    ("class_weights", &["weight", "weights", "classweight"]),
    // Optimizers and schedules
    ("lr", &["learningrate"]),
    ("weight_decay", &["wd", "l2"]),
    ("epsilon", &["eps"]),
    ("alpha", &["rho"]),
    ("step", &["stepdecay"]),
    ("exponential", &["exponentialdecay"]),
    ("cosine", &["cosineannealing", "cosinedecay"]),
    ("polynomial", &["poly", "polynomialdecay", "linear"]),
    ("plateau", &["reducelronplateau", "reduceonplateau"]),
    ("every", &["stepsize"]),
    ("factor", &["gamma", "decayrate"]),
    ("rise", &["pctstart"]),
    ("start_divisor", &["divfactor"]),
    ("end_divisor", &["finaldivfactor"]),
    ("warm_up", &["warmupepochs"]),
    // Stages
    ("flip", &["hflip", "horizontalflip", "fliphorizontal", "randomhorizontalflip", "randomflip"]),
    ("flip_vertical", &["vflip", "verticalflip", "randomverticalflip"]),
    ("rotate", &["rotation", "randomrotation", "randomrotate"]),
    ("normalise", &["normalization"]),
    ("probability", &["p", "prob"]),
    ("degrees", &["angle"]),
];

/// What to write instead of some words.
struct Advice {
    /// What takes the words; nothing for all that take arguments.
    takers: &'static [&'static str],
    words: &'static [&'static str],
    text: &'static str,
}

const fn write(
    takers: &'static [&'static str],
    words: &'static [&'static str],
    text: &'static str,
) -> Advice {
    Advice { takers, words, text }
}

const ADVICE: &[Advice] = &[
    write(&["layer"], &["activation"], "write the function itself, as in `-> relu`"),
    write(&["layer"], &["logsoftmax"], "cross_entropy takes raw scores; leave it out"),
    write(
        &["layer"],
        &["depthwiseconv", "separableconv", "depthwise"],
        "a depthwise convolution is `x -> conv(x.channels, 3, groups = x.channels)`",
    ),
    write(&["layer"], &["sequential"], "layers are chained by `->`"),
    write(&["layer"], &["reshape", "view"], "`flatten` alone changes a shape without changing its values"),
    write(&["layer"], &["squeezeexcite", "se"], "multiply by a gate: `mul(x, gate)`"),
    write(
        &["layer"],
        &["input", "inputlayer"],
        "the network's input is `input`, of the shape that its type says",
    ),
    write(&["layer"], &["conv1d", "convolution1d"], "a kernel of one row is a pair, as in `conv(8, (1, 3))`"),
    write(&["layer"], &["max", "min"], "write `if a > b { a } else { b }`"),
    write(&["init", "bias_init"], &["zeros", "zero"], "write `0`"),
    write(&["init", "bias_init"], &["ones", "one"], "write `1`"),
    write(&["init"], &["xavier", "glorot"], "write `glorot_uniform` or `glorot_normal`"),
    write(&["init"], &["kaiming", "he"], "write `he_uniform` or `he_normal`"),
    write(&["concat"], &["axis", "dim"], "it joins along the channels; leave it out"),
    write(&["layer"], &["range"], "write a range as `0..3`"),
    write(&["layer"], &["len"], "a feature map has `x.channels`, `x.height` and `x.width`"),
    write(
        &["layer"],
        &["print", "println", "dbg", "summary"],
        "a program's command `summary` shows all shapes",
    ),
    write(&["name"], &["true"], "write `true`"),
    write(&["name"], &["false"], "write `false`"),
    write(&["name"], &["none", "null", "nil"], "leave the argument out"),
    write(&["name"], &["inputs", "image", "img", "data", "self"], "the network's input is `input`"),
    write(
        &["stage"],
        &["batch", "batchsize", "epochs", "optimizer", "loss"],
        "it is a setting of `train { … }`, as in `train { batch = 64 }`",
    ),
    write(
        &["stage"],
        &["path", "root", "folder", "dataset", "name", "mnist", "fashionmnist", "cifar10", "cifar100"],
        "which images there are is an option of the program, as in `--data mnist`",
    ),
    write(&["stage"], &["randomerasing", "randomerase"], "a square of zeros is `cutout(8)`"),
    write(&["flip"], &["vertical", "mode", "direction"], "top and bottom are exchanged by `flip_vertical`"),
    write(
        &["schedule"],
        &["warmup", "linearwarmup"],
        "a warm-up stands before a course, as in `constant(warm_up = 5)`",
    ),
    write(&["layer"], &["argmax"], "a network ends in its scores, of which the highest is the answer"),
    write(&["stage"], &["totensor"], "pixels enter as numbers from 0 to 255; write `scale(1 / 255)`"),
    write(
        &["resize", "center_crop", "random_crop", "random_resized_crop", "adaptive_avg_pool"],
        &["size", "outputsize"],
        "write the height, or the height and the width, without a name",
    ),
    write(&["random_crop"], &["pad", "padding"], "padding is a stage before it: `pad(4), random_crop(32)`"),
    write(&["adam", "adamw"], &["betas"], "write `beta1 = 0.9, beta2 = 0.99`"),
    write(&["adam", "adamw"], &["momentum"], "its momentum is `beta1`"),
    write(
        &["train"],
        &[
            "lr",
            "learningrate",
            "momentum",
            "nesterov",
            "weightdecay",
            "wd",
            "l2",
            "betas",
            "beta1",
            "beta2",
            "eps",
            "epsilon",
        ],
        "it is a setting of the optimizer, as in `optimizer = sgd(lr = 0.01)`",
    ),
    write(
        &["train"],
        &["warmup", "warmupepochs", "milestones", "gamma", "stepsize"],
        "it is a setting of the schedule, as in `schedule = cosine(warm_up = 2)`",
    ),
    write(
        &["train"],
        &["labelsmoothing", "classweights", "classweight"],
        "it is a setting of the loss, as in `loss = cross_entropy(label_smoothing = 0.1)`",
    ),
    write(
        &["train"],
        &["seed", "device", "output", "threads"],
        "it is an option of the program, as in `--seed 7`",
    ),
    write(
        &["cosine", "one_cycle", "polynomial"],
        &["tmax", "totalsteps", "totaliters", "epochs", "stepsperepoch", "decaysteps"],
        "it ends with the epochs of training; leave it out",
    ),
    write(
        &["cosine", "polynomial"],
        &["etamin", "endlearningrate"],
        "`end` is the last rate, as a share of the optimizer's `lr`",
    ),
    write(&["one_cycle"], &["maxlr"], "the highest rate is the optimizer's `lr`"),
    write(&[], &["patience"], "waiting for a lower loss is the schedule `plateau(patience = 10)`"),
    write(
        &[],
        &[
            "inchannels",
            "infeatures",
            "inputshape",
            "inputdim",
            "inputsize",
            "numfeatures",
            "normalizedshape",
        ],
        "it is known from the layer before; leave it out",
    ),
    write(&[], &["activation", "nonlinearity"], "write the function behind the layer, as in `-> relu`"),
    write(&[], &["name"], "a name stands before its layer, as in `conv1: conv(8, 3)`"),
    write(&[], &["trainable", "requiresgrad"], "write `freeze = true` for what is not trained"),
    write(&[], &["inplace"], "the compiler plans the memory; leave it out"),
    write(&[], &["fromlogits", "reduction"], "losses take raw scores and are means; leave it out"),
    write(
        &[],
        &["kernelregularizer", "regularizer"],
        "weight decay is the optimizer's, as in `optimizer = adamw(weight_decay = 0.01)`",
    ),
];

/// Functions, layers and rules of their own that are spelled like others.
const ABSENT: &[&str] = &[
    "selu",
    "celu",
    "crelu",
    "rrelu",
    "swiglu",
    "softmin",
    "softplus6",
    "hardtanh",
    "hardshrink",
    "mish",
    "adamax",
    "adafactor",
    "adagradda",
    "rmspropgraves",
    "msle",
    "mape",
    "convtranspose",
    "convlstm",
    "deconv",
    "adaptivemaxpool",
    "fractionalmaxpool",
    "reshape",
    "dropconnect",
    "droppath",
    "dropblock",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_another_library_names_what_means_the_same() {
        for (word, candidates, meant) in [
            ("Linear", &["conv", "dense"][..], Some("dense")),
            ("BatchNorm2d", &["batch_norm"], Some("batch_norm")),
            ("Dropout2d", &["dropout", "channel_dropout"], Some("channel_dropout")),
            ("NLLLoss", &["mse", "cross_entropy"], Some("cross_entropy")),
            ("eps", &["epsilon"], Some("epsilon")),
            ("epsilon", &["eps"], Some("eps")),
            ("size", &["kernel", "stride"], Some("kernel")),
            ("padding", &["units"], None),
            ("lr", &["loss"], None),
        ] {
            assert_eq!(same(word, candidates), meant, "{word}");
        }
    }

    #[test]
    fn the_tables_are_in_their_own_spelling() {
        let same = SAME.iter().flat_map(|(_, names)| *names);
        let advice = ADVICE.iter().flat_map(|row| row.words);
        for word in same.chain(advice).chain(ABSENT) {
            assert_eq!(plain(word), *word);
        }
    }
}
