//! The data sets that can be fetched: where they are, and what they must be.
//!
//! A checksum of an IDX file is of its contents, whatever compressed it; mirrors differ in that.
//! All checksums were compared with at least one other published list.

use super::{Form, Remote, Source};

/// MNIST, from mirrors: LeCun's own site has long refused programs.
pub const MNIST: Source = Source {
    mirrors: &[
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    ],
    files: &[
        idx("train-images-idx3-ubyte.gz", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        idx("train-labels-idx1-ubyte.gz", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        idx("t10k-images-idx3-ubyte.gz", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        idx("t10k-labels-idx1-ubyte.gz", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ],
};

/// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017).
pub const FASHION_MNIST: Source = Source {
    mirrors: &[
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    ],
    files: &[
        idx("train-images-idx3-ubyte.gz", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        idx("train-labels-idx1-ubyte.gz", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        idx("t10k-images-idx3-ubyte.gz", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        idx("t10k-labels-idx1-ubyte.gz", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
    ],
};

/// CIFAR-10 (Krizhevsky 2009), 162 MB.
pub const CIFAR10: Source = Source {
    mirrors: TORONTO,
    files: &[Remote {
        name: "cifar-10-binary.tar.gz",
        form: Form::Archive { folder: "cifar-10-batches-bin", holds: "test_batch.bin" },
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    }],
};

/// CIFAR-100 (Krizhevsky 2009), 161 MB.
pub const CIFAR100: Source = Source {
    mirrors: TORONTO,
    files: &[Remote {
        name: "cifar-100-binary.tar.gz",
        form: Form::Archive { folder: "cifar-100-binary", holds: "test.bin" },
        sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    }],
};

const TORONTO: &[&str] = &["https://www.cs.toronto.edu/~kriz"];

const fn idx(name: &'static str, sha256: &'static str) -> Remote {
    Remote { name, form: Form::Gzip, sha256 }
}
