/**
 * A thread that helps with kernels: it compiles them over the memory it is given and runs the parts that its owner
 * writes down for it, for as long as the owner lives. It sees no tensors and answers no messages once it is ready.
 */
import { helpForever, type HelperStart } from './thread-team.ts';

const sayReady = () => {
  self.postMessage('ready');
};
self.addEventListener(
  'message',
  ({ data }: MessageEvent<HelperStart>) => helpForever(data, sayReady),
  { once: true },
);
