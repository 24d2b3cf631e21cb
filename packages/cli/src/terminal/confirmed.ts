import { createInterface } from 'node:readline/promises';

/** Whether the user answers yes. */
export async function confirmed(question: string): Promise<boolean> {
  using prompt = createInterface({ input: process.stdin, output: process.stderr });
  return /^y(es)?$/i.test(await prompt.question(question));
}
