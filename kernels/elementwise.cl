// Chains of element-wise operations, copies between maps of different order, and moves within a
// larger or smaller frame.

kernel void elementwise(STEP, Map x, Map y) {
    const int area = y.height * y.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(y.channels) * area) return;
    const Memory memory = MEMORY;
    const float8 v = load_block(arena + (size_t)n * slab, x, id / area, id % area);
    finish(&chain, v, &memory, n, id * BLOCK);
}

// y[c, r, q] = x[c, r - top, q - left], zero outside x
kernel void shift(STEP, Map x, Map y, int top, int left) {
    const int area = y.height * y.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(y.channels) * area) return;
    const Memory memory = MEMORY;
    const int row = id % area / y.width - top, column = id % y.width - left;
    const int inside = row >= 0 && row < x.height && column >= 0 && column < x.width;
    float8 v = (float8)(0.0f);
    if (inside) v = load_block(arena + (size_t)n * slab, x, id / area, row * x.width + column);
    finish(&chain, v, &memory, n, id * BLOCK);
}

// The storage position of an element given in [C, H, W] order.
static int map_place(Map map, int element) {
    if (map.planar) return element;
    const int area = map.height * map.width;
    const int channel = element / area;
    return (channel / BLOCK * area + element % area) * BLOCK + channel % BLOCK;
}

kernel void copy(global float* arena, uint slab, Map x, int x_start, Map y, int y_start, int count) {
    const int id = get_global_id(0);
    if (id >= count) return;
    global float* sample = arena + (size_t)get_global_id(1) * slab;
    sample[y.offset + map_place(y, y_start + id)] = sample[x.offset + map_place(x, x_start + id)];
}
