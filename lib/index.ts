/**
 * The public names of rownet.
 *
 * @module rownet
 * @group API
 */
import './check-node.js';
import './live.js';

export type { ShuffleMode } from './data/batches.js';
export { type CsvOptions, datasetFromCsv, type FloatTable } from './data/csv-table.js';
export {
  type DataOrigin,
  type DataSource,
  type Dataset,
  type LoadOptions,
  loadDataset,
  type PictureSet,
} from './data/datasets.js';
export type { InputPreparation, Prepare } from './data/net-input.js';
export {
  imagesToTensor,
  measureNormalization,
  mnistNormalization,
  type Normalization,
  type PixelStatistics,
  pixelStatistics,
  standardization,
  type UniformNormalization,
} from './data/normalize.js';
export type { HeightWidth, PicturePreparation } from './data/preparation.js';
export type { ResizeMethod } from './data/resize.js';
export { iris, type LabelledTable, xor } from './data/small-sets.js';
export { type SplitOptions, split, subset } from './data/subset.js';
export type { Augmentation } from './engines/augment.js';
export { createEngine } from './engines/create.js';
export type {
  Engine,
  EngineName,
  EngineOptions,
  Evaluation,
  ImageSet,
  StepOptions,
  StepResult,
} from './engines/engine.js';
export {
  AddonError,
  ArgumentRangeError,
  ArgumentTypeError,
  DataError,
  DivergedError,
  ResourceError,
  ShapeError,
  StateError,
} from './errors.js';
export { exportOnnx, type OnnxOptions } from './export/onnx-graph.js';
export { type ReplaceOptions, WriteError } from './formats/atomic-file.js';
export {
  type Checkpoint,
  type LoadedCheckpoint,
  loadCheckpoint,
  type PartialEpoch,
  saveCheckpoint,
} from './formats/checkpoint.js';
export type { CheckpointBest } from './formats/checkpoint-parts.js';
export { decodeNpz, encodeNpz } from './formats/npz.js';
export { loadParams, saveParams } from './formats/params.js';
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type Safetensors,
} from './formats/safetensors.js';
export type { ColourImage } from './images/colour.js';
export { decodeColourImage, decodeImage } from './images/decode.js';
export { type DigitNote, type PreparedDigit, prepareDigit } from './images/digit.js';
export type { GreyImage } from './images/limits.js';
export * from './kernels.js';
export { AvgPool2d } from './layers/avg-pool2d.js';
export type { BatchNormOptions } from './layers/batch-norm.js';
export { BatchNorm1d } from './layers/batch-norm1d.js';
export { BatchNorm2d } from './layers/batch-norm2d.js';
export { Conv2d, type Conv2dOptions } from './layers/conv2d.js';
export { Dropout, type DropoutOptions } from './layers/dropout.js';
export { Dropout2d } from './layers/dropout2d.js';
export { Flatten } from './layers/flatten.js';
export { GlobalAvgPool2d } from './layers/global-avg-pool2d.js';
export type { LaneStep } from './layers/kind.js';
export {
  type ForwardContext,
  type Layer,
  type LayerBuffer,
  type LayerDescription,
  LayerParameter,
  type Parameter,
  type ParameterKind,
} from './layers/layer.js';
export { LeakyReLU, type LeakyReLUOptions } from './layers/leaky-relu.js';
export { Linear, type LinearOptions } from './layers/linear.js';
export { MaxPool2d } from './layers/max-pool2d.js';
export { ReLU } from './layers/relu.js';
export { Residual, type ResidualOptions } from './layers/residual.js';
export { type NamedLayer, Sequential } from './layers/sequential.js';
export { Sigmoid } from './layers/sigmoid.js';
export { Softmax } from './layers/softmax.js';
export { Tanh } from './layers/tanh.js';
export { BCEWithLogitsLoss } from './losses/bce-with-logits.js';
export { CrossEntropyLoss, type CrossEntropyLossOptions } from './losses/cross-entropy.js';
export type { Loss, LossOptions, LossTargets } from './losses/loss.js';
export { MSELoss } from './losses/mse.js';
export { softmax } from './losses/softmax.js';
export { AlexNet, type AlexNetOptions } from './nets/alex-net.js';
export { FCNet, type FCNetOptions } from './nets/fc-net.js';
export type { FullyConnectedOptions } from './nets/fully-connected.js';
export { type Init, initParameters } from './nets/init.js';
export { LeNet5, type LeNet5Options } from './nets/lenet5.js';
export { Net, type NetOptions, type UpdateOptions } from './nets/net.js';
export { NIN, type NINOptions } from './nets/nin.js';
export type { PictureNetOptions } from './nets/picture-net.js';
export { ResNet8, type ResNet8Options } from './nets/res-net8.js';
export { restoreNet } from './nets/restore.js';
export { ThreeLayerNet, type ThreeLayerNetOptions } from './nets/three-layer-net.js';
export { TwoLayerNet, type TwoLayerNetOptions } from './nets/two-layer-net.js';
export { Adam, type AdamOptions, type AdamSettings } from './optimizers/adam.js';
export { AdamW, type AdamWOptions, type AdamWSettings } from './optimizers/adamw.js';
export type { ParameterGroup } from './optimizers/groups.js';
export type { OptimizerSettings } from './optimizers/kinds.js';
export type { MomentOptions } from './optimizers/moments.js';
export type { Optimizer, ParameterUpdate } from './optimizers/optimizer.js';
export { RMSprop, type RMSpropOptions, type RMSpropSettings } from './optimizers/rmsprop.js';
export type { HasParameters, OptimizerTarget, RuleOptions } from './optimizers/rule-optimizer.js';
export { SGD, type SGDOptions, type SGDSettings } from './optimizers/sgd.js';
export { Random } from './random.js';
export type { RunConfig } from './runs/config.js';
export type { RunData } from './runs/data.js';
export { listRuns, type RunList, type RunSummary } from './runs/list.js';
export type { EpochMetrics } from './runs/metrics.js';
export { type OpenedRun, type OpenRunOptions, openRun, type Weights } from './runs/open-run.js';
export { type Recognition, Recognizer, type RecognizerOptions } from './runs/recognizer.js';
export {
  type CheckpointInterval,
  type Durable,
  type Position,
  type SavedRun,
  type SaveRunOptions,
  saveRun,
} from './runs/save-run.js';
export { formatShape, type Shape, sizeOf, Tensor } from './tensor.js';
export type { AveragingOptions } from './training/averaging.js';
export type { BestEpoch, BestMeasure } from './training/best.js';
export type { ComparedRun, EpochRecord, LiveEpoch, Progress } from './training/epoch-record.js';
export { type Accuracy, type AccuracyOptions, computeAccuracy } from './training/evaluate.js';
export type { FitOptions } from './training/fit-options.js';
export type { LiveOptions, TrainingFacts, TrainingObserver } from './training/observer.js';
export { type Recipe, type RunRecipe, recipes } from './training/recipes.js';
export { recipeForRun, recipeOf } from './training/run-recipe.js';
export { learningRate } from './training/schedule.js';
export type {
  ConstantLR,
  CosineAnnealing,
  OneCycle,
  RateFunction,
  RecipeSchedule,
  Schedule,
  StepLR,
  Warmup,
} from './training/schedules.js';
export type { TrainingSettings } from './training/settings.js';
export type { TrainingState } from './training/state.js';
export { Trainer } from './training/trainer.js';
export type { TrainerOptions } from './training/trainer-options.js';
export type { LivePage } from './web/live-page.js';
