/**
 * A thread that helps with WASM kernels in Node, as kernels/wasm/helper.ts does in a page.
 */
import { parentPort } from 'node:worker_threads';
import { helpForever, type HelperStart } from '../kernels/wasm/thread-team.ts';

const sayReady = () => parentPort?.postMessage('ready');
parentPort?.once('message', (start: HelperStart) => helpForever(start, sayReady));
