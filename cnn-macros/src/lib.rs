//! The compiler behind `cnn_runtime::network!`.
#![forbid(unsafe_code)]
