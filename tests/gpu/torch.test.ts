/** PyTorch's numbers on webgpu; tests/unit/model/torch.test.ts has them on cpu and wasm. */
import { afterAll, expect } from 'vitest';
import { describeTorch } from '../unit/model/torch-spec.ts';
import { deviceErrors, useWebGpu } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

describeTorch('webgpu', useWebGpu);
