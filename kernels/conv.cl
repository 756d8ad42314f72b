// What the kernels of a convolution share: the maps of a direction, where a tap lies, and the
// filters of the input gradient.
//
// A convolution's input gradient is a convolution too: the same gather with x and y exchanged, over
// filters that conv_transpose built. Filters are [ceil(O/8)][I/groups][KH][KW][8]. Only what shapes
// the inner loops is a constant, so that a network of many shapes needs few programs:
//
//   X_PLANAR     1 if x is planar
//   TRANSPOSED   1 for the input gradient
//   UNIT_STRIDE  1 for an input gradient whose strides are 1, which needs no division
//   PADDED       0 if every tap of every pixel lies inside x

// The maps of one direction: x is read, the input or, if TRANSPOSED, the output's gradient; y is
// the other one.
typedef struct {
    Map x, y;
    Window window;
    int group_x, group_y;  // channels of a group
} Shape;

static int taps_of(const Shape* shape) { return shape->window.kernel_h * shape->window.kernel_w; }

// The first input channel of the group of an output channel; padding lanes count as the last
// channel.
static int first_channel(const Shape* shape, int output) {
    return min(output, shape->y.channels - 1) / shape->group_y * shape->group_x;
}

// The coordinate in x that a tap meets at a coordinate of y, or -1 where it meets none.
static int source(int y, int tap, int stride, int pad, int dilation, int size) {
#if TRANSPOSED
    const int t = y + pad - tap * dilation;
    if (UNIT_STRIDE) return t >= 0 && t < size ? t : -1;
    return t >= 0 && t % stride == 0 && t / stride < size ? t / stride : -1;
#else
    const int x = y * stride - pad + tap * dilation;
    return !PADDED || (x >= 0 && x < size) ? x : -1;
#endif
}

// Builds the filters of the input gradient, [ceil(I/8)][O/groups][KH][KW][8], from those of the
// forward convolution; x is the output's gradient (O channels), y the input's (I channels).
kernel void conv_transpose(const global float* params, ulong filter_offset, global float* transposed, ulong offset,
                           Shape shape) {
    const int taps = taps_of(&shape);
    const int tap = get_global_id(0) % taps;
    const int o = get_global_id(0) / taps;  // within the group
    const int block = get_global_id(1);
    if (o >= shape.group_x) return;
    float lane[BLOCK];
    for (int l = 0; l < BLOCK; l++) {
        const int channel = block * BLOCK + l;
        const int output = first_channel(&shape, channel) + o;
        const size_t place = ((size_t)(output / BLOCK) * shape.group_y + channel % shape.group_y) * taps + tap;
        lane[l] = channel < shape.y.channels ? params[filter_offset + place * BLOCK + output % BLOCK] : 0.0f;
    }
    vstore8(vload8(0, lane), ((size_t)block * shape.group_x + o) * taps + tap, transposed + offset);
}
