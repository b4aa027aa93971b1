/** Series on wasm beside cpu, accumulation on both, micro-batches on wasm; tests/gpu/trajectory.test.ts has them on webgpu. */
import { start } from '../model/tiny-model.ts';
import { describeMicroBatches } from './micro-batches-spec.ts';
import { describeAccumulation, describeSeries } from './trajectory-spec.ts';

const cpu = () => start('cpu');
const wasm = () => start('wasm');

describeSeries('wasm', wasm, cpu);
describeAccumulation('cpu', cpu);
describeAccumulation('wasm', wasm);
describeMicroBatches('wasm', wasm);
