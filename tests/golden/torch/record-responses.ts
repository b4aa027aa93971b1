/**
 * Writes responses.json: the tokens that a run of the program draws on cpu, the order of its minibatches and its
 * pre-training rows. PyTorch takes these as given and computes everything else of the run itself.
 * Usage: npx tsx tests/golden/torch/record-responses.ts
 */
import { writeFileSync } from 'node:fs';
import { startEngine } from '../../../src/kernels/engine.ts';
import { minibatchOrders, runPpo, runPtx, settings } from './golden.ts';

await startEngine({ prefer: 'cpu' });
const { responses } = await runPpo();
const { iterations, minibatches } = settings.ppoRun;
const recorded = {
  responses: responses.map((batch) => batch.map(({ prompt, response }) => ({ prompt, response }))),
  orders: minibatchOrders(),
  ptx: Array.from({ length: iterations * minibatches }, (_, index) => runPtx(index)),
};
const text = JSON.stringify(recorded).replaceAll(']],', ']],\n').replaceAll('}],', '}],\n');
writeFileSync(new URL('responses.json', import.meta.url), `${text}\n`);
