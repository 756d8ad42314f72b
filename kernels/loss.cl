// Losses of class scores z against a label, each with its gradient g; one sample a work-item. t is one-hot.
//
//   0  softmax cross-entropy   l = -sum q log softmax(z);  g = sum(q) softmax(z) - q;  q = w ((1 - smoothing) t + smoothing / N)
//   1  mean squared            l = sum (z - t)^2 / N;  g = 2 (z - t) / N
//   2  binary cross-entropy    l = sum (max(z, 0) - z t + log(1 + exp(-|z|))) / N;  g = (sigmoid(z) - t) / N
//
//   loss = weight * l;  grad = weight * g / batch
//
// w is 1 unless the program is compiled with -DCLASS_WEIGHTS=1.0f,2.0f,...; then l and g are divided by the batch's mean of the
// labels' weights.
//
// Softmax subtracts the maximum first, so no exponential overflows.

// One class's share of the loss, and the gradient of its score.
typedef struct {
    float loss, grad;
} Term;

#ifdef CLASS_WEIGHTS
constant float class_weights[] = {CLASS_WEIGHTS};

static float class_weight(int class) { return class_weights[class]; }

static float mean_class_weight(const global uint* labels, uint batch) {
    float sum = 0.0f;
    for (uint n = 0; n < batch; n++) sum += class_weights[labels[n]];
    return sum / batch;
}
#else
static float class_weight(int class) { return 1.0f; }
static float mean_class_weight(const global uint* labels, uint batch) { return 1.0f; }
#endif

// `mass` is the sum of all q, `top` the largest score, `sum` that of exp(z - top).
static Term cross_entropy(float z, float q, float mass, float top, float sum) {
    const Term term = {q == 0.0f ? 0.0f : q * (log(sum) - (z - top)), mass * exp(z - top) / sum - q};
    return term;
}

static float target(int class, int label, float smoothing, int classes) {
    return class_weight(class) * ((1.0f - smoothing) * (class == label ? 1.0f : 0.0f) + smoothing / classes);
}

static Term mean_squared(float z, float t, int classes) {
    const Term term = {(z - t) * (z - t) / classes, 2.0f * (z - t) / classes};
    return term;
}

static Term binary_cross_entropy(float z, float t, int classes) {
    const float tail = exp(-fabs(z));
    const float sigmoid = (z < 0.0f ? tail : 1.0f) / (1.0f + tail);
    const Term term = {((z > 0.0f ? z : 0.0f) - z * t + log1p(tail)) / classes, (sigmoid - t) / classes};
    return term;
}

kernel void loss(global float* arena, uint slab, uint logits, int classes, uint loss_offset, int has_grad, uint grad, int kind,
                 float smoothing, float weight, const global uint* labels, uint batch) {
    const uint n = get_global_id(0);
    if (n >= batch) return;
    global float* sample = arena + (size_t)n * slab;
    const global float* z = sample + logits;
    const int label = labels[n];
    int best = 0;
    for (int c = 1; c < classes; c++) best = z[c] > z[best] ? c : best;
    const float top = z[best];
    const float scale = weight / mean_class_weight(labels, batch);
    float sum = 0.0f, total = 0.0f, mass = 0.0f;
    for (int c = 0; kind == 0 && c < classes; c++) {
        sum += exp(z[c] - top);
        mass += target(c, label, smoothing, classes);
    }
    for (int c = 0; c < classes; c++) {
        const float t = c == label ? 1.0f : 0.0f;
        const Term term = kind == 0   ? cross_entropy(z[c], target(c, label, smoothing, classes), mass, top, sum)
                          : kind == 1 ? mean_squared(z[c], t, classes)
                                      : binary_cross_entropy(z[c], t, classes);
        total += term.loss;
        if (has_grad) sample[grad + c] = scale * term.grad / batch;
    }
    sample[loss_offset] = scale * total;
    sample[loss_offset + 1] = best == label ? 1.0f : 0.0f;
}

// What the passes so far add up to for one place in the batch: `sum + rest` has twice the digits of a float.
typedef struct {
    float sum, rest;
    uint correct;
} Sums;

// Knuth's exact sum (1969) of the loss that a pass left for each sample; correctness counts for the main loss only.
kernel void add_losses(const global float* arena, uint slab, uint loss_offset, int is_main, global Sums* sums, uint batch) {
    const uint n = get_global_id(0);
    if (n >= batch) return;
    const global float* sample = arena + (size_t)n * slab + loss_offset;
    const float loss = sample[0], old = sums[n].sum;
    const float sum = old + loss, added = sum - old;
    sums[n].sum = sum;
    sums[n].rest += (old - (sum - added)) + (loss - added);
    sums[n].correct += is_main && sample[1] == 1.0f ? 1 : 0;
}
