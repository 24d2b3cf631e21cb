/** True when it came in time; -1 waits for ever. Rejects as `exited` does. */
export async function waitForExit(exited: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  if (timeoutMs < 0) {
    await exited;
    return true;
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([exited.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
