/**
 * Finds and loads the addon, and types what it exports. Only kernels.ts and engines/ import this file.
 *
 * Every array argument is a non-shared, non-resizable, attached `Float32Array` (unless typed otherwise), row-major.
 * The addon checks what protects memory (type, length, overlap); what a call means is checked in kernels.ts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { AddonError, errorCode, errorMessage } from './errors.js';
import { packageRoot } from './package-root.js';
import { defaultThreads, tellTooManyThreads } from './threads.js';

/** Of the arrays of a call. */
type Floats = Float32Array;
/** Of a layer with weights, forward and backward; backward overwrites dx, unless it is null, dw and db. */
type ForwardArrays = readonly [x: Floats, weight: Floats, bias: Floats, y: Floats];
type BackwardArrays = readonly [
  ...[x: Floats, weight: Floats, dy: Floats],
  ...[dx: Floats | null, dw: Floats, db: Floats],
];
type ActivationArrays = readonly [x: Floats | null, y: Floats, dy: Floats, dx: Floats];
/** Of images, bytes or floats, each channel by its own scale and shift. */
type GatherArguments<Pixels> = readonly [
  ...[images: Pixels, channels: number, pixels: number, indices: Uint32Array],
  ...[scale: Floats, shift: Floats, out: Floats],
];
type AugmentArguments<Pixels> = readonly [
  ...[images: Pixels, channels: number, height: number, width: number, indices: Uint32Array],
  ...[scale: Floats, shift: Floats, settings: Float64Array, out: Floats],
];

/** An instruction set that the kernels are compiled for, by the addon's name for it, such as `avx2`. */
export type IsaLevel = string;

/**
 * `[n, c, h, w, kernelH, kernelW, strideH, strideW, padH, padW]`, and perhaps `dilationH, dilationW, groups`, which are 1
 * otherwise: a window sliding over a `[n, c, h, w]` tensor.
 */
export type NativeWindow = readonly number[];

export interface NativeInfo {
  readonly isa: IsaLevel;
  /** Levels that this build holds and this CPU can run, lowest first (the cap does not shorten it). */
  readonly isaLevels: readonly IsaLevel[];
  readonly threads: number;
  /** Floats in one vector of the chosen level. */
  readonly vectorWidth: number;
  readonly compiler: string;
  readonly buildType: string;
}

export interface NativeLevel {
  readonly name: IsaLevel;
  /** What the CPU must have, as `/proc/cpuinfo` names it. */
  readonly cpuFlags: readonly string[];
  /** Floats in one vector; 0 where this build leaves the level out. */
  readonly vectorWidth: number;
}

/** What the addon knows by name, so that nothing is listed twice. */
export interface NativeTables {
  /** Lowest first, those of other CPUs included. */
  readonly levels: readonly NativeLevel[];
  readonly activations: readonly {
    readonly name: string;
    /** What the number is called that it takes. With one below 0 it is neither of the next two. */
    readonly number?: string;
    /** It does not decrease, so that it may stand in front of max-pooling as well as behind it. */
    readonly monotonic: boolean;
    /** The gradient needs the output alone. */
    readonly fromOutput: boolean;
    /** So cheap that the kernels before it apply it to their results. */
    readonly inRegisters: boolean;
  }[];
  /** What steps of a `LanePlan` compute. */
  readonly operations: readonly string[];
  readonly losses: readonly string[];
  /** How parameters follow gradients: the arrays that a rule keeps and the numbers of a step, in their order. */
  readonly updates: readonly {
    readonly name: string;
    readonly slots: readonly string[];
    /** How many of the arrays, the first ones, it does not work without. */
    readonly needed: number;
    readonly numbers: readonly string[];
  }[];
}

/** An update that is still to be made: of parameters in one arena by their gradients in another, at the same places. */
export interface NativeUpdate {
  /** A row of the addon's table of updates, such as `sgd`. */
  readonly rule: string;
  readonly params: Float32Array;
  readonly grads: Float32Array;
  /** The rule's arrays, at the places of the parameters; null: not used. */
  readonly state: readonly (Float32Array | null)[];
  /**
   * Offset, count, weight decay, factor of the gradient and of the learning rate of each parameter, in the order of their
   * offsets. What stands in none of them stays as it is, its state too.
   */
  readonly segments: Float64Array;
  /** In the order of the rule's names; the learning rate is the first. */
  readonly numbers: readonly number[];
}

export interface NativeAddon {
  readonly LanePlan: new (
    input: readonly number[],
    steps: readonly NativeStep[],
    loss: string,
    labelSmoothing?: number,
  ) => NativeLanePlan;
  readonly LayerStep: new (input: readonly number[], step: NativeStep) => NativeLayerStep;
  info(): NativeInfo;
  tables(): NativeTables;
  /**
   * Sizes the pool, the caller included; 1 to 1024. As a default, it counts only where nobody has said a number yet: the
   * pool belongs to the process, whose other JavaScript threads load the same addon. Says whether it counts.
   */
  setThreads(count: number, asDefault?: boolean): boolean;
  /** GFLOP/s of dependent-free FMAs on `threads` threads for about `seconds`; the machine's arithmetic limit. */
  fmaBurst(threads: number, seconds: number): number;

  im2row(window: NativeWindow, x: Float32Array, rows: Float32Array): void;
  row2im(window: NativeWindow, rows: Float32Array, x: Float32Array, average: boolean): void;
  pool2row(window: NativeWindow, x: Float32Array, rows: Float32Array): void;
  row2pool(window: NativeWindow, rows: Float32Array, x: Float32Array, average: boolean): void;

  /** C = alpha * op(A) * op(B) + beta * C; op is the transpose where the flag says so. C overlaps neither A nor B. */
  sgemm(
    transA: boolean,
    transB: boolean,
    m: number,
    n: number,
    k: number,
    alpha: number,
    a: Float32Array,
    lda: number,
    b: Float32Array,
    ldb: number,
    beta: number,
    c: Float32Array,
    ldc: number,
  ): void;

  conv2dForward(window: NativeWindow, outChannels: number, ...arrays: ForwardArrays): void;
  conv2dBackward(window: NativeWindow, outChannels: number, ...arrays: BackwardArrays): void;

  /** argmax holds, for each output, the index ky * kernelW + kx of the first maximum. */
  maxPool2dForward(window: NativeWindow, x: Float32Array, y: Float32Array, argmax: Uint16Array): void;
  maxPool2dBackward(window: NativeWindow, dy: Float32Array, argmax: Uint16Array, dx: Float32Array): void;

  /** y may be x. `number`: what the activation takes, 0 where it takes none. */
  activationForward(kind: string, number: number, x: Float32Array, y: Float32Array): void;
  /** dx from the gradient dy of the output y; x may be null where the table says `fromOutput`, dx may be dy. */
  activationBackward(kind: string, number: number, ...arrays: ActivationArrays): void;

  /** y [n, out] = x [n, in] * weight[out, in]^T + bias. */
  linearForward(n: number, inFeatures: number, outFeatures: number, ...arrays: ForwardArrays): void;
  linearBackward(n: number, inFeatures: number, outFeatures: number, ...arrays: BackwardArrays): void;

  /**
   * Summed loss and number of correct predictions over n rows of logits; labels in [0, classes).
   * dlogits, unless null, receives gradScale * (softmax - onehot).
   */
  softmaxCrossEntropy(
    n: number,
    classes: number,
    logits: Float32Array,
    labels: Int32Array,
    gradScale: number,
    dlogits: Float32Array | null,
  ): { loss: number; correct: number };

  /**
   * Moves the parameters by their gradients, as the rule says (native/core/updates): segments holds offset, count, weight
   * decay, factor of the gradient and of the learning rate of each, in order and without overlap.
   */
  updateSegments(update: NativeUpdate): void;

  /** out[i] = images[indices[i]] * scale + shift, elementwise over imageSize bytes. */
  gatherImages(
    images: Uint8Array,
    imageSize: number,
    indices: Uint32Array,
    scale: number,
    shift: number,
    out: Float32Array,
  ): void;

  /** The same of images [channels, pixels], each channel by its own scale and shift. */
  gatherChannels(...call: GatherArguments<Uint8Array>): void;
  gatherFloats(...call: GatherArguments<Floats>): void;

  /**
   * The same, each image moved at random by its number: native/core/rows/augment_images.h says what the nine settings are.
   */
  augmentImages(...call: AugmentArguments<Uint8Array>): void;
  augmentFloats(...call: AugmentArguments<Floats>): void;
}

/** A step of a plan: its operation, a name of `tables().operations`, and the operation's fields. */
export type NativeStep = { readonly op: string; readonly [field: string]: unknown };

/** What every call on a batch takes: the images at `indices`, as `pixel * scale + shift`, with their targets. */
export interface NativeBatch {
  readonly images: Uint8Array | Float32Array;
  /** A class for each image, or as many numbers each as the plan has outputs: what its loss takes. */
  readonly labels?: Uint8Array | undefined;
  readonly values?: Float32Array | undefined;
  readonly indices: Uint32Array;
  /** Of all pixels, or both as an array of a number a channel. */
  readonly scale: number | Float32Array;
  readonly shift: number | Float32Array;
  readonly parameters: Float32Array;
  /** Saved, but not trained. */
  readonly buffers: Float32Array;
}

export interface NativeTrainStep extends NativeBatch {
  /** The gradient is that of gradScale times the summed loss. */
  readonly gradScale: number;
  /** Overwritten. */
  readonly gradients?: Float32Array | undefined;
  /** In place of gradients: made of the parameters as updateSegments does. */
  readonly update?: NativeUpdate | undefined;
  /** What layers draw from: integers from 0 to 2^53 - 1. */
  readonly seed: number;
  readonly step: number;
  /**
   * Receives, each added up over the threads: gather, loss, update, then forward and backward of each step. The result has
   * the same bits.
   */
  readonly seconds?: Float64Array | undefined;
}

/** A net compiled for the lanes engine; native/core/lanes/plan.h. */
export interface NativeLanePlan {
  trainStep(step: NativeTrainStep): { loss: number; correct: number };
  /** Summed loss and correct predictions; predictions receives the first maximum of each image. */
  evaluate(batch: NativeBatch & { readonly predictions: Int32Array }): { loss: number; correct: number };
  /** scores [count, outputs] of x [count, c, h, w]. */
  predict(count: number, x: Floats, parameters: Floats, buffers: Floats, scores: Floats): void;
}

/** Parameters and buffers in the order of their places in the step. */
interface NativeLayerArrays {
  readonly parameters: readonly Float32Array[];
  readonly buffers: readonly Float32Array[];
}

/** One layer on its own, by its operation of the lanes engine; native/core/lanes/layer_step.h. */
export interface NativeLayerStep {
  /** y [count, outputs] of x [count, c, h, w]. Training moves the buffers. */
  forward(
    call: NativeLayerArrays & {
      readonly count: number;
      readonly x: Float32Array;
      readonly y: Float32Array;
      readonly training: boolean;
      readonly seed: number;
      readonly step: number;
    },
  ): void;
  /** Of the last forward, whose x is unchanged: overwrites dx, unless it is null, and the gradients of the parameters. */
  backward(
    call: NativeLayerArrays & {
      readonly x: Float32Array;
      readonly dy: Float32Array;
      readonly dx: Float32Array | null;
      readonly gradients: readonly Float32Array[];
    },
  ): void;
}

/**
 * Which prebuilt addon fits this process, such as `linux-x64-glibc`; undefined where the C library is not known.
 * @param maps Linux: what the process has mapped, as `/proc/self/maps` says. Not what is installed: a system may hold
 *   both C libraries, and an addon must be linked against the one that Node runs on.
 */
export function prebuildName(platform: string, arch: string, maps: string): string | undefined {
  if (platform !== 'linux') return `${platform}-${arch}`;
  if (/\/ld-musl-|\/libc\.musl-/.test(maps)) return `${platform}-${arch}-musl`;
  if (/\/libc(-2\.\d+)?\.so/.test(maps)) return `${platform}-${arch}-glibc`;
  return undefined;
}

/** The file of the prebuilt addon for this process, whether it is there or not. */
export function prebuiltAddon(root = packageRoot()): string | undefined {
  const name = prebuildName(process.platform, process.arch, mappedFiles());
  return name === undefined ? undefined : join(root, 'prebuilds', name, 'rownet.node');
}

function mappedFiles(): string {
  if (process.platform !== 'linux') return '';
  try {
    return readFileSync('/proc/self/maps', 'utf8');
  } catch {
    // A container without /proc, or Node's permission model.
    const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
    return header.glibcVersionRuntime === undefined ? '' : '/libc.so.6';
  }
}

/**
 * Where the addon may be, in the order in which it is looked for. What was built here comes before what was built
 * elsewhere; Release first: a stale debug build must not slow everything without a word.
 */
export function addonFiles(root = packageRoot()): string[] {
  const built = ['build/Release', 'build', 'build/Debug'].map((folder) => join(root, folder, 'rownet.node'));
  const prebuilt = prebuiltAddon(root);
  return prebuilt === undefined ? built : [...built, prebuilt];
}

let loaded: NativeAddon | undefined;
let loadedFrom: string | undefined;
/** `loaded`, once it has its number of threads. */
let ready: NativeAddon | undefined;

/**
 * The addon, loaded at the first call.
 * @throws {AddonError} code `ERR_ROWNET_ADDON`, with each cause and what to do.
 * @throws {ArgumentRangeError} if ROWNET_NUM_THREADS is no number of threads, unless `chooseThreads` has said one.
 */
export function native(): NativeAddon {
  ready ??= withDefaultThreads();
  return ready;
}

function withDefaultThreads(): NativeAddon {
  const { count } = defaultThreads();
  loaded ??= load();
  if (loaded.setThreads(count, true)) tellTooManyThreads(count);
  return loaded;
}

/** The addon's tables, without a number of threads. @throws {AddonError} as `native`. */
export function nativeTables(): NativeTables {
  loaded ??= load();
  return loaded.tables();
}

/** Sizes the pool. @throws {AddonError} as `native`. */
export function chooseThreads(count: number): void {
  loaded ??= load();
  loaded.setThreads(count);
  ready = loaded;
}

/** The file that `native()` loaded, or before that would load, for diagnosis. */
export function addonPath(): string | undefined {
  return loadedFrom ?? addonFiles().find((path) => existsSync(path));
}

function load(): NativeAddon {
  const require = createRequire(import.meta.url);
  for (const path of addonFiles()) {
    try {
      const addon = require(path) as NativeAddon;
      loadedFrom = path;
      return addon;
    } catch (cause) {
      if (errorCode(cause) === 'MODULE_NOT_FOUND') continue;
      throw new AddonError(`native: ${whyNotLoaded(cause, path)}`, { cause });
    }
  }
  const prebuilt = prebuiltAddon() ?? `${process.platform}-${process.arch} with an unknown C library`;
  throw new AddonError(
    `native: the addon is not built (no rownet.node under ${join(packageRoot(), 'build')}), and this package ` +
      `holds none for this platform (${prebuilt}). Install scripts were skipped or failed. ${howToBuild()}`,
  );
}

function whyNotLoaded(cause: unknown, path: string): string {
  const code = errorCode(cause);
  if (code === 'ERR_DLOPEN_DISABLED' || code === 'ERR_ACCESS_DENIED') {
    return (
      `this process may not load addons: ${firstLine(cause)}. Hint: with --permission pass --allow-addons and ` +
      `--allow-fs-read for ${packageRoot()} and what it depends on; without it leave --no-addons out`
    );
  }
  return (
    `${path} was found but did not load: ${firstLine(cause)}. ` +
    `It may be damaged, or built for another Node, platform or C library. ${howToBuild()}`
  );
}

function firstLine(error: unknown): string {
  return errorMessage(error).split('\n')[0].replace(/\.$/, '');
}

function howToBuild(): string {
  const musl = prebuiltAddon()?.includes('-musl') === true;
  return (
    'Run "npm rebuild" (in a project that depends on rownet: "npm rebuild rownet"; with npm 12 or newer first ' +
    '"npm install-scripts approve rownet"). It needs CMake and a C++17 compiler ' +
    `(${musl ? 'Alpine: apk add cmake make g++' : 'Debian: apt-get install cmake g++'}).`
  );
}
