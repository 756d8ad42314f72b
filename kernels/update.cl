// Optimizer steps, 8 packed parameters a work-item. The rules are those of `cnn_runtime::optim`,
// the arithmetic that of `cpu/update/rules.rs`. Padding has zero gradient and zero weight and stays
// zero.

// A range of parameters that are treated alike, and the scalars of this update.
typedef struct {
    uint offset, count;   // first float, blocks
    uint length;          // floats of each array of state
    uint has_average;     // whether the state ends with a running average of the parameters
    float decay;          // of the average
    float scale, limit;   // of the gradients
    float penalty, kept;  // factors of the weights: added to the gradient, before a step
    float lr;
} Update;

// The arguments of every rule; `average` is where the running average starts in the state.
#define UPDATE global float *params, const global float *grads, global float *state, ulong average, Update u
// Ends a work-item behind the last block; the others get their weights and their gradient after
// clipping and penalty.
#define BEGIN                                                    \
    if (get_global_id(0) >= u.count) return;                     \
    const size_t at = u.offset + get_global_id(0) * BLOCK;       \
    const float8 w = vload8(0, params + at);                     \
    const float8 g = gradient(u, vload8(0, grads + at), w);

// NaN stays NaN.
static float8 gradient(Update u, float8 g, float8 w) {
    g *= u.scale;
    g = select(g, (float8)(u.limit), g > u.limit);
    g = select(g, (float8)(-u.limit), g < -u.limit);
    return fma((float8)(u.penalty), w, g);
}

static float8 decayed(float decay, float8 mean, float8 x) { return fma((float8)(decay), mean, (1.0f - decay) * x); }

static float8 keep(global float* place, float8 value) {
    vstore8(value, 0, place);
    return value;
}

static void add_to_average(UPDATE, size_t at, float8 w) {
    if (!u.has_average) return;
    global float* place = state + average + at;
    vstore8(decayed(u.decay, vload8(0, place), w), 0, place);
}

// Takes the step and averages the outcome.
static void finish_update(UPDATE, size_t at, float8 w, float8 step) {
    w = u.kept * w - step;
    vstore8(w, 0, params + at);
    add_to_average(params, grads, state, average, u, at, w);
}

#define FINISH(step) finish_update(params, grads, state, average, u, at, w, step)

kernel void sgd(UPDATE, float momentum, int nesterov) {
    BEGIN
    float8 step = g;
    if (momentum != 0.0f) {
        const float8 v = keep(state + at, fma((float8)(momentum), vload8(0, state + at), g));
        step = nesterov ? fma((float8)(momentum), v, g) : v;
    }
    FINISH(u.lr * step);
}

kernel void adagrad(UPDATE, float epsilon) {
    BEGIN
    const float8 s = keep(state + at, fma(g, g, vload8(0, state + at)));
    FINISH(u.lr * g / (sqrt(s) + epsilon));
}

kernel void adadelta(UPDATE, float rho, float epsilon) {
    BEGIN
    global float *squares = state + at, *steps = squares + u.length;
    const float8 a = keep(squares, decayed(rho, vload8(0, squares), g * g));
    const float8 b = vload8(0, steps);
    const float8 d = g * sqrt((b + epsilon) / (a + epsilon));
    keep(steps, decayed(rho, b, d * d));
    FINISH(u.lr * d);
}

kernel void rmsprop(UPDATE, float alpha, float epsilon, float momentum, int centered) {
    BEGIN
    global float* slot = state + at;
    float8 s = keep(slot, decayed(alpha, vload8(0, slot), g * g));
    if (centered) {
        slot += u.length;
        const float8 m = keep(slot, decayed(alpha, vload8(0, slot), g));
        s -= m * m;
        s = select(s, (float8)(0.0f), s < 0.0f);
    }
    float8 step = g / (sqrt(s) + epsilon);
    if (momentum != 0.0f) {
        slot += u.length;
        step = keep(slot, fma((float8)(momentum), vload8(0, slot), step));
    }
    FINISH(u.lr * step);
}

// Adam; `first` and `second` correct the means, which start at 0.
kernel void adam(UPDATE, float beta1, float beta2, float epsilon, float first, float second) {
    BEGIN
    global float *means = state + at, *squares = means + u.length;
    const float8 m = keep(means, decayed(beta1, vload8(0, means), g));
    const float8 v = keep(squares, decayed(beta2, vload8(0, squares), g * g));
    FINISH(u.lr * first * m / fma(sqrt(v), (float8)(second), (float8)(epsilon)));
}

// The average of running statistics, which have no rule.
kernel void average_only(UPDATE) {
    if (get_global_id(0) >= u.count) return;
    const size_t at = u.offset + get_global_id(0) * BLOCK;
    add_to_average(params, grads, state, average, u, at, vload8(0, params + at));
}

// Sums of squares of gradients, one for each `span` blocks; the host adds them up in their order.
kernel void gradient_squares(const global float* grads, uint offset, uint count, uint span,
                             global float* sums, uint first) {
    const uint begin = get_global_id(0) * span, end = min(begin + span, count);
    if (begin >= count) return;
    float8 sum = (float8)(0.0f);
    for (uint block = begin; block < end; block++) {
        const float8 g = vload8(block, grads + offset);
        sum = fma(g, g, sum);
    }
    sums[first + get_global_id(0)] = sum_lanes(sum);
}

// gradients = share * gradients + (1 - share) * aside
kernel void merge(global float* grads, const global float* aside, uint count, float share) {
    const uint id = get_global_id(0);
    if (id >= count) return;
    vstore8(decayed(1.0f - share, vload8(id, aside), vload8(id, grads)), id, grads);
}

// Adds two gradients, of which the first may be the sum: all are places, `count` their blocks.
kernel void add_gradient(global float* grads, uint sum, uint first, uint second, uint count) {
    const uint id = get_global_id(0);
    if (id >= count) return;
    vstore8(vload8(id, grads + first) + vload8(id, grads + second), id, grads + sum);
}
