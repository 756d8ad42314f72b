// Sums over a batch in two kernels: the positions of the batch, all pixels of one sample after the
// other, are cut into segments, which work-items sum side by side; a second kernel adds up the
// segments in their order. So results repeat bit for bit.
//
//   bias_grad   db = sum over samples and pixels of dy; for convolutions and dense layers

// The first position of a segment.
static uint segment_begin(uint segment, uint segments, uint positions) {
    return (uint)((ulong)positions * segment / segments);
}

// The 8 channels of a block at a position of the batch.
static float8 load_position(const global float* arena, uint slab, Map map, int block, uint position) {
    const uint area = map.height * map.width;
    return load_block(arena + (size_t)(position / area) * slab, map, block, position % area);
}

// The sums of one segment; `partial` is [segment][block][8].
kernel void segment_sums(const global float* arena, uint slab, Map dy, uint positions, uint segments, global float* partial) {
    const uint segment = get_global_id(0);
    const int block = get_global_id(1);
    if (segment >= segments) return;
    const uint end = segment_begin(segment + 1, segments, positions);
    float8 sum = (float8)(0.0f);
    for (uint p = segment_begin(segment, segments, positions); p < end; p++) sum += load_position(arena, slab, dy, block, p);
    vstore8(sum, (size_t)segment * blocks(dy.channels) + block, partial);
}

kernel void bias_grad(int channels, uint segments, const global float* partial, global float* grads, uint bias_offset) {
    const int block = get_global_id(1);
    float8 sum = (float8)(0.0f);
    for (uint s = 0; s < segments; s++) sum += vload8((size_t)s * blocks(channels) + block, partial);
    vstore8(mask_lanes(sum, lanes(channels, block)), block, grads + bias_offset);
}
