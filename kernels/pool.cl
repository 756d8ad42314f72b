// Pooling and its gradient. A work-item makes the 8 channels of a block at one pixel.
//
// max: the first maximum in row-major order; padding never wins, NaN does.
// avg: divided by the taps inside the padded input (count_pad) or inside the input.
// adaptive: output row r of R is the mean of input rows floor(r * H / R) up to ceil((r + 1) * H / R), and columns alike.
// The gradient is a gather: each pixel of dx looks up the windows that cover it, so every element is written once.

// What a window yields: the value and, for max, the tap it came from.
typedef struct {
    float8 value;
    int8 tap;
} Best;

static Best window_max(const global float* sample, Map x, Window w, int block, int y_row, int y_column) {
    Best best = {(float8)(-INFINITY), (int8)(-1)};
    for (int i = 0; i < w.kernel_h; i++) {
        const int row = y_row * w.stride_h - w.pad_h + i * w.dilation_h;
        if (row < 0 || row >= x.height) continue;
        for (int j = 0; j < w.kernel_w; j++) {
            const int column = y_column * w.stride_w - w.pad_w + j * w.dilation_w;
            if (column < 0 || column >= x.width) continue;
            const float8 v = load_block(sample, x, block, row * x.width + column);
            const int8 wins = (v > best.value) | (best.tap < 0) | (isnan(v) & ~isnan(best.value));
            best.value = select(best.value, v, wins);
            best.tap = select(best.tap, (int8)(i * w.kernel_w + j), wins);
        }
    }
    return best;
}

// Taps of a window that lie in -before .. size + after, along one dimension.
static int taps_within(int y, int kernel_size, int stride, int pad, int dilation, int before, int size, int after) {
    int count = 0;
    for (int k = 0; k < kernel_size; k++) {
        const int x = y * stride - pad + k * dilation;
        count += x >= -before && x < size + after;
    }
    return count;
}

static float divisor(Map x, Window w, int count_pad, int y_row, int y_column) {
    const int rows = taps_within(y_row, w.kernel_h, w.stride_h, w.pad_h, w.dilation_h, count_pad ? w.pad_h : 0, x.height,
                                 count_pad ? w.pad_end_h : 0);
    return rows * taps_within(y_column, w.kernel_w, w.stride_w, w.pad_w, w.dilation_w, count_pad ? w.pad_w : 0, x.width,
                              count_pad ? w.pad_end_w : 0);
}

static float8 window_mean(const global float* sample, Map x, Window w, int count_pad, int block, int y_row,
                          int y_column) {
    float8 sum = (float8)(0.0f);
    for (int i = 0; i < w.kernel_h; i++) {
        const int row = y_row * w.stride_h - w.pad_h + i * w.dilation_h;
        if (row < 0 || row >= x.height) continue;
        for (int j = 0; j < w.kernel_w; j++) {
            const int column = y_column * w.stride_w - w.pad_w + j * w.dilation_w;
            if (column >= 0 && column < x.width) sum += load_block(sample, x, block, row * x.width + column);
        }
    }
    return sum / divisor(x, w, count_pad, y_row, y_column);
}

kernel void pool(STEP, Map x, Map y, Window w, int is_max, int count_pad) {
    const int area = y.height * y.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(y.channels) * area) return;
    const int block = id / area, row = id % area / y.width, column = id % y.width;
    const global float* sample = arena + (size_t)n * slab;
    const Memory memory = MEMORY;
    const float8 v = is_max ? window_max(sample, x, w, block, row, column).value
                            : window_mean(sample, x, w, count_pad, block, row, column);
    finish(&chain, v, &memory, n, id * BLOCK);
}

// The window that has this coordinate of x at this tap, along one dimension; -1 if there is none.
static int covering(int x, int tap, int stride, int pad, int dilation, int size) {
    const int t = x + pad - tap * dilation;
    return t >= 0 && t % stride == 0 && t / stride < size ? t / stride : -1;
}

kernel void pool_grad(STEP, Map x, Map dy, Map dx, Window w, int is_max, int count_pad) {
    const int area = dx.height * dx.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(dx.channels) * area) return;
    const int block = id / area, row = id % area / dx.width, column = id % dx.width;
    const global float* sample = arena + (size_t)n * slab;
    const Memory memory = MEMORY;
    float8 sum = (float8)(0.0f);
    for (int i = 0; i < w.kernel_h; i++) {
        const int y_row = covering(row, i, w.stride_h, w.pad_h, w.dilation_h, dy.height);
        if (y_row < 0) continue;
        for (int j = 0; j < w.kernel_w; j++) {
            const int y_column = covering(column, j, w.stride_w, w.pad_w, w.dilation_w, dy.width);
            if (y_column < 0) continue;
            const float8 d = load_block(sample, dy, block, y_row * dy.width + y_column);
            if (is_max) {
                const int8 tap = window_max(sample, x, w, block, y_row, y_column).tap;
                sum += select((float8)(0.0f), d, tap == (int8)(i * w.kernel_w + j));
            } else {
                sum += d / divisor(dx, w, count_pad, y_row, y_column);
            }
        }
    }
    finish(&chain, sum, &memory, n, id * BLOCK);
}

// Of `from` even windows over `to` elements, the window `i`: elements begin .. end. It is its own inverse: of `to` windows over
// `from` elements, those that hold element `i`.
typedef struct {
    int begin, end;
} Range;

static Range even_window(int i, int from, int to) {
    const Range range = {i * to / from, ((i + 1) * to + from - 1) / from};
    return range;
}

static int area_of(Range rows, Range columns) { return (rows.end - rows.begin) * (columns.end - columns.begin); }

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
