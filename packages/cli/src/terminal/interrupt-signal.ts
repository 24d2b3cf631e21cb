/** Fires at ctrl-c or SIGTERM. While it is held, they do not end this program by themselves. */
export function interruptSignal(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.on('SIGINT', abort).on('SIGTERM', abort);
  return { signal: controller.signal, [Symbol.dispose]: () => void process.off('SIGINT', abort).off('SIGTERM', abort) };
}

const interruptedCode = 130;

/** Runs what goes on until it ends or its user interrupts it, which is no failure to speak of. */
export async function untilInterrupted(follow: (signal: AbortSignal) => Promise<void>): Promise<number> {
  using interrupted = interruptSignal();
  try {
    await follow(interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
  }
  return interrupted.signal.aborted ? interruptedCode : 0;
}
