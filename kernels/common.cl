// What every kernel shares: maps, windows, activation functions, dropout masks, batch norm and the
// chain of element-wise operations that ends a step. This file stands before each of the others,
// and the names that the host shares (src/shared.rs: BLOCK, ELT_ADD, ...) stand before this one.
//
// A feature map is [ceil(C/8)][H][W][8] floats ("blocked") in its sample's slab of the arena; lanes
// past the last channel may hold anything, NaN included. Only the network's input is [C][H][W]
// ("planar"). One float8 is the 8 channels of a block at one pixel. The structures are the words
// that the host sends (cnn-runtime/src/opencl/words.rs), field by field.
//
// A place within a sample, a length and a count are ints: the host refuses larger ones. A place
// that depends on the sample, or lies behind all samples, is a size_t.

// Stands before a loop over an array that is to live in registers.
#define UNROLL _Pragma("unroll")

typedef struct {
    uint offset;  // floats from the start of the slab
    int channels, height, width, planar;
} Map;

typedef struct {
    int kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, pad_end_h, pad_end_w, dilation_h, dilation_w;
} Window;

// An element-wise operation; apply() shows which fields an operation uses.
typedef struct {
    uint kind;                          // ELT_...
    uint function;                      // ACT_... of an activation or its gradient, or whether slopes are shared
    uint map;                           // offset in the slab
    uint key, threshold;                // of a dropout mask
    uint mean, deviation, gamma, beta;  // places of the vectors of batch norm; gamma also of slopes
    uint dgamma;                        // of ELT_NORMALIZE_GRAD: place of gamma's gradient, and beta of beta's
    float value;                        // slope, alpha, beta, dropout scale, eps, or 1 / (batch * area)
} Elt;

// The end of a step: operations on its result, and where that is stored.
typedef struct {
    uint y;            // offset of the result's map in the slab
    uint area;         // its pixels
    uint length;       // its floats
    uint batch;
    uint count;
    Elt elts[EPILOGUE_LEN];
} Chain;

// The buffers of a network.
typedef struct {
    global float* arena;
    uint slab;
    const global float* params;
    const global float* grads;
} Memory;

// The first arguments of every kernel with a chain, and its buffers.
#define STEP global float *arena, uint slab, const global float *params, const global float *grads, Chain chain
#define MEMORY {arena, slab, params, grads}

static int blocks(int channels) { return (channels + BLOCK - 1) / BLOCK; }

// The floats of one sample of a map.
static int map_length(Map map) {
    return (map.planar ? map.channels : blocks(map.channels) * BLOCK) * map.height * map.width;
}

// The number of channels of a block that exist.
static int lanes(int channels, int block) { return min(channels - block * BLOCK, BLOCK); }

// `v` in lanes that exist, 0 in padding.
static float8 mask_lanes(float8 v, int count) {
    const int8 lane = (int8)(0, 1, 2, 3, 4, 5, 6, 7);
    return select((float8)(0.0f), v, lane < (int8)(count));
}

static float sum_lanes(float8 v) {
    const float4 half_sum = v.lo + v.hi;
    return (half_sum.x + half_sum.y) + (half_sum.z + half_sum.w);
}

// The 8 channels of a block at a pixel of one sample's map; a planar map has 0 in lanes past its
// last channel.
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

// One channel at a pixel of one sample's map.
static float load_channel(const global float* sample, Map map, int channel, int pixel) {
    const int area = map.height * map.width;
    const int place = map.planar ? channel * area + pixel : (channel / BLOCK * area + pixel) * BLOCK + channel % BLOCK;
    return sample[map.offset + place];
}

// 32 random bits of each element: the hash `lowbias32`, as in `cnn_runtime::rng`.
static uint8 element_bits(uint key, uint8 element) {
    uint8 bits = element ^ (uint8)(key);
    bits = (bits ^ (bits >> 16)) * 0x7FEB352Du;
    bits = (bits ^ (bits >> 15)) * 0x846CA68Bu;
    return bits ^ (bits >> 16);
}

static float8 sigmoid(float8 x) { return 1.0f / (1.0f + exp(-x)); }

static float8 leaky(float8 x, float8 negative) { return select(x, negative, x < 0.0f); }

// The nearest number from 0 to 6; NaN stays NaN.
static float8 clamp6(float8 x) {
    const float8 v = leaky(x, (float8)(0.0f));
    return select(v, (float8)(6.0f), v > 6.0f);
}

// The probability that a standard normal number is below x.
static float8 normal_below(float8 x) { return 0.5f * erfc(x * -0.70710678f); }

// 2 sqrt(2 / pi) (x + 0.044715 x^3): gelu_tanh is x times its sigmoid, and `rise` its derivative.
static float8 gelu_inner(float8 x, float8* rise) {
    const float root = 1.59576912f;
    *rise = fma(x * x, (float8)(3.0f * 0.044715f * root), (float8)(root));
    return x * fma(x * x, (float8)(0.044715f * root), (float8)(root));
}

// The derivative of x * sigmoid(inner(x)), `rise` that of inner.
static float8 through_sigmoid(float8 x, float8 inner, float8 rise) {
    const float8 share = sigmoid(inner), fall = share * (1.0f - share);
    // Far out, where the sigmoid does not change any more, x * rise may be infinite.
    return select(share, fma(x * rise, fall, share), fall > 0.0f);
}

// y = f(x); NaN stays NaN.
static float8 activate(uint function, float value, float8 x) {
    switch (function) {
        case ACT_RELU: return leaky(x, (float8)(0.0f));
        case ACT_RELU6: return clamp6(x);
        case ACT_LEAKY_RELU: return leaky(x, value * x);
        case ACT_ELU: return leaky(x, value * expm1(x));
        case ACT_SIGMOID: return sigmoid(x);
        case ACT_HARD_SIGMOID: return clamp6(x + 3.0f) * (1.0f / 6.0f);
        case ACT_TANH: return tanh(x);
        case ACT_SOFTPLUS: {
            const float8 v = value * x;
            return (leaky(v, (float8)(0.0f)) + log1p(exp(-fabs(v)))) / value;
        }
        case ACT_SILU: return x * sigmoid(x);
        case ACT_HARD_SWISH: return x * (clamp6(x + 3.0f) * (1.0f / 6.0f));
        case ACT_GELU: return x * normal_below(x);
        case ACT_GELU_TANH: {
            float8 rise;
            return x * sigmoid(gelu_inner(x, &rise));
        }
    }
    return x;
}

// f'(x), where y = f(x), or y = x where that does not tell f'.
static float8 derivative(uint function, float value, float8 y) {
    const float8 zero = (float8)(0.0f), one = (float8)(1.0f);
    switch (function) {
        case ACT_RELU: return select(zero, one, y > 0.0f);
        case ACT_RELU6: return select(zero, one, y > 0.0f && y < 6.0f);
        case ACT_LEAKY_RELU: return select((float8)(value), one, y > 0.0f);
        case ACT_ELU: return select(y + value, one, y > 0.0f);
        case ACT_SIGMOID: return y * (1.0f - y);
        case ACT_HARD_SIGMOID: return select(zero, one / 6.0f, y > 0.0f && y < 1.0f);
        case ACT_TANH: return 1.0f - y * y;
        case ACT_SOFTPLUS: return -expm1(-value * y);
        case ACT_SILU: return through_sigmoid(y, y, one);
        case ACT_HARD_SWISH: return select(select(y / 3.0f + 0.5f, zero, y < -3.0f), one, y > 3.0f);
        case ACT_GELU: return fma(y * 0.39894228f, exp(-0.5f * y * y), normal_below(y));
        case ACT_GELU_TANH: {
            float8 rise;
            const float8 inner = gelu_inner(y, &rise);
            return through_sigmoid(y, inner, rise);
        }
    }
    return y;
}

// Batch norm's value of x before scale and shift, with 1 / deviation in `inverse`.
static float8 standard(const Elt* elt, float8 x, const global float* fixed, uint block,
                       float8* inverse) {
    *inverse = vload8(block, fixed + elt->deviation);
    return (x - vload8(block, fixed + elt->mean)) * *inverse;
}

// Batch norm in training, with the statistics of the batch.
static float8 normalize(const Elt* elt, float8 v, const Memory* memory, const global float* fixed,
                        uint block) {
    float8 inverse;
    const float8 gamma = vload8(block, memory->params + elt->gamma);
    const float8 beta = vload8(block, memory->params + elt->beta);
    return fma(standard(elt, v, fixed, block, &inverse), gamma, beta);
}

// Batch norm in inference, with running statistics.
static float8 normalize_running(const Elt* elt, float8 v, const Memory* memory, uint block) {
    const float8 gamma = vload8(block, memory->params + elt->gamma);
    const float8 beta = vload8(block, memory->params + elt->beta);
    const float8 mean = vload8(block, memory->params + elt->mean);
    const float8 variance = vload8(block, memory->params + elt->deviation);
    return fma((v - mean) / sqrt(variance + elt->value), gamma, beta);
}

// The chain rule through it.
static float8 normalize_running_grad(const Elt* elt, float8 v, const Memory* memory, uint block) {
    const float8 gamma = vload8(block, memory->params + elt->gamma);
    const float8 variance = vload8(block, memory->params + elt->deviation);
    return v * (gamma / sqrt(variance + elt->value));
}

// The chain rule through batch norm in training, whose forward input is x.
static float8 normalize_grad(const Elt* elt, float8 v, const Memory* memory, const global float* fixed,
                             uint block, float8 x) {
    float8 inverse;
    const float8 gamma = vload8(block, memory->params + elt->gamma);
    const float8 dgamma = vload8(block, memory->grads + elt->dgamma) * elt->value;
    const float8 dbeta = vload8(block, memory->grads + elt->beta) * elt->value;
    const float8 normal = standard(elt, x, fixed, block, &inverse);
    return gamma * inverse * (v - dbeta - normal * dgamma);
}

// v where `sign` is positive, else v times the slopes of the channels.
static float8 prelu(const Elt* elt, float8 v, const Memory* memory, uint block, float8 sign) {
    const global float* slopes = memory->params + elt->gamma;
    const float8 slope = elt->function ? (float8)(slopes[0]) : vload8(block, slopes);
    return select(v * slope, v, sign > 0.0f);
}

static float8 dropout(const Elt* elt, float8 v, uint element) {
    const uint8 bits = element_bits(elt->key, element + (uint8)(0, 1, 2, 3, 4, 5, 6, 7));
    return select((float8)(0.0f), v * elt->value, bits >= (uint8)(elt->threshold));
}

// Applies a chain to 8 neighbours in storage, the channels of a block at a pixel; `position` is
// that of the first in its map.
static float8 apply(const Chain* chain, float8 v, const Memory* memory, uint n, uint position) {
    const global float* sample = memory->arena + (size_t)n * memory->slab;
    const global float* fixed = memory->arena + (size_t)chain->batch * memory->slab;
    const uint block = position / (chain->area * BLOCK);
    for (uint i = 0; i < chain->count; i++) {
        const Elt* elt = &chain->elts[i];
        const global float* other = sample + elt->map + position;
        switch (elt->kind) {
            case ELT_ACT: v = activate(elt->function, elt->value, v); break;
            case ELT_ACT_GRAD: v *= derivative(elt->function, elt->value, vload8(0, other)); break;
            case ELT_DROPOUT: v = dropout(elt, v, n * chain->length + position); break;
            case ELT_DROPOUT_CHANNELS:
                v = dropout(elt, v, n * (chain->length / chain->area) + block * BLOCK);
                break;
            case ELT_PRELU: v = prelu(elt, v, memory, block, v); break;
            case ELT_PRELU_GRAD: v = prelu(elt, v, memory, block, vload8(0, other)); break;
            case ELT_ADD: v += vload8(0, other); break;
            case ELT_MUL: v *= vload8(0, other); break;
            case ELT_NORMALIZE: v = normalize(elt, v, memory, fixed, block); break;
            case ELT_NORMALIZE_RUNNING: v = normalize_running(elt, v, memory, block); break;
            case ELT_NORMALIZE_RUNNING_GRAD: v = normalize_running_grad(elt, v, memory, block); break;
            case ELT_NORMALIZE_GRAD:
                v = normalize_grad(elt, v, memory, fixed, block, vload8(0, other));
                break;
        }
    }
    return v;
}

// Ends a step: applies its chain and stores the result.
static void finish(const Chain* chain, float8 v, const Memory* memory, uint n, uint position) {
    global float* y = memory->arena + (size_t)n * memory->slab + chain->y;
    vstore8(apply(chain, v, memory, n, position), 0, y + position);
}
