// Losses of class scores z against a label, each with its gradient g; one sample a work-item. t is
// one-hot.
//
//   LOSS_CROSS_ENTROPY         l = -sum q log softmax(z);  g = sum(q) softmax(z) - q
//                              q = w ((1 - smoothing) t + smoothing / N)
//   LOSS_MEAN_SQUARED          l = sum (z - t)^2 / N;  g = 2 (z - t) / N
//   LOSS_BINARY_CROSS_ENTROPY  l = sum (max(z, 0) - z t + log(1 + exp(-|z|))) / N
//                              g = (sigmoid(z) - t) / N
//
//   loss = scale * l;  grad = scale * g / batch
//
// w is 1 unless the program is compiled with -DCLASS_WEIGHTS=1.0f,2.0f,...
//
// Softmax subtracts the maximum first, so no exponential overflows.

// One class's share of the loss, and the gradient of its score.
typedef struct {
    float loss, grad;
} Term;

#ifdef CLASS_WEIGHTS
constant float class_weights[] = {CLASS_WEIGHTS};

static float class_weight(int class) { return class_weights[class]; }
#else
static float class_weight(int class) { return 1.0f; }
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

kernel void loss(global float* arena, uint slab, uint logits, int classes, uint loss_offset, int has_grad,
                 uint grad, int kind, float smoothing, float scale, const global uint* labels,
                 uint batch) {
    const uint n = get_global_id(0);
    if (n >= batch) return;
    global float* sample = arena + (size_t)n * slab;
    const global float* z = sample + logits;
    const int label = labels[n];
    int best = 0;
    for (int c = 1; c < classes; c++) best = z[c] > z[best] ? c : best;
    const float top = z[best];
    float sum = 0.0f, total = 0.0f, mass = 0.0f;
    for (int c = 0; kind == LOSS_CROSS_ENTROPY && c < classes; c++) {
        sum += exp(z[c] - top);
        mass += target(c, label, smoothing, classes);
    }
    for (int c = 0; c < classes; c++) {
        const float t = c == label ? 1.0f : 0.0f;
        Term term = {0.0f, 0.0f};
        switch (kind) {
            case LOSS_CROSS_ENTROPY:
                term = cross_entropy(z[c], target(c, label, smoothing, classes), mass, top, sum);
                break;
            case LOSS_MEAN_SQUARED: term = mean_squared(z[c], t, classes); break;
            case LOSS_BINARY_CROSS_ENTROPY: term = binary_cross_entropy(z[c], t, classes); break;
        }
        total += term.loss;
        if (has_grad) sample[grad + c] = scale * term.grad / batch;
    }
    sample[loss_offset] = scale * total;
    sample[loss_offset + 1] = best == label ? 1.0f : 0.0f;
}

// The sum of the losses of all passes so far at one place in the batch, `sum + rest`, which has
// twice the digits of a float, and the number of correct ones.
typedef struct {
    float sum, rest;
    uint correct;
} Sums;

// Adds the loss that a pass left for each sample, by Knuth's exact sum (1969); correctness counts
// for the main loss only.
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
