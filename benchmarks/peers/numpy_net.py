"""LeNet-5 in NumPy, as the article has it: for numpy_lenet5.py.

A convolution is im2row and one matrix product, a max-pool is pool2row and one maximum over the rows; layers keep what
their backward pass needs. Weights stand as in the article, [C*kh*kw, F] and [in, out]; PARAMETERS and parameters()
have rownet's shapes, the transposes.
"""

import numpy as np

LR = 1e-3
REG = 1e-3


# ---------------------------------------------------------------------------------------------------------- windows


def im2row(x, k):
    """x [N, C, H, W] -> rows [N*outH*outW, C*k*k], stride 1."""
    n, c = x.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
    out_h, out_w = windows.shape[2:4]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * out_h * out_w, c * k * k)


def row2im(rows, shape, k):
    """The adjoint of im2row: overlapping windows add up."""
    n, c, h, w = shape
    out_h, out_w = h - k + 1, w - k + 1
    windows = rows.reshape(n, out_h, out_w, c, k, k).transpose(0, 3, 4, 5, 1, 2)
    x = np.zeros(shape, rows.dtype)
    for ky in range(k):
        for kx in range(k):
            x[:, :, ky : ky + out_h, kx : kx + out_w] += windows[:, :, ky, kx]
    return x


def pool2row(x, k):
    """x [N, C, H, W] -> rows [N*C*outH*outW, k*k], stride k."""
    n, c, h, w = x.shape
    windows = x.reshape(n, c, h // k, k, w // k, k).transpose(0, 1, 2, 4, 3, 5)
    return windows.reshape(-1, k * k)


def row2pool(rows, shape, k):
    """The adjoint of pool2row; windows do not overlap, so it is its inverse too."""
    n, c, h, w = shape
    return rows.reshape(n, c, h // k, w // k, k, k).transpose(0, 1, 2, 4, 3, 5).reshape(shape)


# ----------------------------------------------------------------------------------------------------------- layers


class Affine:
    """rows [R, in] @ w [in, out] + b. The gradient of w is summed over the rows, that of b divided by their number."""

    def __init__(self, w, b):
        self.w, self.b = w, b

    def product(self, rows):
        self.rows = rows
        return rows @ self.w + self.b

    def product_backward(self, d_rows):
        self.dw = self.rows.T @ d_rows
        self.db = d_rows.sum(axis=0) / len(d_rows)

    def update(self):
        self.w -= LR * (self.dw + REG * self.w)
        self.b -= LR * self.db


class Conv(Affine):
    def __init__(self, w, b, k, first=False):
        super().__init__(w, b)
        self.k, self.first = k, first

    def forward(self, x):
        self.shape = x.shape
        n, _, h, w = x.shape
        y = self.product(im2row(x, self.k))
        return y.reshape(n, h - self.k + 1, w - self.k + 1, -1).transpose(0, 3, 1, 2)

    def backward(self, dy):
        d_rows = dy.transpose(0, 2, 3, 1).reshape(-1, dy.shape[1])
        self.product_backward(d_rows)
        # The gradient of the picture itself serves nobody.
        return None if self.first else row2im(d_rows @ self.w.T, self.shape, self.k)


class Linear(Affine):
    def forward(self, x):
        return self.product(x)

    def backward(self, dy):
        self.product_backward(dy)
        return dy @ self.w.T


class MaxPool:
    def __init__(self, k):
        self.k = k

    def forward(self, x):
        self.shape = x.shape
        n, c, h, w = x.shape
        rows = pool2row(x, self.k)
        self.argmax = rows.argmax(axis=1)
        return rows.max(axis=1).reshape(n, c, h // self.k, w // self.k)

    def backward(self, dy):
        rows = np.zeros((dy.size, self.k * self.k), dy.dtype)
        rows[np.arange(dy.size), self.argmax] = dy.reshape(-1)
        return row2pool(rows, self.shape, self.k)


class ReLU:
    def forward(self, x):
        self.live = x > 0
        return np.where(self.live, x, 0)

    def backward(self, dy):
        return dy * self.live


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy):
        return dy.reshape(self.shape)


# -------------------------------------------------------------------------------------------------------------- net

# Name, shape as rownet stores it. The order is the one in which the trace's generator fills them.
PARAMETERS = {
    "conv1.weight": (6, 1, 5, 5),
    "conv1.bias": (6,),
    "conv2.weight": (16, 6, 5, 5),
    "conv2.bias": (16,),
    "conv3.weight": (120, 16, 5, 5),
    "conv3.bias": (120,),
    "fc1.weight": (84, 120),
    "fc1.bias": (84,),
    "fc2.weight": (10, 84),
    "fc2.bias": (10,),
}


class LeNet5:
    def __init__(self, parameters, dtype=np.float64):
        """parameters: name -> array of the shape in PARAMETERS."""
        w = {name: np.array(parameters[name], dtype) for name in PARAMETERS}

        def pair(name):
            return w[f"{name}.weight"].reshape(len(w[f"{name}.bias"]), -1).T.copy(), w[f"{name}.bias"]

        self.affine = {
            "conv1": Conv(*pair("conv1"), 5, first=True),
            "conv2": Conv(*pair("conv2"), 5),
            "conv3": Conv(*pair("conv3"), 5),
            "fc1": Linear(*pair("fc1")),
            "fc2": Linear(*pair("fc2")),
        }
        a = self.affine
        self.layers = [
            a["conv1"], ReLU(), MaxPool(2),
            a["conv2"], ReLU(), MaxPool(2),
            a["conv3"], ReLU(), Flatten(),
            a["fc1"], ReLU(), a["fc2"],
        ]  # fmt: skip

    def step(self, x, labels):
        """One step of the article's recipe; returns the mean loss before it."""
        for layer in self.layers:
            x = layer.forward(x)
        loss, dy = cross_entropy(x, labels)
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        for layer in self.affine.values():
            layer.update()
        return loss

    def parameters(self):
        """name -> array as rownet stores it."""
        out = {}
        for name, layer in self.affine.items():
            out[f"{name}.weight"] = layer.w.T.reshape(PARAMETERS[f"{name}.weight"])
            out[f"{name}.bias"] = layer.b
        return out


def cross_entropy(scores, labels):
    """Mean loss, and the gradient of the summed loss."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    exps = np.exp(shifted)
    sums = exps.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = (np.log(sums[:, 0]) - shifted[rows, labels]).mean()
    d_scores = exps / sums
    d_scores[rows, labels] -= 1
    return float(loss), d_scores
