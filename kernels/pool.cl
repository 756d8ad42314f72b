// Pooling and its gradient. A work-item makes the 8 channels of a block at one pixel.
//
// max: the first maximum in row-major order; padding never wins, NaN does.
// avg: divided by the window's area (count_all) or by the taps inside the input.
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

// Taps of a window that lie inside, along one dimension.
static int taps_inside(int y, int kernel_size, int stride, int pad, int dilation, int size) {
    int count = 0;
    for (int k = 0; k < kernel_size; k++) {
        const int x = y * stride - pad + k * dilation;
        count += x >= 0 && x < size;
    }
    return count;
}

static float divisor(Map x, Window w, int count_all, int y_row, int y_column) {
    if (count_all) return w.kernel_h * w.kernel_w;
    const int rows = taps_inside(y_row, w.kernel_h, w.stride_h, w.pad_h, w.dilation_h, x.height);
    return rows * taps_inside(y_column, w.kernel_w, w.stride_w, w.pad_w, w.dilation_w, x.width);
}

static float8 window_mean(const global float* sample, Map x, Window w, int count_all, int block, int y_row,
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
    return sum / divisor(x, w, count_all, y_row, y_column);
}

kernel void pool(global float* arena, uint slab, Map x, Map y, Window w, int is_max, int count_all, Chain chain) {
    const int area = y.height * y.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(y.channels) * area) return;
    const int block = id / area, row = id % area / y.width, column = id % y.width;
    global float* sample = arena + (size_t)n * slab;
    const float8 v = is_max ? window_max(sample, x, w, block, row, column).value
                            : window_mean(sample, x, w, count_all, block, row, column);
    const uint position = id * BLOCK;
    vstore8(apply(&chain, v, sample, position, n * (uint)map_length(y) + position), 0, sample + y.offset + position);
}

// The window that has this coordinate of x at this tap, along one dimension; -1 if there is none.
static int covering(int x, int tap, int stride, int pad, int dilation, int size) {
    const int t = x + pad - tap * dilation;
    return t >= 0 && t % stride == 0 && t / stride < size ? t / stride : -1;
}

kernel void pool_grad(global float* arena, uint slab, Map x, Map dy, Map dx, Window w, int is_max, int count_all,
                      Chain chain) {
    const int area = dx.height * dx.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(dx.channels) * area) return;
    const int block = id / area, row = id % area / dx.width, column = id % dx.width;
    global float* sample = arena + (size_t)n * slab;
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
                sum += d / divisor(dx, w, count_all, y_row, y_column);
            }
        }
    }
    const uint position = id * BLOCK;
    vstore8(apply(&chain, sum, sample, position, n * (uint)map_length(dx) + position), 0,
            sample + dx.offset + position);
}
