/** PyTorch's numbers on cpu (stock ops) and wasm (own kernels); tests/gpu/torch.test.ts has them on webgpu. */
import { start } from './tiny-model.ts';
import { describeTorch } from './torch-spec.ts';

for (const backend of ['cpu', 'wasm'] as const) describeTorch(backend, () => start(backend));
