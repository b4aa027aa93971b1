/** On which WebGPU devices kernels take their variant for subgroups. Devices are stand-ins: no adapter is needed. */
import { afterEach, expect, test } from 'vitest';
import { Gpu, useSubgroups } from '../../../src/kernels/webgpu/gpu.ts';

afterEach(() => {
  useSubgroups(true);
});

function lanesOf(features: readonly string[], sizes?: readonly [number, number]): number {
  const adapterInfo = sizes && { subgroupMinSize: sizes[0], subgroupMaxSize: sizes[1] };
  const device = { features: new Set(features), ...(adapterInfo ? { adapterInfo } : {}) };
  return new Gpu({ device }).lanes;
}

test.each([
  ['SwiftShader', ['subgroups'], [4, 4], 4],
  ['llvmpipe', ['subgroups', 'shader-f16'], [8, 8], 8],
  ['a device whose subgroups come in several sizes', ['subgroups'], [8, 32], 0],
  ['a graphics processor with wide subgroups', ['subgroups'], [32, 32], 0],
  ['a device that was not asked for the feature', ['shader-f16'], [8, 8], 0],
  ['a browser that tells nothing of its adapter', [], undefined, 0],
  ['a browser with the feature that tells nothing', ['subgroups'], undefined, 0],
] as const)('%s', (_, features, sizes, lanes) => {
  expect(lanesOf(features, sizes)).toBe(lanes);
});

test('the switch turns them off and on again', () => {
  useSubgroups(false);
  expect(lanesOf(['subgroups'], [8, 8])).toBe(0);
  useSubgroups(true);
  expect(lanesOf(['subgroups'], [8, 8])).toBe(8);
});
