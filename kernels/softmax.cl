// Softmax cross-entropy with its gradient, one sample a work-item:
//
//   loss = weight * (log(sum exp z) - z[label]);  grad = weight * (softmax(z) - onehot(label)) / batch
//
// The maximum is subtracted first, so no exponential overflows.

kernel void cross_entropy(global float* arena, uint slab, uint logits, int classes, uint loss, int has_grad, uint grad,
                          float weight, const global uint* labels, uint batch) {
    const uint n = get_global_id(0);
    if (n >= batch) return;
    global float* sample = arena + (size_t)n * slab;
    const global float* z = sample + logits;
    const int label = labels[n];
    int best = 0;
    for (int c = 1; c < classes; c++) best = z[c] > z[best] ? c : best;
    const float top = z[best];
    float sum = 0.0f;
    for (int c = 0; c < classes; c++) sum += exp(z[c] - top);
    sample[loss] = weight * (log(sum) - (z[label] - top));
    sample[loss + 1] = best == label ? 1.0f : 0.0f;
    if (!has_grad) return;
    for (int c = 0; c < classes; c++) {
        sample[grad + c] = weight * (exp(z[c] - top) / sum - (c == label ? 1.0f : 0.0f)) / batch;
    }
}
