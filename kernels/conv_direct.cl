// Direct convolution without barriers or local memory.
//
//   conv              y[o] = bias[o] + sum over i, taps of x[i] * w[o][i]
//   conv, TRANSPOSED  the input gradient: the same gather with x and y exchanged, over filters that
//                     conv_transpose built
//   conv_filter_grad  dw[o][i] = sum over samples, pixels of dy[o] * x[i]
//
// A work-item of `conv` keeps BLOCKS output blocks x PIXELS pixels in registers and, per tap and
// input channel, does one float8 multiply-add for each. Nothing is summed by more than one
// work-item, so results repeat bit for bit. The constants beside those of conv.cl:
//
//   MIXED   1 if groups do not consist of whole blocks
//   BLOCKS  output blocks of a work-item, all of them in one group
//   PIXELS  output pixels of a work-item
//   TILE    input channels of a work-item of conv_filter_grad

// Distance of a channel of x from channel 0 at the same pixel.
static uint channel_place(const Shape* shape, uint channel) {
    const uint area = shape->x.height * shape->x.width;
    return X_PLANAR ? channel * area : channel / BLOCK * (area * BLOCK) + channel % BLOCK;
}
// Distance of neighbouring pixels of x.
#define X_STEP (X_PLANAR ? 1 : BLOCK)

// Input `i` of their groups for the 8 outputs of a block, at a pixel; `first` is the first input of
// the block's group.
static float8 load_inputs(const Shape* shape, const global float* pixel, int block, int first, int i) {
#if MIXED
    float v[BLOCK];
    for (int lane = 0; lane < BLOCK; lane++) {
        v[lane] = pixel[channel_place(shape, first_channel(shape, block * BLOCK + lane) + i)];
    }
    return vload8(0, v);
#else
    return (float8)(pixel[channel_place(shape, first + i)]);
#endif
}

// Adds the products of one tap for the pixels that are `inside` (all bits set, or none). A pixel's
// value is used by all blocks at once, so that 10 sums, 2 weights and the value fit in 16
// registers.
static void add_tap(float8 sum[BLOCKS][PIXELS], const Shape* shape, const global float* x, const int offset[PIXELS],
                    const int inside[PIXELS], const global float* w, int block, int first) {
    const int channels = shape->group_x, step = taps_of(shape) * BLOCK;
    for (int i = 0; i < channels; i++, w += step) {
        float8 weight[BLOCKS];
        UNROLL for (int b = 0; b < BLOCKS; b++) weight[b] = vload8(0, w + b * (channels * step));
        UNROLL for (int p = 0; p < PIXELS; p++) {
            float8 v = load_inputs(shape, x + offset[p], block, first, i);
            if (PADDED) v = as_float8(as_int8(v) & (int8)(inside[p]));
            UNROLL for (int b = 0; b < BLOCKS; b++) sum[b][p] = fma(v, weight[b], sum[b][p]);
        }
    }
}

kernel void conv(STEP, Shape shape, const global float* filters, ulong filter_offset, int bias_offset) {
    const int first_pixel = get_global_id(0) * PIXELS;
    const int first_block = get_global_id(1) * BLOCKS;
    const uint n = get_global_id(2);
    const int area = shape.y.height * shape.y.width, taps = taps_of(&shape);
    if (first_pixel >= area) return;
    const global float* x = arena + (size_t)n * slab + shape.x.offset;
    const global float* w = filters + filter_offset + (size_t)first_block * (shape.group_x * taps * BLOCK);
    const int first = first_channel(&shape, first_block * BLOCK);

    float8 sum[BLOCKS][PIXELS];
    int row[PIXELS], column[PIXELS];
    UNROLL for (int p = 0; p < PIXELS; p++) {
        const int pixel = min(first_pixel + p, area - 1);
        row[p] = pixel / shape.y.width;
        column[p] = pixel % shape.y.width;
        UNROLL for (int b = 0; b < BLOCKS; b++) {
            sum[b][p] = bias_offset < 0 ? (float8)(0.0f) : vload8(first_block + b, params + bias_offset);
        }
    }
    const Window window = shape.window;
    for (int tap = 0; tap < taps; tap++, w += BLOCK) {
        const int tap_row = tap / window.kernel_w, tap_column = tap % window.kernel_w;
        int offset[PIXELS], inside[PIXELS], any = 0;
        UNROLL for (int p = 0; p < PIXELS; p++) {
            const int r = source(row[p], tap_row, window.stride_h, window.pad_h, window.dilation_h, shape.x.height);
            const int c = source(column[p], tap_column, window.stride_w, window.pad_w, window.dilation_w,
                                 shape.x.width);
            inside[p] = !PADDED || (r >= 0 && c >= 0) ? -1 : 0;
            offset[p] = inside[p] & (r * shape.x.width + c) * X_STEP;
            any |= inside[p];
        }
        if (any) add_tap(sum, &shape, x, offset, inside, w, first_block, first);
    }
    // The sums leave their registers: the loop below is too long to be unrolled.
    float8 result[BLOCKS * PIXELS];
    UNROLL for (int k = 0; k < BLOCKS * PIXELS; k++) result[k] = sum[k / PIXELS][k % PIXELS];
    const Memory memory = MEMORY;
    for (int k = 0; k < BLOCKS * PIXELS; k++) {
        const int pixel = first_pixel + k % PIXELS;
        if (pixel >= area) continue;
        finish(&chain, result[k], &memory, n, ((first_block + k / PIXELS) * area + pixel) * BLOCK);
    }
}

#if !TRANSPOSED
// Channel `j` of the tile that starts at input `first` of the group, at a pixel; past the group's
// end, anything. `base` is the first input of the block's group.
static float8 load_tile(const Shape* shape, const global float* pixel, int block, int base, int first, int j) {
#if X_PLANAR || MIXED
    return load_inputs(shape, pixel, block, base, min(first + j, shape->group_x - 1));
#else
    return (float8)(pixel[channel_place(shape, base + first) + j]);
#endif
}

// Adds one sample's gradient of one tap to `sum`.
static void accumulate(float8* sum, const Shape* shape, const global float* x, const global float* dy, int block, int first,
                       int tap) {
    const Window window = shape->window;
    const int shift_h = tap / window.kernel_w * window.dilation_h - window.pad_h;
    const int shift_w = tap % window.kernel_w * window.dilation_w - window.pad_w;
    const int stride = window.stride_w;
    const int begin = shift_w < 0 ? (stride - 1 - shift_w) / stride : 0;
    const int end = min(shape->y.width, (shape->x.width - shift_w + stride - 1) / stride);
    const int base = first_channel(shape, block * BLOCK);
    for (int row = 0; row < shape->y.height; row++) {
        const int x_row = row * window.stride_h + shift_h;
        if (x_row < 0 || x_row >= shape->x.height) continue;
        for (int column = begin; column < end; column++) {
            const float8 d = vload8(row * shape->y.width + column, dy);
            const global float* pixel = x + (x_row * shape->x.width + column * stride + shift_w) * X_STEP;
            UNROLL for (int j = 0; j < TILE; j++) {
                sum[j] = fma(load_tile(shape, pixel, block, base, first, j), d, sum[j]);
            }
        }
    }
}

// The gradient of the filters. A work-item has `item_taps` taps of a tile of input channels and a
// block of outputs: all taps where caches are large, one where parallelism is.
kernel void conv_filter_grad(const global float* arena, uint slab, Shape shape, global float* grads, ulong filter_offset,
                             uint batch, int item_taps) {
    const int taps = taps_of(&shape), area = shape.y.height * shape.y.width;
    const int runs = (taps + item_taps - 1) / item_taps, tiles = (shape.group_x + BLOCK - 1) / BLOCK;
    const int id = get_global_id(0);
    const int first_tap = id % runs * item_taps;
    const int first = id / runs % tiles * BLOCK;
    const int block = id / (runs * tiles);
    if (block >= blocks(shape.y.channels)) return;
    global float* dw = grads + filter_offset + ((size_t)block * shape.group_x + first) * (taps * BLOCK);
    const int count = min(TILE, shape.group_x - first);
    for (uint n = 0; n < batch; n++) {
        const global float* x = arena + (size_t)n * slab + shape.x.offset;
        const global float* dy = arena + (size_t)n * slab + shape.y.offset + block * (area * BLOCK);
        for (int tap = first_tap; tap < min(first_tap + item_taps, taps); tap++) {
            float8 sum[TILE];
            UNROLL for (int j = 0; j < TILE; j++) {
                sum[j] = n > 0 && j < count ? vload8(j * taps + tap, dw) : (float8)(0.0f);
            }
            accumulate(sum, &shape, x, dy, block, first, tap);
            UNROLL for (int j = 0; j < TILE; j++) {
                if (j < count) vstore8(mask_lanes(sum[j], lanes(shape.y.channels, block)), j * taps + tap, dw);
            }
        }
    }
}
#endif
