// Batch norm's sums over the batch and all positions; its element-wise part is in common.cl.
//
//   statistics   mean and biased variance of each channel;
//                running = (1 - momentum) * running + momentum * batch
//   sums         dbeta = sum dy;  dgamma = sum dy * (x - mean) / deviation
//
// A first kernel makes two vectors of each segment of the batch and block of channels,
// [segment][2][block][8]; a second adds up the segments, in their order. A segment's squares are
// taken around its own mean, and the segments are joined by Chan, Golub and LeVeque's rule (1979):
// a large mean costs no accuracy.

// The two vectors of a segment: the mean, and the sum of squares around it.
kernel void segment_stats(const global float* arena, uint slab, Map x, uint positions, uint segments,
                          global float* partial) {
    const uint segment = get_global_id(0);
    const int block = get_global_id(1);
    if (segment >= segments) return;
    const uint begin = segment_begin(segment, segments, positions), end = segment_begin(segment + 1, segments, positions);
    const float count = end - begin;
    const float8 pivot = load_position(arena, slab, x, block, begin);
    float8 sum = (float8)(0.0f);
    for (uint p = begin; p < end; p++) sum += load_position(arena, slab, x, block, p) - pivot;
    const float8 near = pivot + sum / count;
    // The mean is rounded: what it misses is accounted for.
    float8 rest = (float8)(0.0f), squares = (float8)(0.0f);
    for (uint p = begin; p < end; p++) {
        const float8 off = load_position(arena, slab, x, block, p) - near;
        rest += off;
        squares = fma(off, off, squares);
    }
    global float* place = partial + (size_t)segment * 2 * blocks(x.channels) * BLOCK;
    vstore8(near + rest / count, block, place);
    vstore8(squares - rest * rest / count, blocks(x.channels) + block, place);
}

kernel void batch_stats(global float* arena, uint slab, Map x, uint positions, uint segments, const global float* partial,
                        ulong stats, global float* params, uint running_mean, uint running_var, float eps, float momentum) {
    const int block = get_global_id(1);
    const int count = blocks(x.channels), real = lanes(x.channels, block);
    const float8 first = vload8(block, partial);
    float8 shift = (float8)(0.0f);
    for (uint s = 0; s < segments; s++) {
        const float size = segment_begin(s + 1, segments, positions) - segment_begin(s, segments, positions);
        shift += size * (vload8(block, partial + (size_t)s * 2 * count * BLOCK) - first);
    }
    shift /= (float)positions;
    float8 squares = (float8)(0.0f);
    for (uint s = 0; s < segments; s++) {
        const float size = segment_begin(s + 1, segments, positions) - segment_begin(s, segments, positions);
        const global float* place = partial + (size_t)s * 2 * count * BLOCK;
        const float8 off = vload8(block, place) - first - shift;
        squares += vload8(count + block, place) + size * off * off;
    }
    const float8 mean = mask_lanes(first + shift, real), variance = mask_lanes(squares / (float)positions, real);
    vstore8(mean, block, arena + stats);
    vstore8(1.0f / sqrt(variance + eps), count + block, arena + stats);
    const float8 unbiased = mask_lanes(squares / (float)max(positions - 1, 1u), real);
    const float8 old_mean = vload8(block, params + running_mean), old_var = vload8(block, params + running_var);
    vstore8(fma(mean - old_mean, (float8)(momentum), old_mean), block, params + running_mean);
    vstore8(fma(unbiased - old_var, (float8)(momentum), old_var), block, params + running_var);
}

// The two vectors of a segment: sum dy, and sum dy * (x - mean).
kernel void segment_products(const global float* arena, uint slab, Map x, Map dy, uint positions, uint segments,
                             global float* partial, ulong stats) {
    const uint segment = get_global_id(0);
    const int block = get_global_id(1);
    if (segment >= segments) return;
    const uint begin = segment_begin(segment, segments, positions), end = segment_begin(segment + 1, segments, positions);
    const float8 mean = vload8(block, arena + stats);
    float8 sum = (float8)(0.0f), products = (float8)(0.0f);
    for (uint p = begin; p < end; p++) {
        const float8 d = load_position(arena, slab, dy, block, p);
        sum += d;
        products = fma(d, load_position(arena, slab, x, block, p) - mean, products);
    }
    global float* place = partial + (size_t)segment * 2 * blocks(x.channels) * BLOCK;
    vstore8(sum, block, place);
    vstore8(products, blocks(x.channels) + block, place);
}

kernel void batch_norm_sums(const global float* arena, uint slab, int channels, uint segments, const global float* partial,
                            ulong stats, global float* grads, uint gamma, uint beta) {
    const int block = get_global_id(1);
    const int count = blocks(channels), real = lanes(channels, block);
    float8 sum = (float8)(0.0f), products = (float8)(0.0f);
    for (uint s = 0; s < segments; s++) {
        const global float* place = partial + (size_t)s * 2 * count * BLOCK;
        sum += vload8(block, place);
        products += vload8(count + block, place);
    }
    vstore8(mask_lanes(sum, real), block, grads + beta);
    vstore8(mask_lanes(products * vload8(count + block, arena + stats), real), block, grads + gamma);
}
