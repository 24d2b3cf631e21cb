import { JockerError } from '../errors/jocker-error.ts';

/** What `work` gives, or `deadline-exceeded` when it takes longer. The work itself cannot be stopped; its result is dropped. */
export async function withDeadline<T>(work: T | Promise<T>, timeoutMs: number, what: string): Promise<T> {
  if (!(work instanceof Promise)) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new JockerError('deadline-exceeded', `${what} took longer than ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
