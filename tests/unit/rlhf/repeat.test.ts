/** Repeated and resumed runs on cpu and wasm; tests/gpu/repeat.test.ts has them on webgpu. */
import { start } from '../model/tiny-model.ts';
import { describeRepeats } from './repeat-spec.ts';

for (const backend of ['cpu', 'wasm'] as const) describeRepeats(backend, () => start(backend));
