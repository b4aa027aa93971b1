/** Gradients on webgpu; tests/unit/model/gradients.test.ts has them on cpu and wasm. */
import { afterAll, expect } from 'vitest';
import { describeGradients } from '../unit/model/gradients-spec.ts';
import { deviceErrors, useWebGpu } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

describeGradients('webgpu', useWebGpu);
