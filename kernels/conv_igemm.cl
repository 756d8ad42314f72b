// Convolution as a product of matrices (implicit GEMM), for devices whose work-groups have fast
// memory of their own. The matrix of inputs is never stored: tiles of it are gathered from the map.
//
//   conv_igemm              y[o][q] = bias[o] + sum over t of w[o][t] * x[t][q]
//   conv_igemm, TRANSPOSED  the input gradient, over filters that conv_transpose built
//   conv_igemm_grad         dw[o][t] = sum over q of dy[o][q] * x[t][q], for a segment of all q
//   conv_igemm_sum          adds up the segments of conv_igemm_grad
//
// q counts the output pixels of all samples. t counts the terms of an output in blocks of 8: 8
// channels of a block at one tap, or 8 neighbours in [I][KH][KW] where x is planar. A group makes a
// tile of SIDE x SIDE blocks, 64 rows (outputs) by 64 columns, in steps of 8: each of its ITEMS
// work-items loads a float8 of either matrix, and then has 8 float8 sums, the 8 rows of its block
// for each column of its block. Sums have one order, so results repeat bit for bit. Groups of the
// convolution consist of whole blocks.

#define TILE_KERNEL kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))

// The outputs of a group's tile: blocks begin .. end, all in one group of the convolution, whose
// inputs start at `input`.
typedef struct {
    int begin, end, input;
} Rows;

static Rows rows_of(const Shape* shape, int tile) {
    const int length = blocks(shape->group_y), tiles = (length + SIDE - 1) / SIDE;
    const int g = tile / tiles, begin = g * length + tile % tiles * SIDE;
    const Rows rows = {begin, min(begin + SIDE, (g + 1) * length), g * shape->group_x};
    return rows;
}

// The number of blocks of terms of an output.
static int term_blocks(const Shape* shape) {
    const int taps = taps_of(shape);
    return X_PLANAR ? blocks(shape->group_x * taps) : blocks(shape->group_x) * taps;
}

// The place in the filter of an output, [I/groups][KH][KW], of a term of a block; -1 past the last
// one.
static int term_place(const Shape* shape, int block, int lane) {
    const int taps = taps_of(shape);
#if X_PLANAR
    const int place = block * BLOCK + lane;
    return place < shape->group_x * taps ? place : -1;
#else
    const int channel = block / taps * BLOCK + lane;
    return channel < shape->group_x ? channel * taps + block % taps : -1;
#endif
}

// An output pixel q: its sample `n`, which is negative past the last pixel, and its place.
typedef struct {
    int n, row, column;
} Pixel;

static Pixel pixel_of(const Shape* shape, uint q, uint end) {
    const int area = shape->y.height * shape->y.width;
    const Pixel pixel = {q < end ? (int)(q / area) : -1, q % area / shape->y.width, q % area % shape->y.width};
    return pixel;
}

// The position in a plane of x of the value that a tap meets at a pixel, or -1 where it meets none.
static int tap_position(const Shape* shape, Pixel pixel, int tap) {
    const Window w = shape->window;
    const int row = source(pixel.row, tap / w.kernel_w, w.stride_h, w.pad_h, w.dilation_h, shape->x.height);
    const int column = source(pixel.column, tap % w.kernel_w, w.stride_w, w.pad_w, w.dilation_w, shape->x.width);
    return pixel.n >= 0 && row >= 0 && column >= 0 ? row * shape->x.width + column : -1;
}

// A block of terms at a pixel, 0 where there are none. `x` is the map of sample 0, `input` the
// group's first channel.
static float8 load_terms(const Shape* shape, const global float* x, uint slab, Pixel pixel, int input, int block) {
    const int taps = taps_of(shape), area = shape->x.height * shape->x.width;
    x += (size_t)max(pixel.n, 0) * slab;
#if X_PLANAR
    float v[BLOCK];
    for (int lane = 0; lane < BLOCK; lane++) {
        const int place = term_place(shape, block, lane);
        const int position = place < 0 ? -1 : tap_position(shape, pixel, place % taps);
        v[lane] = position < 0 ? 0.0f : x[(input + place / taps) * area + position];
    }
    return vload8(0, v);
#else
    const int first = block / taps * BLOCK, position = tap_position(shape, pixel, block % taps);
    if (position < 0 || first >= shape->group_x) return (float8)(0.0f);
    return mask_lanes(vload8((input + first) / BLOCK * area + position, x), shape->group_x - first);
#endif
}

// sum[j] += row * column[j], over 8 steps; `rows` and `columns` are an item's blocks of the tiles.
static void multiply(float8 sum[BLOCK], const local float8* rows, const local float8* columns) {
    UNROLL for (int k = 0; k < BLOCK; k++) {
        const float8 row = rows[k * SIDE], column = columns[k * SIDE];
        sum[0] = fma(row, (float8)(column.s0), sum[0]);
        sum[1] = fma(row, (float8)(column.s1), sum[1]);
        sum[2] = fma(row, (float8)(column.s2), sum[2]);
        sum[3] = fma(row, (float8)(column.s3), sum[3]);
        sum[4] = fma(row, (float8)(column.s4), sum[4]);
        sum[5] = fma(row, (float8)(column.s5), sum[5]);
        sum[6] = fma(row, (float8)(column.s6), sum[6]);
        sum[7] = fma(row, (float8)(column.s7), sum[7]);
    }
}

TILE_KERNEL void conv_igemm(STEP, Shape shape, const global float* filters, ulong filter_offset, int bias_offset, uint batch) {
    local float8 weight_tile[BLOCK * SIDE], term_tile[BLOCK * SIDE];  // [step][block]
    const int id = get_local_id(0), k = id / SIDE, area = shape.y.height * shape.y.width;
    const Rows rows = rows_of(&shape, get_group_id(1));
    const uint first = get_group_id(0) * ITEMS, end = batch * area;
    const Pixel pixel = pixel_of(&shape, first + id, end);
    const int loaded = rows.begin + id % SIDE;
    const global float* w = filters + filter_offset + (size_t)loaded * (shape.group_x * taps_of(&shape) * BLOCK);

    float8 sum[BLOCK];
    UNROLL for (int j = 0; j < BLOCK; j++) sum[j] = (float8)(0.0f);
    for (int block = 0; block < term_blocks(&shape); block++) {
        const int place = term_place(&shape, block, k);
        weight_tile[id] = place >= 0 && loaded < rows.end ? vload8(place, w) : (float8)(0.0f);
        float terms[BLOCK];
        vstore8(load_terms(&shape, arena + shape.x.offset, slab, pixel, rows.input, block), 0, terms);
        UNROLL for (int j = 0; j < BLOCK; j++) ((local float*)term_tile)[j * ITEMS + id] = terms[j];
        barrier(CLK_LOCAL_MEM_FENCE);
        multiply(sum, weight_tile + id % SIDE, term_tile + id / SIDE);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (loaded >= rows.end) return;
    const float8 bias = bias_offset < 0 ? (float8)(0.0f) : vload8(loaded, params + bias_offset);
    float8 result[BLOCK];
    UNROLL for (int j = 0; j < BLOCK; j++) result[j] = sum[j] + bias;
    const Memory memory = MEMORY;
    for (int j = 0; j < BLOCK; j++) {
        const uint q = first + id / SIDE * BLOCK + j;
        if (q < end) finish(&chain, result[j], &memory, q / area, (loaded * area + q % area) * BLOCK);
    }
}

#if !TRANSPOSED
// The gradient of the filters for one segment of all `positions` output pixels; `partial` is
// [segment] of filters.
TILE_KERNEL void conv_igemm_grad(const global float* arena, uint slab, Shape shape, global float* partial, uint positions) {
    local float8 slope_tile[BLOCK * SIDE], term_tile[BLOCK * SIDE];  // [step][block]
    const int id = get_local_id(0), area = shape.y.height * shape.y.width;
    const Rows rows = rows_of(&shape, get_group_id(1));
    const uint s = get_group_id(2), segments = get_num_groups(2);
    const uint begin = (ulong)positions * s / segments, end = (ulong)positions * (s + 1) / segments;
    const int loaded = rows.begin + id % SIDE, first_terms = get_group_id(0) * SIDE;

    float8 sum[BLOCK];
    UNROLL for (int j = 0; j < BLOCK; j++) sum[j] = (float8)(0.0f);
    for (uint q = begin; q < end; q += BLOCK) {
        const Pixel pixel = pixel_of(&shape, q + id / SIDE, end);
        const global float* dy = arena + (size_t)max(pixel.n, 0) * slab + shape.y.offset;
        const int is_inside = pixel.n >= 0 && loaded < rows.end;
        const int position = loaded * area + pixel.row * shape.y.width + pixel.column;
        slope_tile[id] = is_inside ? vload8(position, dy) : (float8)(0.0f);
        term_tile[id] = load_terms(&shape, arena + shape.x.offset, slab, pixel, rows.input, first_terms + id % SIDE);
        barrier(CLK_LOCAL_MEM_FENCE);
        multiply(sum, slope_tile + id % SIDE, term_tile + id / SIDE);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (loaded >= rows.end) return;
    const int length = shape.group_x * taps_of(&shape);
    global float* dw = partial + ((size_t)s * blocks(shape.y.channels) + loaded) * (length * BLOCK);
    float8 result[BLOCK];
    UNROLL for (int j = 0; j < BLOCK; j++) result[j] = mask_lanes(sum[j], lanes(shape.y.channels, loaded));
    for (int j = 0; j < BLOCK; j++) {
        const int place = term_place(&shape, first_terms + id / SIDE, j);
        if (place >= 0) vstore8(result[j], place, dw);
    }
}

// Adds up the segments; a work-item has one of the `count` float8 of all filters.
kernel void conv_igemm_sum(const global float* partial, uint segments, uint count, global float* grads, ulong filter_offset) {
    const uint id = get_global_id(0);
    if (id >= count) return;
    float8 sum = vload8(id, partial);
    for (uint s = 1; s < segments; s++) sum += vload8((size_t)s * count + id, partial);
    vstore8(sum, id, grads + filter_offset);
}
#endif
