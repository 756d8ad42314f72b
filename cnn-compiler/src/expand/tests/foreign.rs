//! Words of Keras and torch, and which of this language their errors name.

use super::complaints;

/// A word is answered by one that means the same, and by none where there is none.
#[test]
fn words_of_other_libraries_are_understood() {
    let layers = [
        ("linear Linear fc Dense", "dense"),
        ("bn BatchNorm2d BatchNormalization batchnorm", "batch_norm"),
        ("Conv2d Conv2D conv2d Convolution2D", "conv"),
        ("MaxPooling2D MaxPool2d maxpool", "max_pool"),
        ("AvgPool2d AveragePooling2D", "avg_pool"),
        ("GlobalAveragePooling2D gap", "global_avg_pool"),
        ("AdaptiveAvgPool2d", "adaptive_avg_pool"),
        ("Flatten", "flatten"),
        ("Dropout", "dropout"),
        ("Dropout2d SpatialDropout2D", "channel_dropout"),
        ("ReLU", "relu"),
        ("ReLU6", "relu6"),
        ("LeakyReLU LeakyRelu", "leaky_relu"),
        ("SiLU swish Swish", "silu"),
        ("Hardswish", "hard_swish"),
        ("Sigmoid", "sigmoid"),
        ("UpSampling2D Upsample", "upsample"),
        ("ZeroPadding2D ZeroPad2d", "zero_pad"),
        ("Concatenate cat", "concat"),
    ];
    for (words, meant) in layers {
        for word in words.split(' ') {
            let found = complaints(&format!("input -> {word} -> flatten -> dense(10)"));
            assert_eq!(found, [format!("unknown layer or block `{word}`; did you mean `{meant}`?")]);
        }
    }
    for word in ["mish", "selu", "celu", "rrelu", "hardtanh", "swiglu", "softmin", "lstm", "conv3d", "deconv"]
    {
        let found = complaints(&format!("input -> {word} -> flatten -> dense(10)"));
        assert!(found[0].contains("; known are"), "{found:?}");
    }
    let arguments = [
        ("conv(8, 3, padding = 1)", "pad"),
        ("conv(filters = 8, kernel = 3)", "channels"),
        ("conv(8, kernel_size = 3)", "kernel"),
        ("conv(8, 3, strides = 2)", "stride"),
        ("conv(8, 3, use_bias = false)", "bias"),
        ("max_pool(pool_size = 2)", "kernel"),
        ("dropout(p = 0.5)", "rate"),
        ("batch_norm(epsilon = 0.1)", "eps"),
        ("leaky_relu(negative_slope = 0.1)", "slope"),
        ("leaky_relu(alpha = 0.1)", "slope"),
        ("upsample(scale_factor = 2)", "scale"),
    ];
    for (layer, meant) in arguments {
        let found = complaints(&format!("input -> {layer} -> flatten -> dense(10)"));
        assert!(found[0].ends_with(&format!("; did you mean `{meant}`?")), "{layer}: {found:?}");
    }
    let settings = [
        ("batch_size = 8", "batch"),
        ("lr_schedule = cosine", "schedule"),
        ("loss = bce", "binary_cross_entropy"),
        ("loss = nll_loss", "cross_entropy"),
        ("loss = categorical_crossentropy", "cross_entropy"),
        ("loss = sparse_categorical_crossentropy", "cross_entropy"),
        ("optimizer = Adam", "adam"),
        ("optimizer = SGD", "sgd"),
        ("optimizer = adam(learning_rate = 0.1)", "lr"),
        ("optimizer = adam(eps = 0.1)", "epsilon"),
        ("schedule = step(step_size = 3)", "every"),
    ];
    for (setting, meant) in settings {
        let found = complaints(&format!("input -> flatten -> dense(10) train {{ {setting} }}"));
        assert!(found[0].ends_with(&format!("; did you mean `{meant}`?")), "{setting}: {found:?}");
    }
}
