// Dense layers, barrier-free. Weights are [ceil(O/8)][F][8], F = elements of x in storage order;
// they are zero where x has padding, but padding may hold NaN, so it is skipped instead of
// multiplied.
//
//   dense              y = W x + b
//   dense_input_grad   dx = transpose(W) dy
//   dense_weight_grad  dW = sum over samples of dy * transpose(x)
//
// A work-item of `dense` has DENSE_SAMPLES samples, one of `dense_input_grad` DENSE_RUN.

// The number of elements of x before its last block, or all of them if that has no padding.
static int unpadded(Map x) {
    const int whole = x.planar || x.channels % BLOCK == 0 ? x.channels : x.channels / BLOCK * BLOCK;
    return whole * x.height * x.width;
}

kernel void dense(STEP, Map x, ulong weight_offset, int bias_offset, uint batch) {
    const uint first = get_global_id(0) * DENSE_SAMPLES;
    const int block = get_global_id(1);
    if (first >= batch) return;
    const int length = map_length(x);
    const global float* w = params + weight_offset + (size_t)block * length * BLOCK;
    const global float* input[DENSE_SAMPLES];
    float8 sum[DENSE_SAMPLES];
    UNROLL for (int s = 0; s < DENSE_SAMPLES; s++) {
        input[s] = arena + (size_t)min(first + s, batch - 1) * slab + x.offset;
        sum[s] = bias_offset < 0 ? (float8)(0.0f) : vload8(block, params + bias_offset);
    }
    const int whole = unpadded(x);
    for (int f = 0; f < whole; f++) {
        const float8 weight = vload8(f, w);
        UNROLL for (int s = 0; s < DENSE_SAMPLES; s++) sum[s] = fma((float8)(input[s][f]), weight, sum[s]);
    }
    for (int f = whole; f < length; f++) {
        if (f % BLOCK >= x.channels % BLOCK) continue;
        const float8 weight = vload8(f, w);
        UNROLL for (int s = 0; s < DENSE_SAMPLES; s++) sum[s] = fma((float8)(input[s][f]), weight, sum[s]);
    }
    float8 result[DENSE_SAMPLES];
    UNROLL for (int s = 0; s < DENSE_SAMPLES; s++) result[s] = sum[s];
    const Memory memory = MEMORY;
    for (int s = 0; s < DENSE_SAMPLES && first + s < batch; s++) {
        finish(&chain, result[s], &memory, first + s, block * BLOCK);
    }
}

kernel void dense_input_grad(STEP, uint dy_offset, int outputs, Map dx, ulong weight_offset, uint batch) {
    const int f = get_global_id(0) * BLOCK;
    const uint first = get_global_id(1) * DENSE_RUN;
    const int length = map_length(dx);
    if (f >= length) return;
    const global float* w = params + weight_offset + (size_t)f * BLOCK;
    const Memory memory = MEMORY;
    for (uint n = first; n < min(first + DENSE_RUN, batch); n++) {
        const global float* sample = arena + (size_t)n * slab;
        float8 sum[BLOCK];
        UNROLL for (int j = 0; j < BLOCK; j++) sum[j] = (float8)(0.0f);
        for (int block = 0; block < blocks(outputs); block++) {
            const float8 d = mask_lanes(vload8(block, sample + dy_offset), lanes(outputs, block));
            const global float* row = w + (size_t)block * length * BLOCK;
            UNROLL for (int j = 0; j < BLOCK; j++) sum[j] = fma(d, vload8(j, row), sum[j]);
        }
        float v[BLOCK];
        UNROLL for (int j = 0; j < BLOCK; j++) v[j] = sum_lanes(sum[j]);
        finish(&chain, vload8(0, v), &memory, n, f);
    }
}

kernel void dense_weight_grad(const global float* arena, uint slab, Map x, uint dy_offset, int outputs,
                              global float* grads, ulong weight_offset, uint batch) {
    const int f = get_global_id(0) * BLOCK;
    const int block = get_global_id(1);
    const int length = map_length(x);
    if (f >= length) return;
    const int count = x.planar ? min(BLOCK, length - f) : BLOCK;
    const int real = x.planar ? count : lanes(x.channels, f / (x.height * x.width * BLOCK));
    float8 sum[BLOCK];
    UNROLL for (int j = 0; j < BLOCK; j++) sum[j] = (float8)(0.0f);
    for (uint n = 0; n < batch; n++) {
        const global float* sample = arena + (size_t)n * slab;
        const float8 d = vload8(block, sample + dy_offset);
        const global float* input = sample + x.offset + f;
        UNROLL for (int j = 0; j < BLOCK; j++) sum[j] = fma((float8)(input[min(j, count - 1)]), d, sum[j]);
    }
    global float* dw = grads + weight_offset + ((size_t)block * length + f) * BLOCK;
    for (int j = 0; j < count; j++) vstore8(mask_lanes(sum[j], j < real ? lanes(outputs, block) : 0), j, dw);
}
