// Times training steps of every backend in one real Chromium: `npm run bench:browser -- [size] [rounds] [steps]`, by default
// `S 3 3`. Rounds take the backends in turn. Without a graphics card WebGPU and WebGL run in software. Not a test.
import { cpus } from 'node:os';
import { CONFIGS, SIZE_NAMES } from '../../src/cli/bench/configs.ts';
import type { Backend } from '../../src/kernels/engine.ts';
import { median } from '../../src/records/spread.ts';
import { openBackends } from './browser-backends.ts';

const [name = 'S', rounds = '3', steps = '3'] = process.argv.slice(2);
const size = SIZE_NAMES.find((known) => known === name);
if (!size) throw new Error(`No size "${name}": one of ${SIZE_NAMES.join(', ')}.`);

const CONTENDERS: readonly (readonly [Backend, number])[] = [
  ['wasm', 1],
  ['wasm', Math.min(4, cpus().length)],
  ['webgpu', 1],
  ['webgl', 1],
];

const backends = await openBackends('swiftshader');
const found = new Map<string, { times: number[]; loss: number }>();
try {
  for (let round = 0; round < Number(rounds); round++) {
    for (const [backend, threads] of CONTENDERS) {
      const task = { backend, threads, timed: { size, steps: Number(steps) } };
      const result = await backends.run(task);
      if (result.backend !== backend) throw new Error(`${backend} did not start.`);
      const row = found.get(result.device) ?? { times: [], loss: result.loss };
      row.times.push(...result.times);
      found.set(result.device, row);
    }
  }
} finally {
  await backends.close();
}
const { batch, model } = CONFIGS[size];
console.log(
  `Training step of ${size} (${batch} x ${model.contextLength} tokens), ${rounds} rounds of ${steps} steps, ms:`,
);
for (const [device, { times, loss }] of found) {
  const words = [median(times), Math.min(...times), Math.max(...times)].map((ms) => ms.toFixed(0));
  console.log(`${device}: ${words[0]} (${words[1]} to ${words[2]}), last loss ${loss.toFixed(4)}`);
}
