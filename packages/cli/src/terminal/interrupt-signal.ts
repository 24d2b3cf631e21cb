/** Fires at ctrl-c or SIGTERM. While it is held, they do not end this program by themselves. */
export function interruptSignal(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.on('SIGINT', abort).on('SIGTERM', abort);
  return { signal: controller.signal, [Symbol.dispose]: () => void process.off('SIGINT', abort).off('SIGTERM', abort) };
}
