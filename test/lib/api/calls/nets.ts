/** Calls of layers, losses, optimizers and nets. */
import * as rownet from '../../../../lib/index.js';
import { tinyInput, tinyLayers, tinyNet } from '../../../support/tiny-net.js';
import { all, type Calls, type Options, t } from './call.js';

const stepped = () => {
  const net = tinyNet();
  net.forward(t(2, ...tinyInput));
  net.backward(t(2, 3));
  return net;
};
const loss = () => {
  const criterion = new rownet.CrossEntropyLoss();
  criterion.forward(t(2, 3), [0, 1]);
  return criterion;
};

/** The layer after a forward. */
function forwarded(make: () => rownet.Layer, input: rownet.Tensor): [rownet.Layer, rownet.Tensor] {
  const layer = make();
  return [layer, new rownet.Tensor(layer.forward(input).shape)];
}

function layerCalls(name: string, make: () => rownet.Layer, input: rownet.Tensor): Calls {
  const [, gradOut] = forwarded(make, input);
  return {
    [`${name}.outputShape`]: { args: () => [input.shape], call: (shape) => make().outputShape(shape) },
    [`${name}.forward`]: { args: () => [input], call: (x) => make().forward(x) },
    [`${name}.backward`]: { args: () => [gradOut], call: (grad) => forwarded(make, input)[0].backward(grad) },
    [`${name}.backwardParameters`]: {
      args: () => [gradOut],
      call: (grad) => forwarded(make, input)[0].backwardParameters(grad),
    },
    [`${name}.parameters`]: { args: () => [], call: () => make().parameters() },
    [`${name}.describe`]: { args: () => [], call: () => make().describe() },
    [`${name}.toString`]: { args: () => [], call: () => make().toString() },
  };
}

const fullyConnected = { seed: 1, init: 'zeros', inputs: [1, 3, 5], classes: 3, dropout: 0.25 } as const;

const layers = {
  Conv2d: () => new rownet.Conv2d({ inChannels: 1, outChannels: 2, kernel: 2 }),
  MaxPool2d: () => new rownet.MaxPool2d({ kernel: 2 }),
  Linear: () => new rownet.Linear({ inFeatures: 4, outFeatures: 3 }),
  ReLU: () => new rownet.ReLU(),
  Sigmoid: () => new rownet.Sigmoid(),
  Tanh: () => new rownet.Tanh(),
  LeakyReLU: () => new rownet.LeakyReLU(),
  AvgPool2d: () => new rownet.AvgPool2d({ kernel: 2 }),
  GlobalAvgPool2d: () => new rownet.GlobalAvgPool2d(),
  Softmax: () => new rownet.Softmax(),
  BatchNorm1d: () => new rownet.BatchNorm1d({ features: 4 }),
  Dropout2d: () => new rownet.Dropout2d(),
  BatchNorm2d: () => new rownet.BatchNorm2d({ features: 1 }),
  Dropout: () => new rownet.Dropout(),
  Flatten: () => new rownet.Flatten(),
  Sequential: tinyLayers,
  Residual: () => new rownet.Residual({ body: new rownet.Sequential([new rownet.ReLU()]) }),
};

export const netCalls: Calls = {
  'new Conv2d': {
    args: () => [
      all<rownet.Conv2dOptions>({
        inChannels: 2,
        outChannels: 4,
        kernel: 3,
        stride: 1,
        padding: 1,
        dilation: 2,
        groups: 2,
        bias: false,
      }),
    ],
    call: (options) => new rownet.Conv2d(options),
    options: [0, 'inChannels', 'outChannels', 'kernel'],
  },
  'new MaxPool2d': {
    args: () => [all<rownet.PaddedPoolOptions>({ kernel: 2, stride: 1, padding: 1 })],
    call: (options) => new rownet.MaxPool2d(options),
    options: [0, 'kernel'],
  },
  'new Linear': {
    args: () => [all<rownet.LinearOptions>({ inFeatures: 2, outFeatures: 3, bias: false })],
    call: (options) => new rownet.Linear(options),
    options: [0, 'inFeatures', 'outFeatures'],
  },
  'new Sigmoid': { args: () => [], call: () => new rownet.Sigmoid() },
  'new Tanh': { args: () => [], call: () => new rownet.Tanh() },
  'new LeakyReLU': {
    args: () => [all<rownet.LeakyReLUOptions>({ negativeSlope: 0.1 })],
    call: (options) => new rownet.LeakyReLU(options),
    options: [0],
  },
  'new AvgPool2d': {
    args: () => [all<rownet.PaddedPoolOptions>({ kernel: 2, stride: 1, padding: 1 })],
    call: (options) => new rownet.AvgPool2d(options),
    options: [0, 'kernel'],
  },
  'new GlobalAvgPool2d': { args: () => [], call: () => new rownet.GlobalAvgPool2d() },
  'new Softmax': { args: () => [], call: () => new rownet.Softmax() },
  'new BatchNorm1d': {
    args: () => [all<rownet.BatchNormOptions>({ features: 2, eps: 1e-5, momentum: 0.1, affine: true })],
    call: (options) => new rownet.BatchNorm1d(options),
    options: [0, 'features'],
  },
  'new Dropout2d': {
    args: () => [all<rownet.DropoutOptions>({ p: 0.5 })],
    call: (options) => new rownet.Dropout2d(options),
    options: [0],
  },
  'new BatchNorm2d': {
    args: () => [all<rownet.BatchNormOptions>({ features: 2, eps: 1e-5, momentum: 0.1, affine: true })],
    call: (options) => new rownet.BatchNorm2d(options),
    options: [0, 'features'],
  },
  'BatchNorm2d.buffers': { args: () => [], call: () => layers.BatchNorm2d().buffers() },
  'new Dropout': {
    args: () => [all<rownet.DropoutOptions>({ p: 0.5 })],
    call: (options) => new rownet.Dropout(options),
    options: [0],
  },
  'new ReLU': { args: () => [], call: () => new rownet.ReLU() },
  'new Flatten': { args: () => [], call: () => new rownet.Flatten() },
  'new Residual': {
    args: () => [
      all<rownet.ResidualOptions>({
        body: new rownet.Sequential([new rownet.ReLU()]),
        shortcut: new rownet.Sequential([new rownet.Tanh()]),
      }),
    ],
    call: (options) => new rownet.Residual(options),
    options: [0, 'body'],
  },
  ...layerCalls('Residual', layers.Residual, t(2, 4)),
  'Residual.buffers': { args: () => [], call: () => layers.Residual().buffers() },
  'Residual.layers': { args: () => [], call: () => layers.Residual().layers },
  'new Sequential': {
    args: () => [{ relu: new rownet.ReLU() }],
    call: (options) => new rownet.Sequential(options),
  },
  ...layerCalls('Conv2d', layers.Conv2d, t(2, ...tinyInput)),
  ...layerCalls('MaxPool2d', layers.MaxPool2d, t(2, ...tinyInput)),
  ...layerCalls('Linear', layers.Linear, t(2, 4)),
  ...layerCalls('ReLU', layers.ReLU, t(2, 4)),
  ...layerCalls('Sigmoid', layers.Sigmoid, t(2, 4)),
  ...layerCalls('Tanh', layers.Tanh, t(2, 4)),
  ...layerCalls('LeakyReLU', layers.LeakyReLU, t(2, 4)),
  ...layerCalls('BatchNorm2d', layers.BatchNorm2d, t(2, ...tinyInput)),
  ...layerCalls('AvgPool2d', layers.AvgPool2d, t(2, ...tinyInput)),
  ...layerCalls('GlobalAvgPool2d', layers.GlobalAvgPool2d, t(2, ...tinyInput)),
  ...layerCalls('Softmax', layers.Softmax, t(2, 4)),
  ...layerCalls('BatchNorm1d', layers.BatchNorm1d, t(2, 4)),
  ...layerCalls('Dropout2d', layers.Dropout2d, t(2, ...tinyInput)),
  ...layerCalls('Dropout', layers.Dropout, t(2, 4)),
  'AvgPool2d.laneStep': { args: () => [], call: () => layers.AvgPool2d().laneStep() },
  'GlobalAvgPool2d.laneStep': { args: () => [], call: () => layers.GlobalAvgPool2d().laneStep() },
  'Softmax.laneStep': { args: () => [], call: () => layers.Softmax().laneStep() },
  ...layerCalls('Flatten', layers.Flatten, t(2, ...tinyInput)),
  ...layerCalls('Sequential', layers.Sequential, t(2, ...tinyInput)),
  'Sequential.buffers': { args: () => [], call: () => tinyLayers().buffers() },
  restoreNet: { args: () => [tinyNet().architecture], call: rownet.restoreNet },
  'new LayerParameter': {
    args: () => ['weight', [2, 3], 3],
    call: (...a) => new rownet.LayerParameter(a[0], a[1], a[2]),
  },
  'LayerParameter.value': { args: () => [], call: () => new rownet.LayerParameter('bias', [2], 3).value },
  'LayerParameter.grad': { args: () => [], call: () => new rownet.LayerParameter('bias', [2], 3).grad },
  'LayerParameter.bound': { args: () => [], call: () => new rownet.LayerParameter('bias', [2], 3).bound },
  'LayerParameter.bind': {
    args: () => [t(2), t(2)],
    call: (value, grad) => new rownet.LayerParameter('bias', [2], 3).bind(value, grad),
  },
  initParameters: { args: () => [tinyNet().parameters(), 'he', 1], call: rownet.initParameters },
  'new CrossEntropyLoss': {
    args: () => [all<rownet.CrossEntropyLossOptions>({ reduction: 'sum', labelSmoothing: 0.1 })],
    call: (options) => new rownet.CrossEntropyLoss(options),
    options: [0],
  },
  'new MSELoss': {
    args: () => [all<rownet.LossOptions>({ reduction: 'sum' })],
    call: (options) => new rownet.MSELoss(options),
    options: [0],
  },
  'MSELoss.terms': { args: () => [2, 3], call: (rows, outputs) => new rownet.MSELoss().terms(rows, outputs) },
  'MSELoss.measure': {
    args: () => [t(2, 3), t(2, 3), { gradScale: 0.5, grad: t(2, 3) }],
    call: (scores, values, options) => new rownet.MSELoss().measure(scores, values, options),
    options: [2],
  },
  'new BCEWithLogitsLoss': {
    args: () => [all<rownet.LossOptions>({ reduction: 'sum' })],
    call: (options) => new rownet.BCEWithLogitsLoss(options),
    options: [0],
  },
  'BCEWithLogitsLoss.terms': {
    args: () => [2, 3],
    call: (rows, outputs) => new rownet.BCEWithLogitsLoss().terms(rows, outputs),
  },
  'BCEWithLogitsLoss.measure': {
    args: () => [t(2, 3), t(2, 3), { gradScale: 0.5, grad: t(2, 3) }],
    call: (scores, values, options) => new rownet.BCEWithLogitsLoss().measure(scores, values, options),
    options: [2],
  },
  'CrossEntropyLoss.correct': { args: () => [], call: () => loss().correct },
  'CrossEntropyLoss.forward': {
    args: () => [t(2, 3), [0, 1]],
    call: (scores, labels) => new rownet.CrossEntropyLoss().forward(scores, labels),
  },
  'CrossEntropyLoss.terms': { args: () => [2, 3], call: (rows) => new rownet.CrossEntropyLoss().terms(rows) },
  'CrossEntropyLoss.measure': {
    args: () => [t(2, 3), [0, 1], { gradScale: 0.5, grad: t(2, 3) }],
    call: (scores, labels, options) => new rownet.CrossEntropyLoss().measure(scores, labels, options),
    options: [2],
  },
  'CrossEntropyLoss.backward': { args: () => [], call: () => loss().backward() },
  'new SGD': {
    args: () => [
      tinyNet(),
      all<rownet.SGDOptions>({
        lr: 0.1,
        momentum: 0.9,
        nesterov: false,
        weightDecay: 0.1,
        biasGradient: 'sum',
        groups: [{ layers: ['fc'], lr: 0.01, weightDecay: 0 }],
        freeze: ['conv'],
      }),
    ],
    call: (target, options) => new rownet.SGD(target, options),
    options: [1, 'lr'],
  },
  'SGD.step': { args: () => [0.1], call: (lr) => new rownet.SGD(stepped(), { lr: 0.1 }).step(lr) },
  'SGD.update': { args: () => [0.1], call: (lr) => new rownet.SGD(stepped(), { lr: 0.1 }).update(lr) },
  'SGD.state': { args: () => [], call: () => new rownet.SGD(tinyNet(), { lr: 0.1 }).state() },
  'SGD.setState': {
    args: () => [new rownet.SGD(tinyNet(), { lr: 0.1, momentum: 0.9 }).state()],
    call: (state) => new rownet.SGD(tinyNet(), { lr: 0.1, momentum: 0.9 }).setState(state),
  },
  'new Adam': {
    args: () => [
      tinyNet(),
      all<rownet.AdamOptions>({
        lr: 1e-3,
        betas: [0.9, 0.99],
        eps: 1e-6,
        weightDecay: 0.1,
        biasGradient: 'sum',
        groups: [{ layers: ['fc'], lr: 0.01, weightDecay: 0 }],
        freeze: ['conv'],
      }),
    ],
    call: (target, options) => new rownet.Adam(target, options),
    options: [1],
  },
  'new AdamW': {
    args: () => [
      tinyNet(),
      all<rownet.AdamWOptions>({
        lr: 1e-3,
        betas: [0.9, 0.99],
        eps: 1e-6,
        weightDecay: 0.1,
        biasGradient: 'sum',
        groups: [{ layers: ['fc'], lr: 0.01, weightDecay: 0 }],
        freeze: ['conv'],
      }),
    ],
    call: (target, options) => new rownet.AdamW(target, options),
    options: [1],
  },
  'new RMSprop': {
    args: () => [
      tinyNet(),
      all<rownet.RMSpropOptions>({
        lr: 1e-3,
        alpha: 0.9,
        eps: 1e-6,
        momentum: 0.5,
        centered: true,
        weightDecay: 0.1,
        biasGradient: 'sum',
        groups: [{ layers: ['fc'], lr: 0.01, weightDecay: 0 }],
        freeze: ['conv'],
      }),
    ],
    call: (target, options) => new rownet.RMSprop(target, options),
    options: [1],
  },
  'AdamW.toString': { args: () => [], call: () => String(new rownet.AdamW(tinyNet())) },
  'RMSprop.toString': { args: () => [], call: () => String(new rownet.RMSprop(tinyNet())) },
  'Adam.toString': { args: () => [], call: () => String(new rownet.Adam(tinyNet())) },
  'SGD.toString': { args: () => [], call: () => String(new rownet.SGD(tinyNet(), { lr: 0.1 })) },
  'new LeNet5': {
    args: () => [
      all<rownet.LeNet5Options>({
        seed: 1,
        init: 'zeros',
        classes: 3,
        channels: 3,
        inputSize: [36, 32],
        dropout: 0.25,
        activation: 'tanh',
        pooling: 'average',
      }),
    ],
    call: (options) => new rownet.LeNet5(options),
    options: [0],
  },
  'new AlexNet': {
    args: () => [
      all<rownet.AlexNetOptions>({
        seed: 1,
        init: 'zeros',
        classes: 3,
        inputShape: [1, 67, 67],
        dropout: 0.25,
        hidden: 8,
      }),
    ],
    call: (options) => new rownet.AlexNet(options),
    options: [0],
  },
  'new NIN': {
    args: () => [
      all<rownet.NINOptions>({ seed: 1, init: 'zeros', classes: 3, inputShape: [1, 4, 5], dropout: 0.25 }),
    ],
    call: (options) => new rownet.NIN(options),
    options: [0],
  },
  'new ResNet8': {
    args: () => [all<rownet.ResNet8Options>({ seed: 1, init: 'zeros', classes: 3, inputShape: [1, 4, 5] })],
    call: (options) => new rownet.ResNet8(options),
    options: [0],
  },
  'new FCNet': {
    args: () => [all<rownet.FCNetOptions>({ ...fullyConnected, hidden: [5, 4], batchNorm: true })],
    call: (options) => new rownet.FCNet(options),
    options: [0],
  },
  'new TwoLayerNet': {
    args: () => [all<rownet.TwoLayerNetOptions>({ ...fullyConnected, hidden: 5 })],
    call: (options) => new rownet.TwoLayerNet(options),
    options: [0],
  },
  'new ThreeLayerNet': {
    args: () => [all<rownet.ThreeLayerNetOptions>({ ...fullyConnected, hidden: [5, 4] })],
    call: (options) => new rownet.ThreeLayerNet(options),
    options: [0],
  },
  'new Net': {
    args: () => [tinyLayers(), all<rownet.NetOptions>({ inputShape: tinyInput, seed: 1, init: 'he' })],
    call: (layer, options) => new rownet.Net(layer, options),
    options: [1, 'inputShape'],
  },
  'Net.parameters': { args: () => [], call: () => tinyNet().parameters() },
  'Net.forward': { args: () => [t(2, ...tinyInput)], call: (x) => tinyNet().forward(x) },
  'Net.training': { args: () => [], call: () => tinyNet().training },
  'Net.train': { args: () => [], call: () => tinyNet().train() },
  'Net.eval': { args: () => [], call: () => tinyNet().eval() },
  'Net.forwardByLayers': { args: () => [t(2, ...tinyInput)], call: (x) => [...tinyNet().forwardByLayers(x)] },
  'Net.backward': {
    args: () => [t(2, 3), all<Options<rownet.Net['backward'], 1>>({ inputGradient: true })],
    call: (grad, options) => stepped().backward(grad, options),
    options: [1],
  },
  'Net.update': {
    args: () => [all<rownet.UpdateOptions>({ lr: 0.1, reg: 0.1, biasGradient: 'mean' })],
    call: (options) => stepped().update(options),
    options: [0, 'lr'],
  },
  'Net.getParams': { args: () => [], call: () => tinyNet().getParams() },
  'Net.setParams': { args: () => [tinyNet().getParams()], call: (params) => tinyNet().setParams(params) },
  'Net.predict': { args: () => [t(2, ...tinyInput), 2], call: (x, size) => tinyNet().predict(x, size) },
  'Net.predictByLayers': {
    args: () => [t(2, ...tinyInput), 2],
    call: (x, size) => tinyNet().predictByLayers(x, size),
  },
  'Net.activations': { args: () => [t(2, ...tinyInput)], call: (x) => tinyNet().activations(x) },
  'Net.summary': { args: () => [], call: () => tinyNet().summary() },
  'Net.toString': { args: () => [], call: () => String(tinyNet()) },
};
