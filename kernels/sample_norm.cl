// Norms of each sample: group, instance and layer norm.
//
//   statistics   mean and 1 / sqrt(variance + eps): for each channel, those of its group, or for
//                each position (`by_position`), those of its channels
//   norm         y = normal * weight + bias, with normal = (x - mean) * inv_std
//   sums         means of g = dy * weight and of g * normal, in the order of the statistics
//   gradients    dx = inv_std * (g - sums[0] - normal * sums[1]);
//                dbias = sum dy;  dweight = sum dy * normal
//
// For groups a first kernel makes the means of each channel, a second those of each group.

// The two numbers of the 8 channels of a block at a pixel.
typedef struct {
    float8 first, second;
} Pair;

static Pair load_pair(const global float* sample, Map pairs, uint by_position, int block, int pixel) {
    const global float* p = sample + pairs.offset;
    Pair pair;
    if (by_position) {
        pair.first = (float8)(p[pixel * BLOCK]);
        pair.second = (float8)(p[pixel * BLOCK + 1]);
    } else {
        pair.first = vload8(block, p);
        pair.second = vload8(pairs.channels / (2 * BLOCK) + block, p);
    }
    return pair;
}

static void store_pair(global float* sample, Map pairs, int pixel, float first, float second) {
    global float* p = sample + pairs.offset + pixel * BLOCK;
    p[0] = first;
    p[1] = second;
}

// Padding becomes zero.
static void store_block(global float* sample, Map pairs, int block, int real, float8 first, float8 second) {
    global float* p = sample + pairs.offset;
    vstore8(mask_lanes(first, real), block, p);
    vstore8(mask_lanes(second, real), pairs.channels / (2 * BLOCK) + block, p);
}

// The scales or shifts of a block at a pixel, `without` where there are none.
static float8 load_scale(const global float* params, int place, uint per_element, Map map, int block, int pixel,
                         float without) {
    if (place < 0) return (float8)(without);
    return vload8(per_element ? block * map.height * map.width + pixel : block, params + place);
}

static float8 normal(const global float* sample, Map x, int block, int pixel, Pair stats) {
    return (load_block(sample, x, block, pixel) - stats.first) * stats.second;
}

// Mean and biased variance of each channel of a block.
kernel void channel_moments(global float* arena, uint slab, Map x, Map stats) {
    const int block = get_global_id(0), area = x.height * x.width;
    if (block >= blocks(x.channels)) return;
    global float* sample = arena + (size_t)get_global_id(1) * slab;
    const float8 pivot = load_block(sample, x, block, 0);
    float8 sum = (float8)(0.0f);
    for (int pixel = 0; pixel < area; pixel++) sum += load_block(sample, x, block, pixel) - pivot;
    const float8 mean = pivot + sum / (float)area;
    float8 squares = (float8)(0.0f);
    for (int pixel = 0; pixel < area; pixel++) {
        const float8 off = load_block(sample, x, block, pixel) - mean;
        squares = fma(off, off, squares);
    }
    store_block(sample, stats, block, lanes(x.channels, block), mean, squares / (float)area);
}

// The statistics of a group from its channels' moments, in their place.
kernel void group_stats(global float* arena, uint slab, int channels, Map stats, int groups, float eps) {
    const int group = get_global_id(0), size = channels / groups;
    if (group >= groups) return;
    global float* mean = arena + (size_t)get_global_id(1) * slab + stats.offset;
    global float* deviation = mean + stats.channels / 2;
    const int first = group * size, last = first + size;
    float sum = 0.0f;
    for (int c = first; c < last; c++) sum += mean[c] - mean[first];
    const float center = mean[first] + sum / size;
    float variance = 0.0f;
    for (int c = first; c < last; c++) variance += deviation[c] + (mean[c] - center) * (mean[c] - center);
    const float inverse = 1.0f / sqrt(variance / size + eps);
    for (int c = first; c < last; c++) {
        mean[c] = center;
        deviation[c] = inverse;
    }
}

kernel void position_stats(global float* arena, uint slab, Map x, Map stats, float eps) {
    const int pixel = get_global_id(0);
    if (pixel >= x.height * x.width) return;
    global float* sample = arena + (size_t)get_global_id(1) * slab;
    const float pivot = load_channel(sample, x, 0, pixel);
    float8 sum = (float8)(0.0f), squares = (float8)(0.0f);
    for (int block = 0; block < blocks(x.channels); block++) {
        sum += mask_lanes(load_block(sample, x, block, pixel) - pivot, lanes(x.channels, block));
    }
    const float mean = pivot + sum_lanes(sum) / x.channels;
    for (int block = 0; block < blocks(x.channels); block++) {
        const float8 off = mask_lanes(load_block(sample, x, block, pixel) - mean, lanes(x.channels, block));
        squares = fma(off, off, squares);
    }
    store_pair(sample, stats, pixel, mean, 1.0f / sqrt(sum_lanes(squares) / x.channels + eps));
}

kernel void sample_norm(STEP, Map x, Map stats, int weight, int bias, uint per_element, uint by_position) {
    const int area = x.height * x.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(x.channels) * area) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    const int block = id / area, pixel = id % area;
    const float8 v = normal(sample, x, block, pixel, load_pair(sample, stats, by_position, block, pixel));
    const float8 scale = load_scale(params, weight, per_element, x, block, pixel, 1.0f);
    finish(&chain, fma(v, scale, load_scale(params, bias, per_element, x, block, pixel, 0.0f)), &memory, n, id * BLOCK);
}

// The means over the positions of a block of channels.
kernel void channel_sums(global float* arena, uint slab, const global float* params, Map x, Map dy, Map stats, int weight,
                         uint per_element, Map sums) {
    const int block = get_global_id(0), area = x.height * x.width;
    if (block >= blocks(x.channels)) return;
    global float* sample = arena + (size_t)get_global_id(1) * slab;
    const Pair pair = load_pair(sample, stats, 0, block, 0);
    float8 sum = (float8)(0.0f), products = (float8)(0.0f);
    for (int pixel = 0; pixel < area; pixel++) {
        const float8 g = load_block(sample, dy, block, pixel) * load_scale(params, weight, per_element, x, block, pixel, 1.0f);
        sum += g;
        products = fma(g, normal(sample, x, block, pixel, pair), products);
    }
    store_block(sample, sums, block, lanes(x.channels, block), sum / (float)area, products / (float)area);
}

// The means of a group from those of its channels, in their place.
kernel void group_sums(global float* arena, uint slab, int channels, Map sums, int groups) {
    const int group = get_global_id(0), size = channels / groups, half_len = sums.channels / 2;
    if (group >= groups) return;
    global float* first = arena + (size_t)get_global_id(1) * slab + sums.offset + group * size;
    for (int side = 0; side < 2; side++, first += half_len) {
        float sum = 0.0f;
        for (int c = 0; c < size; c++) sum += first[c];
        for (int c = 0; c < size; c++) first[c] = sum / size;
    }
}

kernel void position_sums(global float* arena, uint slab, const global float* params, Map x, Map dy, Map stats, int weight,
                          uint per_element, Map sums) {
    const int pixel = get_global_id(0);
    if (pixel >= x.height * x.width) return;
    global float* sample = arena + (size_t)get_global_id(1) * slab;
    const Pair pair = load_pair(sample, stats, 1, 0, pixel);
    float8 sum = (float8)(0.0f), products = (float8)(0.0f);
    for (int block = 0; block < blocks(x.channels); block++) {
        const float8 scale = load_scale(params, weight, per_element, x, block, pixel, 1.0f);
        const float8 g = mask_lanes(load_block(sample, dy, block, pixel) * scale, lanes(x.channels, block));
        sum += g;
        products = fma(g, mask_lanes(normal(sample, x, block, pixel, pair), lanes(x.channels, block)), products);
    }
    store_pair(sample, sums, pixel, sum_lanes(sum) / x.channels, sum_lanes(products) / x.channels);
}

kernel void sample_norm_grad(STEP, Map x, Map dy, Map stats, Map sums, int weight, uint per_element, uint by_position) {
    const int area = x.height * x.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(x.channels) * area) return;
    const Memory memory = MEMORY;
    const global float* sample = arena + (size_t)n * slab;
    const int block = id / area, pixel = id % area;
    const Pair pair = load_pair(sample, stats, by_position, block, pixel);
    const Pair means = load_pair(sample, sums, by_position, block, pixel);
    const float8 g = load_block(sample, dy, block, pixel) * load_scale(params, weight, per_element, x, block, pixel, 1.0f);
    const float8 v = normal(sample, x, block, pixel, pair);
    finish(&chain, pair.second * (g - means.first - v * means.second), &memory, n, id * BLOCK);
}

// The two vectors of a segment: sum dy, and sum dy * normal; `partial` is [segment][2][block][8].
kernel void segment_scales(const global float* arena, uint slab, Map x, Map stats, Map dy, uint by_position, uint positions,
                           uint segments, global float* partial) {
    const uint segment = get_global_id(0), area = x.height * x.width;
    const int block = get_global_id(1);
    if (segment >= segments) return;
    const uint end = segment_begin(segment + 1, segments, positions);
    float8 sum = (float8)(0.0f), products = (float8)(0.0f);
    for (uint p = segment_begin(segment, segments, positions); p < end; p++) {
        const global float* sample = arena + (size_t)(p / area) * slab;
        const float8 d = load_block(sample, dy, block, p % area);
        sum += d;
        products = fma(d, normal(sample, x, block, p % area, load_pair(sample, stats, by_position, block, p % area)), products);
    }
    global float* place = partial + (size_t)segment * 2 * blocks(x.channels) * BLOCK;
    vstore8(sum, block, place);
    vstore8(products, blocks(x.channels) + block, place);
}

kernel void scale_grad(int channels, uint segments, const global float* partial, global float* grads, uint weight, uint bias) {
    const int block = get_global_id(1), count = blocks(channels), real = lanes(channels, block);
    float8 sum = (float8)(0.0f), products = (float8)(0.0f);
    for (uint s = 0; s < segments; s++) {
        const global float* place = partial + (size_t)s * 2 * count * BLOCK;
        sum += vload8(block, place);
        products += vload8(count + block, place);
    }
    vstore8(mask_lanes(sum, real), block, grads + bias);
    vstore8(mask_lanes(products, real), block, grads + weight);
}

// Where each element has its own scale and shift.
kernel void element_scale_grad(const global float* arena, uint slab, Map x, Map stats, Map dy, uint by_position, uint batch,
                               global float* grads, uint weight, uint bias) {
    const int area = x.height * x.width;
    const int id = get_global_id(0);
    if (id >= blocks(x.channels) * area) return;
    const int block = id / area, pixel = id % area, real = lanes(x.channels, block);
    float8 sum = (float8)(0.0f), products = (float8)(0.0f);
    for (uint n = 0; n < batch; n++) {
        const global float* sample = arena + (size_t)n * slab;
        const float8 d = load_block(sample, dy, block, pixel);
        sum += d;
        products = fma(d, normal(sample, x, block, pixel, load_pair(sample, stats, by_position, block, pixel)), products);
    }
    vstore8(mask_lanes(sum, real), id, grads + bias);
    vstore8(mask_lanes(products, real), id, grads + weight);
}
