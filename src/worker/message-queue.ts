/**
 * Giving way to messages between training steps. A MessageChannel, because timers are slowed to one a second in a
 * hidden tab.
 */

/** A function that resolves after the messages that are waiting now have been handled. */
export function messageYielder(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => {
    waiting.shift()?.();
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
}
