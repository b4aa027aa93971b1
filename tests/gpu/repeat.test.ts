/** Repeated and resumed runs on webgpu; tests/unit/rlhf/repeat.test.ts has them on cpu and wasm. */
import { afterAll, expect } from 'vitest';
import { describeRepeats } from '../unit/rlhf/repeat-spec.ts';
import { deviceErrors, useWebGpu } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

describeRepeats('webgpu', useWebGpu);
