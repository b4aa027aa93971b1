/** Series and accumulation on webgpu; tests/unit/rlhf/trajectory.test.ts has them on cpu and wasm. */
import { afterAll, expect } from 'vitest';
import { describeAccumulation, describeSeries } from '../unit/rlhf/trajectory-spec.ts';
import { deviceErrors, useCpu, useWebGpu } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

describeSeries('webgpu', useWebGpu, useCpu);
describeAccumulation('webgpu', useWebGpu);
