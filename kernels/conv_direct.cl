// Direct convolution without barriers or local memory; every shape is a constant, the batch is not.
//
//   conv              y[o] = bias[o] + sum over i, taps of x[i] * w[o][i]
//   conv, TRANSPOSED  the input gradient: the same gather with x and y exchanged, over filters that conv_transpose built
//   conv_filter_grad  dw[o][i] = sum over samples, pixels of dy[o] * x[i]
//
// A work-item of `conv` keeps BLOCKS output blocks x PIXELS pixels in registers and, per tap and input channel, does one float8
// multiply-add for each. Filters are [ceil(O/8)][I/groups][KH][KW][8]. Nothing is summed by more than one work-item, so results
// repeat bit for bit.

// The map read by `conv`: the input, or the output's gradient if TRANSPOSED.
#ifndef X_CHANNELS
#define X_CHANNELS 8
#define X_HEIGHT 5
#define X_WIDTH 5
#define X_PLANAR 0
#endif
// The map written by `conv`.
#ifndef Y_CHANNELS
#define Y_CHANNELS 8
#define Y_HEIGHT 3
#define Y_WIDTH 3
#endif
#ifndef GROUPS
#define GROUPS 1
#endif
#ifndef KERNEL_H
#define KERNEL_H 3
#define KERNEL_W 3
#define STRIDE_H 1
#define STRIDE_W 1
#define PAD_H 0
#define PAD_W 0
#define DILATION_H 1
#define DILATION_W 1
#endif
// 1 for the input gradient.
#ifndef TRANSPOSED
#define TRANSPOSED 0
#endif
// 0 if every tap of every pixel lies inside x.
#ifndef PADDED
#define PADDED 1
#endif
// Output blocks of a work-item; all of them in one group.
#ifndef BLOCKS
#define BLOCKS 1
#endif
// Output pixels of a work-item.
#ifndef PIXELS
#define PIXELS 6
#endif
// Taps of a work-item of conv_filter_grad: all where caches are large, 1 where parallelism is.
#ifndef ITEM_TAPS
#define ITEM_TAPS (KERNEL_H * KERNEL_W)
#endif

#define X_AREA (X_HEIGHT * X_WIDTH)
#define Y_AREA (Y_HEIGHT * Y_WIDTH)
#define TAPS (KERNEL_H * KERNEL_W)
#define GROUP_X (X_CHANNELS / GROUPS)
#define GROUP_Y (Y_CHANNELS / GROUPS)
// Distance of neighbouring pixels of x, and the place of a channel at pixel 0.
#define X_STEP (X_PLANAR ? 1 : BLOCK)
#define X_CHANNEL(c) (X_PLANAR ? (c) * X_AREA : (uint)(c) / BLOCK * (X_AREA * BLOCK) + (uint)(c) % BLOCK)
// 1 if the lanes of an output block may belong to different groups.
#define MIXED (GROUPS > 1 && GROUP_Y % BLOCK != 0)

// First input channel of the group of an output channel; padding lanes count as the last channel.
static int first_channel(int output) { return min(output, Y_CHANNELS - 1) / GROUP_Y * GROUP_X; }

// Input `i` of their groups for the 8 outputs of a block, at a pixel.
static float8 load_inputs(const global float* pixel, int block, int i) {
#if MIXED
    float v[BLOCK];
    for (int lane = 0; lane < BLOCK; lane++) v[lane] = pixel[X_CHANNEL(first_channel(block * BLOCK + lane) + i)];
    return vload8(0, v);
#else
    return (float8)(pixel[X_CHANNEL(first_channel(block * BLOCK) + i)]);
#endif
}

// The coordinate in x that a tap meets at a coordinate of y, or -1 where it meets none.
static int source(int y, int tap, int stride, int pad, int dilation, int size) {
#if TRANSPOSED
    const int t = y + pad - tap * dilation;
    return t >= 0 && t % stride == 0 && t / stride < size ? t / stride : -1;
#else
    const int x = y * stride - pad + tap * dilation;
    return !PADDED || (x >= 0 && x < size) ? x : -1;
#endif
}

// Adds the products of one tap for the pixels that are `inside` (all bits set, or none). A pixel's value is used by all blocks
// at once, so that 12 sums, 2 weights and it fit in 16 registers.
static void add_tap(float8 sum[BLOCKS][PIXELS], const global float* x, const int offset[PIXELS],
                    const int inside[PIXELS], const global float* w, int block) {
    for (int i = 0; i < GROUP_X; i++, w += TAPS * BLOCK) {
        float8 weight[BLOCKS];
        UNROLL for (int b = 0; b < BLOCKS; b++) weight[b] = vload8(0, w + b * (GROUP_X * TAPS * BLOCK));
        UNROLL for (int p = 0; p < PIXELS; p++) {
            float8 v = load_inputs(x + offset[p], block, i);
            if (PADDED) v = as_float8(as_int8(v) & (int8)(inside[p]));
            UNROLL for (int b = 0; b < BLOCKS; b++) sum[b][p] = fma(v, weight[b], sum[b][p]);
        }
    }
}

kernel void conv(STEP, uint x_offset, const global float* filters, ulong filter_offset, int bias_offset) {
    const int first_pixel = get_global_id(0) * PIXELS;
    const int first_block = get_global_id(1) * BLOCKS;
    const uint n = get_global_id(2);
    if (first_pixel >= Y_AREA) return;
    const global float* x = arena + (size_t)n * slab + x_offset;
    const global float* w = filters + filter_offset + (size_t)first_block * (GROUP_X * TAPS * BLOCK);

    float8 sum[BLOCKS][PIXELS];
    int row[PIXELS], column[PIXELS];
    UNROLL for (int p = 0; p < PIXELS; p++) {
        const int pixel = min(first_pixel + p, Y_AREA - 1);
        row[p] = pixel / Y_WIDTH;
        column[p] = pixel % Y_WIDTH;
        UNROLL for (int b = 0; b < BLOCKS; b++) {
            sum[b][p] = bias_offset < 0 ? (float8)(0.0f) : vload8(first_block + b, params + bias_offset);
        }
    }
    for (int tap = 0; tap < TAPS; tap++, w += BLOCK) {
        int offset[PIXELS], inside[PIXELS], any = 0;
        UNROLL for (int p = 0; p < PIXELS; p++) {
            const int r = source(row[p], tap / KERNEL_W, STRIDE_H, PAD_H, DILATION_H, X_HEIGHT);
            const int c = source(column[p], tap % KERNEL_W, STRIDE_W, PAD_W, DILATION_W, X_WIDTH);
            inside[p] = !PADDED || (r >= 0 && c >= 0) ? -1 : 0;
            offset[p] = inside[p] & (r * X_WIDTH + c) * X_STEP;
            any |= inside[p];
        }
        if (any) add_tap(sum, x, offset, inside, w, first_block);
    }
    // Out of the registers: the loop below is too long to be unrolled.
    float8 result[BLOCKS * PIXELS];
    UNROLL for (int k = 0; k < BLOCKS * PIXELS; k++) result[k] = sum[k / PIXELS][k % PIXELS];
    const Memory memory = MEMORY;
    for (int k = 0; k < BLOCKS * PIXELS; k++) {
        const int pixel = first_pixel + k % PIXELS;
        if (pixel >= Y_AREA) continue;
        finish(&chain, result[k], &memory, n, ((first_block + k / PIXELS) * Y_AREA + pixel) * BLOCK);
    }
}

// Filters for the input gradient, [ceil(I/8)][O/groups][KH][KW][8], from those of the forward convolution; the program's x is the
// output's gradient (O channels), its y the input's (I channels).
kernel void conv_transpose(const global float* params, ulong filter_offset, global float* transposed, ulong offset) {
    const int tap = get_global_id(0) % TAPS;
    const int o = get_global_id(0) / TAPS;  // within the group
    const int block = get_global_id(1);
    if (o >= GROUP_X) return;
    float lane[BLOCK];
    for (int l = 0; l < BLOCK; l++) {
        const int channel = block * BLOCK + l;
        const int output = first_channel(channel) + o;
        const size_t place = ((size_t)(output / BLOCK) * GROUP_Y + channel % GROUP_Y) * TAPS + tap;
        lane[l] = channel < Y_CHANNELS ? params[filter_offset + place * BLOCK + output % BLOCK] : 0.0f;
    }
    vstore8(vload8(0, lane), ((size_t)block * GROUP_X + o) * TAPS + tap, transposed + offset);
}

#if !TRANSPOSED
// Input channels of a work-item of conv_filter_grad.
#define TILE (GROUP_X < BLOCK ? GROUP_X : BLOCK)
// Work-items: runs of taps, of tiles, of output blocks.
#define TAP_RUNS ((TAPS + ITEM_TAPS - 1) / ITEM_TAPS)
#define TILES ((GROUP_X + BLOCK - 1) / BLOCK)
// 1 if the channels of a tile are neighbours in storage.
#define ADJACENT (!X_PLANAR && !MIXED && (GROUPS == 1 || GROUP_X % BLOCK == 0))

// Channel `j` of the tile that starts at input `first` of the group, at a pixel; past the group's end, anything.
static float8 load_tile(const global float* pixel, int block, int first, int j) {
    if (ADJACENT) return (float8)(pixel[X_CHANNEL(first_channel(block * BLOCK) + first) + j]);
    return load_inputs(pixel, block, min(first + j, GROUP_X - 1));
}

// Adds one sample's gradient of one tap to `sum`.
static void accumulate(float8* sum, const global float* x, const global float* dy, int block, int first, int tap) {
    const int shift_h = tap / KERNEL_W * DILATION_H - PAD_H;
    const int shift_w = tap % KERNEL_W * DILATION_W - PAD_W;
    const int begin = shift_w < 0 ? (STRIDE_W - 1 - shift_w) / STRIDE_W : 0;
    const int end = min(Y_WIDTH, (X_WIDTH - shift_w + STRIDE_W - 1) / STRIDE_W);
    for (int row = 0; row < Y_HEIGHT; row++) {
        const int x_row = row * STRIDE_H + shift_h;
        if (x_row < 0 || x_row >= X_HEIGHT) continue;
        for (int column = begin; column < end; column++) {
            const float8 d = vload8(row * Y_WIDTH + column, dy);
            const global float* pixel = x + (x_row * X_WIDTH + column * STRIDE_W + shift_w) * X_STEP;
            UNROLL for (int j = 0; j < TILE; j++) sum[j] = fma(load_tile(pixel, block, first, j), d, sum[j]);
        }
    }
}

kernel void conv_filter_grad(const global float* arena, uint slab, uint x_offset, uint dy_offset, global float* grads,
                             ulong filter_offset, uint batch) {
    const int id = get_global_id(0);
    const int first_tap = id % TAP_RUNS * ITEM_TAPS;
    const int first = id / TAP_RUNS % TILES * BLOCK;
    const int block = id / (TAP_RUNS * TILES);
    if (block >= blocks(Y_CHANNELS)) return;
    global float* dw = grads + filter_offset + ((size_t)block * GROUP_X + first) * (TAPS * BLOCK);
    const int count = min(TILE, GROUP_X - first);
    for (uint n = 0; n < batch; n++) {
        const global float* x = arena + (size_t)n * slab + x_offset;
        const global float* dy = arena + (size_t)n * slab + dy_offset + block * (Y_AREA * BLOCK);
        for (int tap = first_tap; tap < min(first_tap + ITEM_TAPS, TAPS); tap++) {
            float8 sum[TILE];
            UNROLL for (int j = 0; j < TILE; j++) {
                sum[j] = n > 0 && j < count ? vload8(j * TAPS + tap, dw) : (float8)(0.0f);
            }
            accumulate(sum, x, dy, block, first, tap);
            UNROLL for (int j = 0; j < TILE; j++) {
                if (j < count) vstore8(mask_lanes(sum[j], lanes(Y_CHANNELS, block)), j * TAPS + tap, dw);
            }
        }
    }
}
#endif
