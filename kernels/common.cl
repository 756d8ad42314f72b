// What every kernel shares: maps, windows, activation functions, dropout masks and the chain of element-wise operations
// that ends a step. Prepended to each of the other files.
//
// A feature map is [ceil(C/8)][H][W][8] floats ("blocked") in its sample's slab of the arena; lanes past the last channel
// may hold anything, NaN included. Only the network's input is [C][H][W] ("planar"). One float8 is the 8 channels of a block
// at one pixel. The structures are the host's words, one for one.

#define BLOCK 8
// Before a loop over an array that is to live in registers.
#define UNROLL _Pragma("unroll")
#define CHAIN_MAX 16

typedef struct {
    uint offset;  // floats from the start of the slab
    int channels, height, width, planar;
} Map;

typedef struct {
    int kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
} Window;

typedef struct {
    uint kind;       // see apply()
    uint map;        // offset of the map that the operation reads
    uint key;        // of the dropout mask
    uint threshold;  // of the dropout mask
    float value;     // slope, alpha or dropout scale
} Elt;

typedef struct {
    uint count;
    Elt elts[CHAIN_MAX];
} Chain;

static int blocks(int channels) { return (channels + BLOCK - 1) / BLOCK; }

// Floats of one sample.
static int map_length(Map map) {
    return (map.planar ? map.channels : blocks(map.channels) * BLOCK) * map.height * map.width;
}

// Channels of a block that exist.
static int lanes(int channels, int block) { return min(channels - block * BLOCK, BLOCK); }

// `v` in lanes that exist, 0 in padding.
static float8 mask_lanes(float8 v, int count) {
    const int8 lane = (int8)(0, 1, 2, 3, 4, 5, 6, 7);
    return select((float8)(0.0f), v, lane < (int8)(count));
}

// The 8 channels of a block at a pixel of one sample's map; planar maps have 0 in lanes past the last channel.
static float8 load_block(const global float* sample, Map map, int block, int pixel) {
    const int area = map.height * map.width;
    const global float* x = sample + map.offset;
    if (!map.planar) return vload8(block * area + pixel, x);
    float v[BLOCK];
    for (int lane = 0; lane < BLOCK; lane++) {
        const int channel = block * BLOCK + lane;
        v[lane] = channel < map.channels ? x[channel * area + pixel] : 0.0f;
    }
    return vload8(0, v);
}

// 32 random bits of each element: the hash `lowbias32`, as in `cnn_runtime::rng`.
static uint8 element_bits(uint key, uint8 element) {
    uint8 bits = element ^ (uint8)(key);
    bits = (bits ^ (bits >> 16)) * 0x7FEB352Du;
    bits = (bits ^ (bits >> 15)) * 0x846CA68Bu;
    return bits ^ (bits >> 16);
}

static float8 leaky(float8 x, float8 negative) { return select(x, negative, x < 0.0f); }

// f(x)
static float8 activate(uint function, float value, float8 x) {
    switch (function) {
        case 0: return leaky(x, (float8)(0.0f));               // relu; NaN stays NaN
        case 1: return leaky(x, value * x);                    // leaky relu
        case 2: return leaky(x, value * expm1(x));             // elu
        case 3: return 1.0f / (1.0f + exp(-x));                // sigmoid
        default: return tanh(x);
    }
}

// f'(x), where y = f(x)
static float8 derivative(uint function, float value, float8 y) {
    const float8 one = (float8)(1.0f);
    switch (function) {
        case 0: return select((float8)(0.0f), one, y > 0.0f);
        case 1: return select((float8)(value), one, y > 0.0f);
        case 2: return select(y + value, one, y > 0.0f);
        case 3: return y * (1.0f - y);
        default: return 1.0f - y * y;
    }
}

// Applies a chain to 8 neighbours in storage: `position` is that of the first in its map, `element` its number in the
// batch, by which dropout counts. `sample` is the start of the slab.
//
// kinds: 0-4 activation, 5-9 gradient of an activation, 10 dropout, 11 add
static float8 apply(const Chain* chain, float8 v, const global float* sample, uint position, uint element) {
    for (uint i = 0; i < chain->count; i++) {
        const uint kind = chain->elts[i].kind;
        const float value = chain->elts[i].value;
        if (kind < 5) {
            v = activate(kind, value, v);
        } else if (kind == 10) {
            const uint8 bits = element_bits(chain->elts[i].key, element + (uint8)(0, 1, 2, 3, 4, 5, 6, 7));
            v = select((float8)(0.0f), v * value, bits >= (uint8)(chain->elts[i].threshold));
        } else {
            const float8 other = vload8(0, sample + chain->elts[i].map + position);
            v = kind == 11 ? v + other : v * derivative(kind - 5, value, other);
        }
    }
    return v;
}
