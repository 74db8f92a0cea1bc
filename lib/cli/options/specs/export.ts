import { type CommandSpec, inputSize, json, run } from '../spec.js';
import { nonEmpty, oneOf } from '../values.js';

export const exportSpec = {
  summary: 'Write the parameters of a checkpoint, or its net, for other systems.',
  examples: [
    [
      'rownet export runs/mine --format onnx',
      'the net as runs/mine/lenet5.onnx, for ONNX Runtime and others',
    ],
    ['rownet export runs/mine --format safetensors', 'the parameters alone, under the names of PyTorch'],
    ['rownet export runs/mine --format npz --out lenet5.npz', 'the same for NumPy'],
  ],
  arguments: [run],
  options: {
    format: {
      flags: '--format <name>',
      description: 'safetensors or npz (the parameters), or onnx (the net); required',
      read: oneOf('safetensors', 'npz', 'onnx'),
    },
    out: {
      flags: '--out <file>',
      description: 'file to write',
      fallback: 'lenet5.<format> beside the checkpoint',
      read: nonEmpty('a file'),
    },
    force: { flags: '--force', description: 'replace a file that is there' },
    pixels: {
      flags: '--pixels',
      description: 'onnx: the graph takes pixels from 0 to 255 and normalizes them itself',
    },
    recipe: {
      flags: '--recipe <name>',
      description:
        'onnx: how images are prepared, fast or article; needed for a file that holds parameters alone',
      fallback: "the checkpoint's",
      read: oneOf('fast', 'article'),
    },
    size: inputSize,
    json,
  },
} as const satisfies CommandSpec;
