//! What the example networks cost, as their papers and PyTorch count it; read by the tests of the
//! compiler and of the command line.

/// Name, parameters, multiply-accumulates of one image in inference, and those that auxiliary heads
/// add in training.
pub const COSTS: [(&str, usize, u64, u64); 13] = [
    ("activations", 12_218, 2_506_912, 0),
    ("alexnet", 60_965_224, 724_406_816, 0),
    ("densenet121", 7_978_856, 2_834_161_664, 0),
    ("efficientnet_b0", 5_288_548, 385_814_752, 0),
    ("googlenet", 13_004_888, 1_498_376_192, 8_372_224),
    ("lenet5", 61_706, 416_520, 0),
    ("mnist", 1_199_882, 11_992_448, 0),
    ("mobilenet_v2", 3_504_872, 300_774_272, 0),
    ("resnet18", 11_689_512, 1_814_073_344, 0),
    ("resnet50", 25_557_032, 4_089_184_256, 0),
    ("tv_alexnet", 61_100_840, 714_188_480, 0),
    ("vgg16", 138_357_544, 15_470_264_320, 0),
    ("zfnet", 62_357_608, 1_168_032_896, 0),
];
