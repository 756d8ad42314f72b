// Optimizer steps, 8 packed parameters a work-item; `offset` is the first of a run of trainable ones, `count` its blocks.
// Padding has zero gradient and zero weight and stays zero. The rules are those of `cnn_runtime::optim`.

// v = momentum * v + g;  w -= lr * (nesterov ? g + momentum * v : v);  g = gradient + decay * w
kernel void sgd(global float* params, const global float* grads, global float* state, uint offset, uint count, float lr,
                float momentum, int nesterov, float decay) {
    const uint id = get_global_id(0);
    if (id >= count) return;
    const size_t place = (size_t)offset + (size_t)id * BLOCK;
    const float8 w = vload8(0, params + place);
    const float8 g = fma((float8)(decay), w, vload8(0, grads + place));
    float8 step = g;
    if (momentum != 0.0f) {
        const float8 v = fma((float8)(momentum), vload8(0, state + place), g);
        vstore8(v, 0, state + place);
        step = nesterov ? fma((float8)(momentum), v, g) : v;
    }
    vstore8(fma((float8)(-lr), step, w), 0, params + place);
}

// a = rho * a + (1 - rho) * g^2;  d = g * sqrt(b + eps) / sqrt(a + eps);  b = rho * b + (1 - rho) * d^2;  w -= lr * d
// `length` is that of each array of state: a, then b.
kernel void adadelta(global float* params, const global float* grads, global float* state, uint offset, uint count,
                     uint length, float lr, float rho, float epsilon, float decay) {
    const uint id = get_global_id(0);
    if (id >= count) return;
    const size_t place = (size_t)offset + (size_t)id * BLOCK;
    global float* squares = state + place;
    global float* steps = state + length + place;
    const float8 w = vload8(0, params + place);
    const float8 g = fma((float8)(decay), w, vload8(0, grads + place));
    const float8 a = rho * vload8(0, squares) + (1.0f - rho) * g * g;
    const float8 b = vload8(0, steps);
    const float8 d = g * sqrt(b + epsilon) / sqrt(a + epsilon);
    vstore8(a, 0, squares);
    vstore8(rho * b + (1.0f - rho) * d * d, 0, steps);
    vstore8(fma((float8)(-lr), d, w), 0, params + place);
}
