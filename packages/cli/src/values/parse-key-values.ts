import { readFile } from 'node:fs/promises';
import { JockerError } from '@jocker/protocol';

/** `K=V` pairs; a bare `K` has an empty value. */
export function parseLabels(labels: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    labels.map((label) => {
      const equals = label.indexOf('=');
      return equals < 0 ? [label, ''] : [label.slice(0, equals), label.slice(equals + 1)];
    }),
  );
}

/** `-e K=V`, and `-e K` for the value that K has here (dropped when it has none), after what `--env-file` says. */
export async function parseEnvironment(
  variables: readonly string[],
  files: readonly string[],
  here: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw new JockerError('invalid-argument', `the env file ${file} cannot be read`, { cause: error });
    });
    lines.push(...text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#')));
  }
  return [...lines, ...variables].flatMap((variable) => {
    if (variable.startsWith('=')) throw new JockerError('invalid-argument', `-e ${variable} has no name`);
    if (variable.includes('=')) return [variable];
    const value = here[variable];
    return value === undefined ? [] : [`${variable}=${value}`];
  });
}
