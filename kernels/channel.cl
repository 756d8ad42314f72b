// Maxout, softmax and gates, along or across the channels, with their gradients.
//
//   maxout   y[c] = max over j < pieces of x[c * pieces + j]; NaN wins, and of equals the first
//   softmax  y = exp(x - max) / sum exp(x - max)
//            dx[c] = y[c] * (dy[c] - sum over c' of dy[c'] * y[c'])
//   gate     y[c, .] = x[c, .] * gate[c];  dgate[c] = sum over positions of dy[c, .] * x[c, .]
//
// maxout's gradient goes to the channel that won; maxout_winners first notes it for each group.

// The channel of x that wins a group at a pixel.
static int winner(const global float* sample, Map x, int pieces, int group, int pixel) {
    int best = group * pieces;
    float top = load_channel(sample, x, best, pixel);
    for (int c = best + 1; c < (group + 1) * pieces; c++) {
        const float v = load_channel(sample, x, c, pixel);
        if (v > top || (isnan(v) && !isnan(top))) {
            best = c;
            top = v;
        }
    }
    return best;
}

kernel void maxout(STEP, Map x, Map y, int pieces) {
    const int area = y.height * y.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(y.channels) * area) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    const int pixel = id % area;
    float v[BLOCK];
    for (int lane = 0; lane < BLOCK; lane++) {
        const int group = min(id / area * BLOCK + lane, y.channels - 1);
        v[lane] = load_channel(sample, x, winner(sample, x, pieces, group, pixel), pixel);
    }
    finish(&chain, vload8(0, v), &memory, n, id * BLOCK);
}

// Notes the channel of x that wins each group: [sample][group][height][width].
kernel void maxout_winners(const global float* arena, uint slab, Map x, int pieces,
                           global int* winners) {
    const int area = x.height * x.width, groups = x.channels / pieces;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= groups * area) return;
    const global float* sample = arena + (size_t)n * slab;
    winners[(size_t)n * (groups * area) + id] = winner(sample, x, pieces, id / area, id % area);
}

kernel void maxout_grad(STEP, Map dy, Map dx, int pieces, const global int* winners) {
    const int area = dx.height * dx.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(dx.channels) * area) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    const global int* won = winners + (size_t)n * (dx.channels / pieces * area);
    const int pixel = id % area;
    float v[BLOCK];
    for (int lane = 0; lane < BLOCK; lane++) {
        const int channel = min(id / area * BLOCK + lane, dx.channels - 1), group = channel / pieces;
        const int wins = won[group * area + pixel] == channel;
        v[lane] = wins ? load_channel(sample, dy, group, pixel) : 0.0f;
    }
    finish(&chain, vload8(0, v), &memory, n, id * BLOCK);
}

// Softmax; a work-item makes all channels at one pixel.
kernel void softmax(STEP, Map x) {
    const int area = x.height * x.width;
    const int pixel = get_global_id(0);
    const uint n = get_global_id(1);
    if (pixel >= area) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    float top = -INFINITY, sum = 0.0f;
    for (int c = 0; c < x.channels; c++) top = fmax(top, load_channel(sample, x, c, pixel));
    for (int block = 0; block < blocks(x.channels); block++) {
        const float8 e = exp(load_block(sample, x, block, pixel) - top);
        sum += sum_lanes(mask_lanes(e, lanes(x.channels, block)));
    }
    for (int block = 0; block < blocks(x.channels); block++) {
        const float8 y = exp(load_block(sample, x, block, pixel) - top) / sum;
        finish(&chain, y, &memory, n, (block * area + pixel) * BLOCK);
    }
}

kernel void softmax_grad(STEP, Map y, Map dy) {
    const int area = y.height * y.width;
    const int pixel = get_global_id(0);
    const uint n = get_global_id(1);
    if (pixel >= area) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    float sum = 0.0f;
    for (int block = 0; block < blocks(y.channels); block++) {
        const float8 product = load_block(sample, dy, block, pixel) * load_block(sample, y, block, pixel);
        sum += sum_lanes(mask_lanes(product, lanes(y.channels, block)));
    }
    for (int block = 0; block < blocks(y.channels); block++) {
        const float8 dx = load_block(sample, y, block, pixel) * (load_block(sample, dy, block, pixel) - sum);
        finish(&chain, dx, &memory, n, (block * area + pixel) * BLOCK);
    }
}

kernel void gate(STEP, Map x, Map gates) {
    const int area = x.height * x.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(x.channels) * area) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    const float8 v = load_block(sample, x, id / area, id % area) * load_block(sample, gates, id / area, 0);
    finish(&chain, v, &memory, n, id * BLOCK);
}

// The gradient of the gates; a work-item makes those of a block.
kernel void gate_grad(STEP, Map x, Map dy) {
    const int block = get_global_id(0);
    const uint n = get_global_id(1);
    if (block >= blocks(x.channels)) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    float8 total = (float8)(0.0f);
    for (int row = 0; row < x.height; row++) {
        float8 sum = (float8)(0.0f);
        for (int pixel = row * x.width; pixel < (row + 1) * x.width; pixel++) {
            sum = fma(load_block(sample, dy, block, pixel), load_block(sample, x, block, pixel), sum);
        }
        total += sum;
    }
    finish(&chain, total, &memory, n, block * BLOCK);
}
