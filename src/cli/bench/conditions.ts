/**
 * Under what conditions a bench ran: machine, versions, and what else the machine was doing. Told with every table,
 * because figures without them mean little.
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import packageJson from '../../../package.json' with { type: 'json' };
import peersJson from './peers/package.json' with { type: 'json' };

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly node: string;
  readonly packages: Readonly<Record<string, string>>;
}

export interface Conditions extends Machine {
  readonly date: string;
  /** Processes that wanted a core in the minute before the bench began. */
  readonly loadBefore: number;
  /** Other work was running: figures are slow, ratios stand because rounds are interleaved. */
  readonly busy: boolean;
  /** This run was given real-time priority over it. */
  readonly hasPriority: boolean;
}

/** A core that is taken by something else shows as a load of 1; half of that is already noise. */
const BUSY_LOAD = 0.5;

/** Place of the scheduling policy among the fields of /proc/self/stat that follow the process's name. */
const POLICY_FIELD = 38;

/** True when a process runs under a real-time policy, from the text of its /proc/self/stat (proc(5)). */
export function isRealTime(stat: string): boolean {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ['1', '2'].includes(fields[POLICY_FIELD] ?? '');
}

/** Of this process; false where it cannot be told. */
export function hasPriority(): boolean {
  try {
    return isRealTime(readFileSync('/proc/self/stat', 'utf8'));
  } catch {
    return false;
  }
}

/** Call before the work begins. */
export function conditionsNow(now: Date): Conditions {
  const processors = cpus();
  const [loadBefore = NaN] = loadavg();
  return {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    node: process.versions.node,
    packages: {
      '@tensorflow/tfjs-core': tf.version_core,
      '@jax-js/jax': packageJson.devDependencies['@jax-js/jax'],
      ...peersJson.dependencies,
      webgpu: packageJson.devDependencies.webgpu,
    },
    date: now.toISOString().slice(0, 10),
    loadBefore,
    busy: loadBefore > BUSY_LOAD,
    hasPriority: hasPriority(),
  };
}

/** Two or three sentences. */
export function conditionsText(conditions: Conditions, devices: readonly string[]): string {
  const { processor, cores, node, packages, date, loadBefore, busy } = conditions;
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  const load = loadBefore.toFixed(1);
  const share = conditions.hasPriority
    ? 'this run had real-time priority over it, and shared caches and memory with it.'
    : 'milliseconds and rates are those of a busy machine; ratios are of interleaved rounds.';
  const other = busy
    ? `Other work was running on the same cores (load ${load} before the start): ${share}`
    : `Nothing else of note was running (load ${load} before the start).`;
  return (
    `${date}: ${cores} cores (${processor}), Node ${node}${devices.map((device) => `; ${device}`).join('')}. ` +
    `${versions.join(', ')}. ${other}`
  );
}
