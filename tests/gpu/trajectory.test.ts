/** Series, accumulation and micro-batches on webgpu, and own kernels beside stock ops; on cpu and wasm: tests/unit/rlhf/trajectory.test.ts. */
import { afterAll, expect } from 'vitest';
import { describeMicroBatches } from '../unit/rlhf/micro-batches-spec.ts';
import {
  describeAccumulation,
  describeOwnKernels,
  describeSeries,
} from '../unit/rlhf/trajectory-spec.ts';
import { deviceErrors, useCpu, useWebGpu } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

describeSeries('webgpu', useWebGpu, useCpu);
describeAccumulation('webgpu', useWebGpu);
describeMicroBatches('webgpu', useWebGpu);
describeOwnKernels('webgpu', useWebGpu);
