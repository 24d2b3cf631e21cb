import { reasonOf } from '@jocker/protocol';
import type { CliContext } from '../command.ts';

/** Does something with each name, all at once; prints those that went well and the errors of the others. */
export async function eachTarget(
  context: CliContext,
  names: readonly string[],
  action: (name: string) => Promise<string | void>,
): Promise<number> {
  const results = await Promise.allSettled(names.map(action));
  let failed = false;
  for (const [index, result] of results.entries()) {
    const name = names[index] as string;
    if (result.status === 'fulfilled') context.print(result.value ?? name);
    else {
      context.warn(`jocker: ${(result.reason as Error).message}`);
      // docker's manner: what is already as asked for is no failure.
      if (reasonOf(result.reason) === 'not-modified') context.print(name);
      else failed = true;
    }
  }
  return failed ? 1 : 0;
}
