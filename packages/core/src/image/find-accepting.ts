import type { Driver } from '../plugin/drivers.ts';
import type { ImageReference } from '../reference/image-reference.ts';

interface Accepting {
  accepts(reference: ImageReference): boolean | Promise<boolean>;
}

/** The first that accepts. One after the other is asked: the order decides. */
export async function findAccepting<T extends Accepting>(
  drivers: readonly Driver<T>[],
  reference: ImageReference,
): Promise<Driver<T> | undefined> {
  for (const driver of drivers) {
    const accepted = driver.value.accepts(reference);
    if (accepted === true || (accepted !== false && (await accepted))) return driver;
  }
  return undefined;
}
