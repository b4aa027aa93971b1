/** The engine on WebGPU: started by name, passed over when it is in software or faulty, told when lost; no atomics. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { Rng } from '../../src/data/rng.ts';
import { startEngine } from '../../src/kernels/engine.ts';
import { columnSum, linear, multiplyTransposed } from '../../src/kernels/linear.ts';
import { relativeDistance } from '../unit/model/tiny-model.ts';
import { deviceErrors, useCpu, useWebGpu } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

const rng = Rng.named(1, 'products');
const normals = (size: number) => Float32Array.from({ length: size }, () => rng.normal());

// First of all tests: tfjs registers a backend with a device of its own when it is imported.
test('asked for by name it starts, even in software, on the device that we asked for', async () => {
  let own: GPUDevice | undefined;
  const restore = await withDevices((device) => (own = device));
  const engine = await startEngine({ prefer: 'webgpu' });
  restore();
  expect((tf.backend() as unknown as { device: GPUDevice }).device === own).toBe(true);
  expect(engine.backend).toBe('webgpu');
  expect(engine.device).not.toBe('');
});

test('unasked, a software adapter loses to WASM and says so', async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const engine = await startEngine();
  const words = `${adapter?.info.architecture} ${adapter?.info.description}`.toLowerCase();
  if (/llvmpipe|swiftshader/.test(words)) {
    expect(engine.backend).toBe('wasm');
    expect(engine.notes.join()).toMatch(/would run in software/);
  } else {
    expect(engine.backend).toBe('webgpu');
  }
});

/** An adapter like the real one whose devices `change` has had in hand; undone by the returned function. */
async function withDevices(change: (device: GPUDevice) => GPUDevice): Promise<() => void> {
  const { gpu } = navigator;
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('no adapter');
  const { info, limits, features } = adapter;
  const requestDevice = async (wanted: GPUDeviceDescriptor) =>
    change(await adapter.requestDevice(wanted));
  const stub = { requestAdapter: () => Promise.resolve({ info, limits, features, requestDevice }) };
  Object.defineProperty(navigator, 'gpu', { value: stub, configurable: true });
  return () => {
    Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  };
}

describe('a device that', () => {
  test('is refused: the next backend, with a sentence that says so', async () => {
    const restore = await withDevices(() => {
      throw new Error('too many contexts');
    });
    const engine = await startEngine({ prefer: 'webgpu' });
    restore();
    expect(engine.backend).toBe('wasm');
    expect(engine.notes).toEqual([
      expect.stringMatching(/^WebGPU's graphics adapter \(.+\) gave no device: too many contexts$/),
    ]);
  });

  test('computes wrong numbers: the next backend, with a sentence that says so', async () => {
    // Every read-back gives zeros.
    const restore = await withDevices((device) => {
      const create = device.createBuffer.bind(device);
      device.createBuffer = (wanted) => {
        const buffer = create(wanted);
        if ((wanted.usage & GPUBufferUsage.MAP_READ) !== 0) {
          buffer.getMappedRange = () => new ArrayBuffer(wanted.size);
        }
        return buffer;
      };
      return device;
    });
    const engine = await startEngine({ prefer: 'webgpu' });
    restore();
    expect(engine.backend).toBe('wasm');
    expect(engine.notes).toEqual(['WebGPU started but computed wrong numbers.']);
  });

  test('cannot compute at all: the next backend, with a sentence that says so', async () => {
    const restore = await withDevices((device) => {
      device.createBindGroup = () => {
        throw new Error('out of memory');
      };
      return device;
    });
    const engine = await startEngine({ prefer: 'webgpu' });
    restore();
    expect(engine.backend).toBe('wasm');
    expect(engine.notes).toEqual(['WebGPU started but could not compute: out of memory']);
  });
});

describe('a device that is lost', () => {
  /** Starts on WebGPU with a device whose end the test decides. */
  async function started() {
    const lost: string[] = [];
    let end: (info: Pick<GPUDeviceLostInfo, 'reason' | 'message'>) => void = () => undefined;
    const restore = await withDevices((device) => {
      const promise = new Promise((resolve) => {
        end = resolve;
      });
      Object.defineProperty(device, 'lost', { value: promise });
      return device;
    });
    const engine = await startEngine({ prefer: 'webgpu', lost: (words) => lost.push(words) });
    restore();
    expect(engine.backend).toBe('webgpu');
    return { lost, end: (info: Parameters<typeof end>[0]) => (end(info), Promise.resolve()) };
  }

  test('is told in a sentence with the reason', async () => {
    const { lost, end } = await started();
    await end({ reason: 'unknown', message: 'the driver was reset.' });
    expect(lost).toEqual(['The graphics device was lost (the driver was reset).']);
  });

  test('and one that refuses work are alike: WebGPU would skip the work in silence', async () => {
    const lost: string[] = [];
    let device: GPUDevice | undefined;
    const restore = await withDevices((real) => (device = real));
    await startEngine({ prefer: 'webgpu', lost: (words) => lost.push(words) });
    restore();
    // A buffer to be mapped both ways is against the rules.
    device?.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.MAP_WRITE });
    await expect.poll(() => lost).toHaveLength(1);
    expect(lost[0]).toMatch(/^The graphics device refused work \(.+\)\.$/s);
  });

  test('by our own destroy is no loss', async () => {
    const lost: string[] = [];
    let device: GPUDevice | undefined;
    const restore = await withDevices((real) => (device = real));
    await startEngine({ prefer: 'webgpu', lost: (words) => lost.push(words) });
    restore();
    device?.destroy();
    expect((await device?.lost)?.reason).toBe('destroyed');
    await Promise.resolve();
    expect(lost).toEqual([]);
  });

  test('after another one took its place is no loss', async () => {
    const { lost, end } = await started();
    await startEngine({ prefer: 'wasm' });
    await end({ reason: 'unknown', message: '' });
    expect(lost).toEqual([]);
  });

  test('twice is not taken a third time, for the reason given', async () => {
    const avoid = new Map([['webgpu', 'It was lost twice.']] as const);
    const engine = await startEngine({ prefer: 'webgpu', avoid });
    expect(engine.backend).toBe('wasm');
    expect(engine.notes).toEqual(['It was lost twice.']);
  });
});

// 4,999 is a prime: such rows cannot be cut into equal parts.
test.each([300, 4096, 4999])(
  'products over %i rows equal those of cpu and use no atomics',
  async (rows) => {
    const [a, b] = [normals(rows * 24), normals(rows * 20)];
    const compute = () =>
      tf.tidy(() => {
        const x = tf.tensor2d(a, [rows, 24]);
        const y = tf.tensor2d(b, [rows, 20]);
        const loss = (w: tf.Tensor) => {
          const out = linear(x, w as tf.Tensor2D, tf.zeros([20]));
          return tf.sum(tf.mul(out, y)) as tf.Scalar;
        };
        const gradient = tf.grad(loss)(tf.ones([24, 20]));
        return [multiplyTransposed(x, y), columnSum(y), gradient].map((t) =>
          tf.reshape(tf.clone(t), [-1]),
        );
      });
    const values = async () => {
      const tensors = compute();
      const result = await Promise.all(tensors.map(async (t) => (await t.data()).slice()));
      tf.dispose(tensors);
      return result;
    };
    await useCpu();
    const expected = await values();
    const backend = await useWebGpu();
    const [first, second] = [await values(), await values()];
    expect(second).toEqual(first);
    first.forEach((part, i) => {
      expect(relativeDistance(part, expected[i] ?? [])).toBeLessThan(1e-5);
    });
    const cache = (backend as unknown as { pipelineCache: Record<string, unknown> }).pipelineCache;
    const programs = Object.keys(cache);
    expect(programs.some((key) => key.toLowerCase().includes('matmul'))).toBe(true);
    expect(programs.filter((key) => /splitk/i.test(key))).toEqual([]);
  },
);
