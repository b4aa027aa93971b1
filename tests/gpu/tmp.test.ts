import * as tf from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { causalAttention } from '../../src/kernels/attention.ts';
import { normals, upload } from './own-kernels.ts';
import { useOwnKernels } from '../../src/kernels/own-kernel.ts';
import { useWebGpu } from './webgpu.ts';

test('times', async () => {
  await useWebGpu();
  for (const width of (process.env['WIDTHS'] ?? '64').split(',').map(Number)) {
    const [batch, time, heads] = (process.env['SHAPE'] ?? '1,20,1').split(',').map(Number) as [number, number, number];
    const qkv = upload(normals([batch * time, 3 * heads * width])) as tf.Tensor2D;
    const starts = tf.zeros([batch], 'int32') as tf.Tensor1D;
    useOwnKernels(process.env["OWN"] !== "0");
    for (let i = 0; i < Number(process.env['N'] ?? 2); i++) {
      let t0 = performance.now();
      const y = causalAttention(qkv, starts, { batch, time, heads });
      await y.data();
      const f = performance.now() - t0;
      t0 = performance.now();
      const g = tf.grad((x) => causalAttention(x as tf.Tensor2D, starts, { batch, time, heads }))(qkv);
      await g.data();
      console.info(width, i, f.toFixed(0), (performance.now() - t0).toFixed(0));
    }
  }
});
