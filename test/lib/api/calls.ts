/**
 * Every function, constructor and method of rownet's public interface, with arguments that are right. The tests beside
 * this file replace one of them by what is wrong; they fail where a public name is missing here.
 */
import type { Calls } from './calls/call.js';
import { fileCalls } from './calls/files.js';
import { kernelCalls } from './calls/kernels.js';
import { netCalls } from './calls/nets.js';
import { runCalls } from './calls/runs.js';
import { trainingCalls } from './calls/training.js';

/** By name: `matmul`, `new Conv2d`, `Net.forward` for the method, `Tensor.from` for the static one. */
export const calls: Calls = { ...kernelCalls, ...netCalls, ...trainingCalls, ...fileCalls, ...runCalls };
