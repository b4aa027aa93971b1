/** Gradients on cpu (stock ops) and wasm (own kernels); tests/gpu/gradients.test.ts has them on webgpu. */
import { describeGradients } from './gradients-spec.ts';
import { start } from './tiny-model.ts';

for (const backend of ['cpu', 'wasm'] as const) describeGradients(backend, () => start(backend));
