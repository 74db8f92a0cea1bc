// Convolution, ReLU and max-pooling of one 6x6 image, first as matrices, then by the functions that do it in one go.
// node examples/convolution-by-hand.mjs
import { conv2d, im2row, matmul, maxPool2d, pool2row, relu, row2im, Tensor } from 'rownet';

function print(title, { shape, data }) {
  const columns = shape.at(-1);
  const cells = Array.from(data, (value) => String(value).padStart(4));
  const lines = cells.flatMap((_, i) => (i % columns === 0 ? [cells.slice(i, i + columns).join('')] : []));
  console.log(`${title} [${shape.join(', ')}]\n${lines.join('\n')}\n`);
}

// A bright bar on black, and a kernel that answers to edges between dark (left) and bright (right).
const image = Tensor.from(
  [
    0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 0, 0, 0, 0, 5, 5, 0, 0, 0, 0, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0,
  ],
  [1, 1, 6, 6],
);
const weight = Tensor.from([-1, 0, 1, -1, 0, 1, -1, 0, 1], [1, 1, 3, 3]);
const bias = Tensor.from([-1], [1]);
print('image', image);

const rows = im2row(image, { kernel: 3 }); // each of the 4x4 windows is a row of 9 pixels
print('im2row', rows);
const product = matmul(rows, weight.reshape([1, 9]), { transposeB: true }); // a row times the kernel is a pixel
const biased = Tensor.from(
  product.data.map((value) => value + bias.data[0]),
  [1, 1, 4, 4],
);
print('rows x kernel + bias', biased);
const active = relu(biased);
print('ReLU', active);

const windows = pool2row(active, { kernel: 2 }); // each of the 2x2 windows is a row of 4
print('pool2row', windows);
const maxima = Array.from({ length: 4 }, (_, i) => Math.max(...windows.data.subarray(4 * i, 4 * i + 4)));
print('maximum of each row', Tensor.from(maxima, [1, 1, 2, 2]));

const { y } = maxPool2d(relu(conv2d(image, weight, bias)), { kernel: 2 });
print('maxPool2d(relu(conv2d))', y);

// The way back: every row is added to the pixels that it came from. A pixel under k windows comes back k times.
const ones = new Tensor([1, 1, 6, 6], new Float32Array(36).fill(1));
print('row2im(im2row(ones))', row2im(im2row(ones, { kernel: 3 }), ones.shape, { kernel: 3 }));
