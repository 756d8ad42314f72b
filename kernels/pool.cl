// Pooling and its gradient. A work-item makes the 8 channels of a block at one pixel.
//
//   POOL_MAX         the first maximum in row-major order; padding never wins, NaN does
//   POOL_AVG_PADDED  the sum divided by the number of taps inside the padded input
//   POOL_AVG_INSIDE  the sum divided by the number of taps inside the input
//   adaptive         output row r of R is the mean of input rows floor(r * H / R) up to
//                    ceil((r + 1) * H / R), and columns alike
//
// The gradient is a gather: each pixel of dx looks up the windows that have it, so every element is
// written once. For the maximum, pool_winners first notes the tap that wins each window. Loops run
// over taps inside the input and windows that have the pixel, however large the arguments of a
// layer are.

// Elements begin .. end.
typedef struct {
    int begin, end;
} Range;

// The taps of window y that lie inside an input, along one dimension.
static Range taps_inside(int y, int taps, int stride, int pad, int dilation, int size) {
    const int first = y * stride - pad;  // where tap 0 lies
    const int begin = first < 0 ? (dilation - 1 - first) / dilation : 0;
    const int end = first < size ? min(taps, (size - first + dilation - 1) / dilation) : 0;
    const Range range = {begin, max(begin, end)};
    return range;
}

static Range rows_inside(Map x, Window w, int y_row) {
    return taps_inside(y_row, w.kernel_h, w.stride_h, w.pad_h, w.dilation_h, x.height);
}

static Range columns_inside(Map x, Window w, int y_column) {
    return taps_inside(y_column, w.kernel_w, w.stride_w, w.pad_w, w.dilation_w, x.width);
}

static int area_of(Range rows, Range columns) {
    return (rows.end - rows.begin) * (columns.end - columns.begin);
}

// The maximum of a window and the tap it came from.
typedef struct {
    float8 value;
    int8 tap;
} Best;

static Best window_max(const global float* sample, Map x, Window w, int block, int y_row, int y_column) {
    const Range rows = rows_inside(x, w, y_row), columns = columns_inside(x, w, y_column);
    Best best = {(float8)(-INFINITY), (int8)(-1)};
    for (int i = rows.begin; i < rows.end; i++) {
        const int row = y_row * w.stride_h - w.pad_h + i * w.dilation_h;
        for (int j = columns.begin; j < columns.end; j++) {
            const int column = y_column * w.stride_w - w.pad_w + j * w.dilation_w;
            const float8 v = load_block(sample, x, block, row * x.width + column);
            const int8 wins = (v > best.value) | (best.tap < 0) | (isnan(v) & ~isnan(best.value));
            best.value = select(best.value, v, wins);
            best.tap = select(best.tap, (int8)(i * w.kernel_w + j), wins);
        }
    }
    return best;
}

// The number of taps by which the sum of a window is divided.
static float divisor(Map x, Window w, int kind, int y_row, int y_column) {
    switch (kind) {
        case POOL_AVG_INSIDE: break;
        case POOL_AVG_PADDED:
            x.height += w.pad_h + w.pad_end_h;
            x.width += w.pad_w + w.pad_end_w;
            w.pad_h = w.pad_w = 0;
            break;
    }
    return area_of(rows_inside(x, w, y_row), columns_inside(x, w, y_column));
}

static float8 window_mean(const global float* sample, Map x, Window w, int kind, int block, int y_row,
                          int y_column) {
    const Range rows = rows_inside(x, w, y_row), columns = columns_inside(x, w, y_column);
    float8 sum = (float8)(0.0f);
    for (int i = rows.begin; i < rows.end; i++) {
        const int row = y_row * w.stride_h - w.pad_h + i * w.dilation_h;
        for (int j = columns.begin; j < columns.end; j++) {
            const int column = y_column * w.stride_w - w.pad_w + j * w.dilation_w;
            sum += load_block(sample, x, block, row * x.width + column);
        }
    }
    return sum / divisor(x, w, kind, y_row, y_column);
}

kernel void pool(STEP, Map x, Map y, Window w, int kind) {
    const int area = y.height * y.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(y.channels) * area) return;
    const int block = id / area, row = id % area / y.width, column = id % y.width;
    const global float* sample = arena + (size_t)n * slab;
    const Memory memory = MEMORY;
    const float8 v = kind == POOL_MAX ? window_max(sample, x, w, block, row, column).value
                                      : window_mean(sample, x, w, kind, block, row, column);
    finish(&chain, v, &memory, n, id * BLOCK);
}

// Notes the tap that wins each window: [sample][block][height][width][8], as y.
kernel void pool_winners(const global float* arena, uint slab, Map x, Map y, Window w,
                         global int* winners) {
    const int area = y.height * y.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(y.channels) * area) return;
    const int row = id % area / y.width, column = id % y.width;
    const Best best = window_max(arena + (size_t)n * slab, x, w, id / area, row, column);
    vstore8(best.tap, (size_t)n * (blocks(y.channels) * area) + id, winners);
}

// How windows and taps meet along one dimension: position p of the padded input is met by those
// taps with tap * dilation = p modulo the stride. `common` is the greatest common divisor of the
// stride and the dilation, `step` = stride / common, and `inverse` that of dilation / common modulo
// `step`.
typedef struct {
    int common, step, inverse;
} Meeting;

// The taps at which windows 0 .. `windows` have a coordinate of x, along one dimension: every
// `meeting.step`-th one of the range, in order.
static Range taps_meeting(int x, int taps, int stride, int pad, int dilation, int windows,
                          Meeting meeting) {
    const int position = x + pad;  // tap * dilation is this less a window's first position
    const int before = position - (windows - 1) * stride;
    const int lowest = before > 0 ? (before + dilation - 1) / dilation : 0;
    const uint step = meeting.step, common = meeting.common;
    const int first = (uint)position / common % step * meeting.inverse % step;
    const Range range = {lowest + (first + meeting.step - lowest % meeting.step) % meeting.step,
                         position % meeting.common == 0 ? min(taps, position / dilation + 1) : 0};
    return range;
}

static Range rows_meeting(int row, Window w, Map y, Meeting meeting) {
    return taps_meeting(row, w.kernel_h, w.stride_h, w.pad_h, w.dilation_h, y.height, meeting);
}

static Range columns_meeting(int column, Window w, Map y, Meeting meeting) {
    return taps_meeting(column, w.kernel_w, w.stride_w, w.pad_w, w.dilation_w, y.width, meeting);
}

kernel void pool_max_grad(STEP, Map dy, Map dx, Window w, Meeting down, Meeting across,
                          const global int* winners) {
    const int area = dx.height * dx.width, y_area = dy.height * dy.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(dx.channels) * area) return;
    const int block = id / area, row = id % area / dx.width, column = id % dx.width;
    const global float* sample = arena + (size_t)n * slab;
    const global int* plane = winners + ((size_t)n * blocks(dy.channels) + block) * y_area * BLOCK;
    const Memory memory = MEMORY;
    const Range rows = rows_meeting(row, w, dy, down), columns = columns_meeting(column, w, dy, across);
    float8 sum = (float8)(0.0f);
    for (int i = rows.begin; i < rows.end; i += down.step) {
        const int y_row = (row + w.pad_h - i * w.dilation_h) / w.stride_h;
        for (int j = columns.begin; j < columns.end; j += across.step) {
            const int y_column = (column + w.pad_w - j * w.dilation_w) / w.stride_w;
            const int y_pixel = y_row * dy.width + y_column;
            const int8 wins = vload8(y_pixel, plane) == (int8)(i * w.kernel_w + j);
            sum += select((float8)(0.0f), load_block(sample, dy, block, y_pixel), wins);
        }
    }
    finish(&chain, sum, &memory, n, id * BLOCK);
}

kernel void pool_avg_grad(STEP, Map dy, Map dx, Window w, int kind, Meeting down, Meeting across) {
    const int area = dx.height * dx.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(dx.channels) * area) return;
    const int block = id / area, row = id % area / dx.width, column = id % dx.width;
    const global float* sample = arena + (size_t)n * slab;
    const Memory memory = MEMORY;
    const Range rows = rows_meeting(row, w, dy, down), columns = columns_meeting(column, w, dy, across);
    float8 sum = (float8)(0.0f);
    for (int i = rows.begin; i < rows.end; i += down.step) {
        const int y_row = (row + w.pad_h - i * w.dilation_h) / w.stride_h;
        for (int j = columns.begin; j < columns.end; j += across.step) {
            const int y_column = (column + w.pad_w - j * w.dilation_w) / w.stride_w;
            const float8 d = load_block(sample, dy, block, y_row * dy.width + y_column);
            sum += d / divisor(dx, w, kind, y_row, y_column);
        }
    }
    finish(&chain, sum, &memory, n, id * BLOCK);
}

// The elements of window `i` of `from` windows that cover `to` elements evenly. The rule is its own
// inverse: of `to` windows over `from` elements, those that hold element `i`.
static Range even_window(int i, int from, int to) {
    const Range range = {(long)i * to / from, (((long)i + 1) * to + from - 1) / from};
    return range;
}

kernel void adaptive_pool(STEP, Map x, Map y) {
    const int area = y.height * y.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(y.channels) * area) return;
    const Memory memory = MEMORY;
    const Range rows = even_window(id % area / y.width, y.height, x.height);
    const Range columns = even_window(id % y.width, y.width, x.width);
    float8 sum = (float8)(0.0f);
    for (int row = rows.begin; row < rows.end; row++) {
        for (int column = columns.begin; column < columns.end; column++) {
            sum += load_block(arena + (size_t)n * slab, x, id / area, row * x.width + column);
        }
    }
    finish(&chain, sum / area_of(rows, columns), &memory, n, id * BLOCK);
}

kernel void adaptive_pool_grad(STEP, Map dy, Map dx) {
    const int area = dx.height * dx.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(dx.channels) * area) return;
    const Memory memory = MEMORY;
    const Range rows = even_window(id % area / dx.width, dx.height, dy.height);
    const Range columns = even_window(id % dx.width, dx.width, dy.width);
    float8 sum = (float8)(0.0f);
    for (int row = rows.begin; row < rows.end; row++) {
        const Range covered = even_window(row, dy.height, dx.height);
        for (int column = columns.begin; column < columns.end; column++) {
            const float8 d = load_block(arena + (size_t)n * slab, dy, id / area, row * dy.width + column);
            sum += d / area_of(covered, even_window(column, dy.width, dx.width));
        }
    }
    finish(&chain, sum, &memory, n, id * BLOCK);
}
