// Chains of element-wise operations, and copies between maps of different order.

kernel void elementwise(global float* arena, uint slab, Map x, Map y, Chain chain) {
    const int area = y.height * y.width;
    const int id = get_global_id(0);
    const uint n = get_global_id(1);
    if (id >= blocks(y.channels) * area) return;
    global float* sample = arena + (size_t)n * slab;
    const float8 v = load_block(sample, x, id / area, id % area);
    const uint position = id * BLOCK;
    vstore8(apply(&chain, v, sample, position, n * (uint)map_length(y) + position), 0, sample + y.offset + position);
}

// Storage position of an element given in [C, H, W] order.
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
