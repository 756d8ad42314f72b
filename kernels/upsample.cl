// More rows and columns, and the gradient, which gathers what each element gave.

// The two places of the shorter line that place `at` of the longer one depends on, and the second
// one's share. In units of half a place of the longer line all numbers are whole.
static int2 parts(int at, int scale, int last, uint mode, float* share) {
    *share = 0.0f;
    if (mode == UPSAMPLING_NEAREST) return (int2)(at / scale);
    const int place = max(2 * at + 1 - scale, 0), unit = 2 * scale;
    *share = (float)(place % unit) / unit;
    return (int2)(place / unit, min(place / unit + 1, last));
}

// Exact where the share is 0, whatever the other end holds.
static float8 between(float8 a, float8 b, float share) {
    return share == 0.0f ? a : fma(b, (float8)(share), a * (1.0f - share));
}

// (`upsample` alone is a function of OpenCL C.)
kernel void upsample_map(STEP, Map x, Map y, int scale_h, int scale_w, uint mode) {
    const int area = y.height * y.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(y.channels) * area) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    const int block = id / area;
    float down, across;
    const int2 rows = parts(id % area / y.width, scale_h, x.height - 1, mode, &down) * x.width;
    const int2 columns = parts(id % y.width, scale_w, x.width - 1, mode, &across);
    const float8 upper = between(load_block(sample, x, block, rows.x + columns.x),
                                 load_block(sample, x, block, rows.x + columns.y), across);
    const float8 lower = between(load_block(sample, x, block, rows.y + columns.x),
                                 load_block(sample, x, block, rows.y + columns.y), across);
    finish(&chain, between(upper, lower, down), &memory, n, id * BLOCK);
}

// The share of place `at` of the shorter line in place `reader` of the longer one.
static float share_of(int at, int reader, int scale, int last, uint mode) {
    float share;
    const int2 places = parts(reader, scale, last, mode, &share);
    return (places.x == at ? 1.0f - share : 0.0f) + (places.y == at ? share : 0.0f);
}

kernel void upsample_grad(STEP, Map dy, Map dx, int scale_h, int scale_w, uint mode) {
    const int area = dx.height * dx.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(dx.channels) * area) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    const int row = id % area / dx.width, column = id % dx.width;
    // Neighbours' elements depend on this one, too, between centres.
    const int more = mode == UPSAMPLING_BILINEAR;
    const int top = max((row - more) * scale_h, 0), bottom = min((row + 1 + more) * scale_h, dy.height);
    const int left = max((column - more) * scale_w, 0), right = min((column + 1 + more) * scale_w, dy.width);
    float8 sum = (float8)(0.0f);
    for (int r = top; r < bottom; r++) {
        const float down = share_of(row, r, scale_h, dx.height - 1, mode);
        if (down == 0.0f) continue;
        for (int c = left; c < right; c++) {
            const float across = share_of(column, c, scale_w, dx.width - 1, mode);
            if (across == 0.0f) continue;
            sum = fma(load_block(sample, dy, id / area, r * dy.width + c), (float8)(down * across), sum);
        }
    }
    finish(&chain, sum, &memory, n, id * BLOCK);
}
