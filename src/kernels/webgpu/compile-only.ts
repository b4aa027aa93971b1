/** The switch of tfjs's WebGPU backend by which programs are only compiled and nothing runs (../compile-ahead.ts). */
import * as tf from '@tensorflow/tfjs-core';

const FLAG = 'WEBGPU_ENGINE_COMPILE_ONLY';

export const compilesOnly = (): boolean => tf.env().getBool(FLAG);

export function setCompileOnly(on: boolean): void {
  tf.env().set(FLAG, on);
}
