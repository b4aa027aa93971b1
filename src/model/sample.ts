/**
 * Sampling with a KV cache over fixed shapes: prompts left-padded to P columns, responses of at most R tokens.
 * Draws are inverse-CDF with uniforms from a counter-based stream (key; row, token), so that the same stream gives
 * the same text on any batch layout. Nothing is read back per token, except on backends whose tensors live in
 * this thread's memory, where looking is free and lets a finished batch stop early. tf.multinomial is not used (D50).
 */
import * as tf from '@tensorflow/tfjs-core';
import { philox4x32, unitFloat } from '../data/philox.ts';
import { AttentionCache, cachedAttention, fillCache } from '../kernels/cached-attention.ts';
import { draw, drawNamed, drawsByName, type Among, type Drawn } from '../kernels/draw.ts';
import { multiplyByTransposed } from '../kernels/linear.ts';
import { disposeBatch, uploadBatch } from './batch.ts';
import {
  attentionInputs,
  attentionOutput,
  embed,
  feedForward,
  hiddenStates,
  normalise,
} from './forward.ts';
import type { Model } from './parameters.ts';

export interface SampleSettings {
  /** Prompt columns, P. */
  readonly promptLength: number;
  /** Longest response, R, EOS included. */
  readonly responseLength: number;
  /** Divides the logits; `greedy` takes the likeliest token instead. */
  readonly temperature: number | 'greedy';
  /** Draws among the likeliest tokens only; by default, as rollouts must (D2), among all. */
  readonly among?: Among;
  /** Key of the random stream. */
  readonly key: readonly [number, number];
  /** Names each row's draws within the stream; by default the row's index. */
  readonly rows?: readonly number[];
  /** Rows decoded at once; 64 by default. */
  readonly chunk?: number;
}

export interface Sampled {
  /** Token ids up to and including EOS if the model ended. */
  readonly tokens: number[];
  /** Log-probability of each token at the sampling temperature (1 when greedy), nats. */
  readonly logProbabilities: number[];
  readonly ended: boolean;
}

/** Chunks that are asked for before the first of them is waited for. */
const CHUNKS_AT_ONCE = 8;

/** Uniforms [R, B] of a stream: entry (t, b) belongs to token t of row `rows[b]`. */
function uniforms(
  key: readonly [number, number],
  rows: readonly number[],
  length: number,
): Float32Array {
  const result = new Float32Array(length * rows.length);
  rows.forEach((row, b) => {
    for (let t = 0; t < length; t += 4) {
      const words = philox4x32([t / 4, row >>> 0, 0, 1], key);
      for (let i = 0; i < 4 && t + i < length; i++) {
        result[(t + i) * rows.length + b] = unitFloat(words[i] ?? 0);
      }
    }
  });
  return result;
}

/** Left-pads prompts to `width` columns; throws when one does not fit. */
function padLeft(prompts: readonly (readonly number[])[], width: number, padId: number) {
  const ids = new Int32Array(prompts.length * width).fill(padId);
  const starts = new Int32Array(prompts.length);
  prompts.forEach((prompt, b) => {
    if (prompt.length === 0 || prompt.length > width) {
      throw new RangeError(`prompt ${b} has ${prompt.length} tokens; 1 to ${width} fit`);
    }
    starts[b] = width - prompt.length;
    ids.set(prompt, b * width + width - prompt.length);
  });
  return { ids, starts };
}

const readsAreFree = (): boolean => tf.getBackend() === 'wasm' || tf.getBackend() === 'cpu';

interface DecodeState {
  readonly caches: readonly AttentionCache[];
  readonly starts: tf.Tensor1D;
  readonly promptLength: number;
}

/** Prompt pass: fills the caches and returns the logits after the last prompt token, [B, V]. */
function prefill(
  model: Model,
  prompts: { ids: Int32Array; starts: Int32Array },
  caches: readonly AttentionCache[],
) {
  const batch = uploadBatch(prompts.ids, prompts.starts);
  const logits = tf.tidy(() => {
    const hidden = hiddenStates(model, batch, undefined, (layer, qkv) => {
      fillCache(caches[layer]!, qkv, batch.time);
    });
    const last = tf.slice(
      tf.reshape(hidden, [batch.batch, batch.time, -1]),
      [0, batch.time - 1, 0],
      [batch.batch, 1, model.config.width],
    );
    return multiplyByTransposed(
      tf.reshape(last, [batch.batch, -1]) as tf.Tensor2D,
      model.get('wte.weight') as unknown as tf.Tensor2D,
    );
  });
  disposeBatch(batch);
  return logits;
}

/** One token per row at response index `t`: logits [B, V] for the next. */
function decodeStep(model: Model, token: tf.Tensor1D, t: number, state: DecodeState): tf.Tensor2D {
  const column = state.promptLength + t;
  const positions = tf.sub(tf.scalar(column, 'int32'), state.starts) as tf.Tensor1D;
  let x = embed(model, token, tf.cast(positions, 'int32'));
  state.caches.forEach((cache, l) => {
    const block = `h.${l}.`;
    const out = cachedAttention(cache, attentionInputs(model, block, x), state.starts, column);
    x = feedForward(model, block, attentionOutput(model, block, out, x));
  });
  return multiplyByTransposed(
    normalise(model, 'ln_f', x),
    model.get('wte.weight') as unknown as tf.Tensor2D,
  );
}

interface Drawer {
  /** Draws token t of every row; the caller owns the result. */
  readonly next: (logits: tf.Tensor2D, t: number) => Drawn;
  readonly dispose: () => void;
}

/** The draws of a chunk, by name on the device where it can, else from uniforms that are uploaded token by token. */
function drawerOf(rows: readonly number[], settings: SampleSettings): Drawer {
  const { key, temperature, among, responseLength } = settings;
  if (drawsByName()) {
    const names = tf.tensor1d(Int32Array.from(rows), 'int32');
    return {
      next: (logits, step) => drawNamed(logits, { key, rows: names, step }, temperature, among),
      dispose: () => names.dispose(),
    };
  }
  const u = uniforms(key, rows, responseLength);
  return {
    next: (logits, t) =>
      tf.tidy(() => {
        const uRow = tf.tensor1d(u.subarray(t * rows.length, (t + 1) * rows.length));
        return draw(logits, uRow, temperature, among);
      }),
    dispose: () => undefined,
  };
}

/** Everything is asked of the device before the first wait, so that chunks that are begun together come back together. */
async function sampleChunk(
  model: Model,
  prompts: readonly (readonly number[])[],
  rows: readonly number[],
  settings: SampleSettings,
): Promise<Sampled[]> {
  const { promptLength, responseLength } = settings;
  const { heads, width, layers, eosId, padId } = model.config;
  const padded = padLeft(prompts, promptLength, padId);
  const size = promptLength + responseLength;
  const caches = Array.from(
    { length: layers },
    () => new AttentionCache(prompts.length, heads, size, width / heads),
  );
  const starts = tf.tensor1d(padded.starts, 'int32');
  const state: DecodeState = { caches, starts, promptLength };
  const drawer = drawerOf(rows, settings);
  let logits = prefill(model, padded, caches);
  const drawn: Drawn[] = [];
  const finished = new Uint8Array(prompts.length);
  for (let t = 0; t < responseLength; t++) {
    const next = drawer.next(logits, t);
    logits.dispose();
    drawn.push(next);
    if (readsAreFree()) {
      next.token.dataSync().forEach((id, b) => {
        if (id === eosId) finished[b] = 1;
      });
      if (finished.every((done) => done === 1)) break;
    }
    if (t + 1 < responseLength) logits = tf.tidy(() => decodeStep(model, next.token, t, state));
  }
  const both = tf.tidy(() => {
    const tokens = tf.stack(drawn.map((d) => tf.cast(d.token, 'float32')));
    return tf.stack([tokens, tf.stack(drawn.map((d) => d.logProbability))]);
  }); // [2, T, B]: one read-back
  tf.dispose([starts, ...drawn.flatMap((d) => [d.token, d.logProbability])]);
  for (const cache of caches) cache.dispose();
  drawer.dispose();
  const values = await both.data<'float32'>();
  both.dispose();
  return unpack(values, drawn.length, prompts.length, eosId);
}

/** [2, T, B] values to one response per row, cut after its first EOS (D8). */
function unpack(values: Float32Array, time: number, batch: number, eosId: number): Sampled[] {
  return Array.from({ length: batch }, (_, b) => {
    const tokens: number[] = [];
    const logProbabilities: number[] = [];
    let ended = false;
    for (let t = 0; t < time && !ended; t++) {
      const id = values[t * batch + b] ?? 0;
      tokens.push(id);
      logProbabilities.push(values[(time + t) * batch + b] ?? 0);
      ended = id === eosId;
    }
    return { tokens, logProbabilities, ended };
  });
}

/** Samples one response for each prompt (token ids), in order. */
export async function sampleResponses(
  model: Model,
  prompts: readonly (readonly number[])[],
  settings: SampleSettings,
): Promise<Sampled[]> {
  const size = settings.promptLength + settings.responseLength;
  if (size > model.config.contextLength) {
    throw new RangeError(
      `prompt and response (${size} tokens) do not fit the context of ${model.config.contextLength}`,
    );
  }
  const rows = settings.rows ?? prompts.map((_, i) => i);
  const chunk = settings.chunk ?? 64;
  const results: Sampled[] = [];
  let begun: Promise<Sampled[]>[] = [];
  for (let from = 0; from < prompts.length; from += chunk) {
    const to = from + chunk;
    begun.push(sampleChunk(model, prompts.slice(from, to), rows.slice(from, to), settings));
    if (begun.length < CHUNKS_AT_ONCE && to < prompts.length) continue;
    for (const sampled of await Promise.all(begun)) results.push(...sampled);
    begun = [];
  }
  return results;
}
