// Local response normalisation across channels (Krizhevsky et al. 2012) and its gradient; a work-item makes the 8 channels of a
// block at one pixel.
//
//   s[c] = k + alpha / size * sum over c' in c - size / 2 .. c + (size - 1) / 2 of x[c']^2;  y[c] = x[c] / s[c]^beta
//   dx[c] = dy[c] / s[c]^beta
//           - 2 alpha beta / size * x[c] * sum over c' whose window holds c of dy[c'] x[c'] / s[c']^(beta + 1)

typedef struct {
    int size;
    float alpha, beta, k;
} Response;

// s[c]
static float scale_of(const global float* sample, Map x, Response r, int channel, int pixel) {
    const int end = min(channel + (r.size - 1) / 2, x.channels - 1);
    float squares = 0.0f;
    for (int c = max(channel - r.size / 2, 0); c <= end; c++) {
        const float v = load_channel(sample, x, c, pixel);
        squares = fma(v, v, squares);
    }
    return fma(r.alpha / r.size, squares, r.k);
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

kernel void lrn_grad(STEP, Map x, Map dy, Response r) {
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
        const int end = min(channel + r.size / 2, x.channels - 1);
        float sum = 0.0f, direct = 0.0f;
        for (int c = max(channel - (r.size - 1) / 2, 0); c <= end; c++) {
            const float scale = scale_of(sample, x, r, c, pixel);
            const float d = load_channel(sample, dy, c, pixel) / pow(scale, r.beta);
            sum += d * load_channel(sample, x, c, pixel) / scale;
            if (c == channel) direct = d;
        }
        v[lane] = direct - 2.0f * r.alpha * r.beta / r.size * load_channel(sample, x, channel, pixel) * sum;
    }
    finish(&chain, vload8(0, v), &memory, n, id * BLOCK);
}
