// The gradient of a parametric ReLU's slopes, dslope = sum dy * min(x, 0) over the batch and all
// positions; the rest of the layer is in common.cl. A first kernel sums segments of the batch, a
// second adds them up, for each channel or for all.

// The sums of one segment; `partial` is [segment][block][8].
kernel void segment_slopes(const global float* arena, uint slab, Map x, Map dy, uint positions, uint segments,
                           global float* partial) {
    const uint segment = get_global_id(0);
    const int block = get_global_id(1);
    if (segment >= segments) return;
    const uint end = segment_begin(segment + 1, segments, positions);
    float8 sum = (float8)(0.0f);
    for (uint p = segment_begin(segment, segments, positions); p < end; p++) {
        const float8 v = load_position(arena, slab, x, block, p);
        const float8 below = select(v, (float8)(0.0f), v > 0.0f);
        sum = fma(load_position(arena, slab, dy, block, p), below, sum);
    }
    vstore8(mask_lanes(sum, lanes(x.channels, block)), (size_t)segment * blocks(x.channels) + block, partial);
}

kernel void slope_grad(int channels, uint segments, const global float* partial, global float* grads, uint slope, uint shared) {
    const int count = blocks(channels), block = get_global_id(1);
    float8 sum = (float8)(0.0f);
    // One slope is the sum over all blocks, and then over lanes.
    for (uint s = 0; s < segments; s++) {
        for (int b = shared ? 0 : block; b < (shared ? count : block + 1); b++) sum += vload8((size_t)s * count + b, partial);
    }
    if (shared) sum = mask_lanes((float8)(sum_lanes(sum)), 1);
    vstore8(sum, block, grads + slope);
}
