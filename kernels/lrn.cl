// Local response normalisation across channels (Krizhevsky et al. 2012) and its gradient; a
// work-item makes the 8 channels of a block at one pixel.
//
//   s[c] = k + alpha / size * sum over c' in c - size / 2 .. c + (size - 1) / 2 of x[c']^2
//   y[c] = x[c] / s[c]^beta
//   d[c] = dy[c] / s[c]^beta
//   dx[c] = d[c] - 2 alpha beta / size * x[c]
//           * sum over c' whose window holds c of d[c'] x[c'] / s[c']
//
// lrn_terms makes the two terms of dx that belong to one channel, so that each is computed once.

typedef struct {
    int size;
    float alpha, beta, k;
} Response;

// s[c] at a pixel.
static float scale_of(const global float* sample, Map x, Response r, int channel, int pixel) {
    const int end = min(channel + (r.size - 1) / 2, x.channels - 1);
    float squares = 0.0f;
    for (int c = max(channel - r.size / 2, 0); c <= end; c++) {
        const float v = load_channel(sample, x, c, pixel);
        squares = fma(v, v, squares);
    }
    return fma(r.alpha / r.size, squares, r.k);
}

// The place of a channel's term at a pixel among those of a sample.
static size_t term_place(int area, int channel, int pixel) {
    return ((size_t)(channel / BLOCK) * 2 * area + pixel) * BLOCK + channel % BLOCK;
}

kernel void lrn(STEP, Map x, Response r) {
    const int area = x.height * x.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(x.channels) * area) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    const int first = id / area * BLOCK, pixel = id % area;
    float v[BLOCK];
    for (int lane = 0; lane < BLOCK; lane++) {
        const int channel = min(first + lane, x.channels - 1);
        v[lane] = load_channel(sample, x, channel, pixel) / pow(scale_of(sample, x, r, channel, pixel), r.beta);
    }
    finish(&chain, vload8(0, v), &memory, n, id * BLOCK);
}

// The terms of lrn_grad, [sample][block][2][height][width][8]: d[c], and d[c] x[c] / s[c].
kernel void lrn_terms(const global float* arena, uint slab, Map x, Map dy, Response r,
                      global float* terms) {
    const int area = x.height * x.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(x.channels) * area) return;
    const global float* sample = arena + (size_t)n * slab;
    const int block = id / area, pixel = id % area;
    float direct[BLOCK], weighed[BLOCK];
    for (int lane = 0; lane < BLOCK; lane++) {
        const int channel = min(block * BLOCK + lane, x.channels - 1);
        const float scale = scale_of(sample, x, r, channel, pixel);
        direct[lane] = load_channel(sample, dy, channel, pixel) / pow(scale, r.beta);
        weighed[lane] = direct[lane] * load_channel(sample, x, channel, pixel) / scale;
    }
    const size_t plane = ((size_t)n * blocks(x.channels) + block) * 2;
    vstore8(vload8(0, direct), plane * area + pixel, terms);
    vstore8(vload8(0, weighed), (plane + 1) * area + pixel, terms);
}

kernel void lrn_grad(STEP, Map x, Response r, const global float* terms) {
    const int area = x.height * x.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(x.channels) * area) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    const int first = id / area * BLOCK, pixel = id % area;
    const global float* direct = terms + (size_t)n * blocks(x.channels) * 2 * area * BLOCK;
    const global float* weighed = direct + area * BLOCK;
    float v[BLOCK];
    for (int lane = 0; lane < BLOCK; lane++) {
        const int channel = min(first + lane, x.channels - 1);
        const int end = min(channel + r.size / 2, x.channels - 1);
        float sum = 0.0f;
        for (int c = max(channel - (r.size - 1) / 2, 0); c <= end; c++) {
            sum += weighed[term_place(area, c, pixel)];
        }
        const float factor = 2.0f * r.alpha * r.beta / r.size * load_channel(sample, x, channel, pixel);
        v[lane] = direct[term_place(area, channel, pixel)] - factor * sum;
    }
    finish(&chain, vload8(0, v), &memory, n, id * BLOCK);
}
