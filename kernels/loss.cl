// Losses of outputs z against a target t, each with its gradient g; one sample a work-item. A class
// is a target as one-hot vector, a set of labels one of ones and zeros.
//
//   LOSS_CROSS_ENTROPY         l = -sum q log softmax(z);  g = sum(q) softmax(z) - q
//                              q = w ((1 - smoothing) t + smoothing / N)
//   LOSS_MEAN_SQUARED          l = sum (z - t)^2 / N;  g = 2 (z - t) / N
//   LOSS_MEAN_ABSOLUTE         l = sum |z - t| / N;  g = sign(z - t) / N
//   LOSS_HUBER                 l = sum h(|z - t|) / N;  g = clamp(z - t, -delta, delta) / N
//                              h(d) = d^2 / 2 where d <= delta, else delta (d - delta / 2)
//   LOSS_BINARY_CROSS_ENTROPY  l = sum (max(z, 0) - z t + log(1 + exp(-|z|))) / N
//                              g = (sigmoid(z) - t) / N
//
//   loss = scale * l;  grad = scale * g / batch
//
// w is 1 unless the program is compiled with -DCLASS_WEIGHTS=1.0f,2.0f,...
//
// Softmax subtracts the maximum first, so no exponential overflows.

// One output's share of the loss, and its gradient.
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

static float smoothed(int class, float t, float smoothing, int outputs) {
    return class_weight(class) * ((1.0f - smoothing) * t + smoothing / outputs);
}

static Term mean_squared(float z, float t, int outputs) {
    const Term term = {(z - t) * (z - t) / outputs, 2.0f * (z - t) / outputs};
    return term;
}

static Term mean_absolute(float z, float t, int outputs) {
    const float distance = fabs(z - t);
    const Term term = {distance / outputs, (distance == 0.0f ? 0.0f : (z - t) / distance) / outputs};
    return term;
}

static Term huber(float z, float t, float delta, int outputs) {
    const float distance = fabs(z - t);
    const int is_near = distance <= delta;
    const Term term = {(is_near ? 0.5f * distance * distance : delta * (distance - 0.5f * delta)) / outputs,
                       (is_near ? z - t : delta * ((z - t) / distance)) / outputs};
    return term;
}

static Term binary_cross_entropy(float z, float t, int outputs) {
    const float tail = exp(-fabs(z));
    const float sigmoid = (z < 0.0f ? tail : 1.0f) / (1.0f + tail);
    const Term term = {((z > 0.0f ? z : 0.0f) - z * t + log1p(tail)) / outputs, (sigmoid - t) / outputs};
    return term;
}

// What output c is compared with, of a sample's numbers among the targets.
static float goal(int target, const global uint* numbers, int c) {
    return target == TARGET_CLASS ? (c == (int)numbers[0] ? 1.0f : 0.0f) : as_float(numbers[c]);
}

// `parameter` is the smoothing of LOSS_CROSS_ENTROPY and the delta of LOSS_HUBER.
kernel void loss(global float* arena, uint slab, uint logits, int outputs, uint loss_offset, int has_grad,
                 uint grad, int kind, float parameter, float scale, int target, const global uint* targets,
                 uint batch) {
    const uint n = get_global_id(0);
    if (n >= batch) return;
    global float* sample = arena + (size_t)n * slab;
    const global float* z = sample + logits;
    const global uint* numbers = targets + (size_t)n * (target == TARGET_CLASS ? 1 : outputs);
    int best = 0;
    for (int c = 1; c < outputs; c++) best = z[c] > z[best] ? c : best;
    const float top = z[best];
    float sum = 0.0f, total = 0.0f, mass = 0.0f;
    for (int c = 0; kind == LOSS_CROSS_ENTROPY && c < outputs; c++) {
        sum += exp(z[c] - top);
        mass += smoothed(c, goal(target, numbers, c), parameter, outputs);
    }
    int is_right = target == TARGET_CLASS ? best == (int)numbers[0] : target != TARGET_VALUES;
    for (int c = 0; c < outputs; c++) {
        const float t = goal(target, numbers, c);
        Term term = {0.0f, 0.0f};
        switch (kind) {
            case LOSS_CROSS_ENTROPY:
                term = cross_entropy(z[c], smoothed(c, t, parameter, outputs), mass, top, sum);
                break;
            case LOSS_MEAN_SQUARED: term = mean_squared(z[c], t, outputs); break;
            case LOSS_MEAN_ABSOLUTE: term = mean_absolute(z[c], t, outputs); break;
            case LOSS_HUBER: term = huber(z[c], t, parameter, outputs); break;
            case LOSS_BINARY_CROSS_ENTROPY: term = binary_cross_entropy(z[c], t, outputs); break;
        }
        total += term.loss;
        if (target == TARGET_LABELS) is_right = is_right && (z[c] > 0.0f) == (t > 0.5f);
        if (has_grad) sample[grad + c] = scale * term.grad / batch;
    }
    sample[loss_offset] = scale * total;
    sample[loss_offset + 1] = is_right ? 1.0f : 0.0f;
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
