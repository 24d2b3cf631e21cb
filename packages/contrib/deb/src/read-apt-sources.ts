import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What apt reads of a machine, in both of its forms, as far as it is of one suite. Empty texts: nothing is. */
export interface AptSources {
  /** `deb http://… SUITE main`, one a line. */
  readonly lines: string;
  /** Stanzas with `Suites:`. */
  readonly stanzas: string;
}

/** `bookworm` also brings `bookworm-updates` and `bookworm-security`. */
export async function readAptSources(directory: string, suite: string): Promise<AptSources> {
  const isOfSuite = (name: string): boolean => name === suite || ['-updates', '-security', '/updates'].some((end) => name === suite + end);
  const names = await readdir(join(directory, 'sources.list.d')).catch(() => []);
  const paths = ['sources.list', ...names.toSorted((a, b) => (a < b ? -1 : 1)).map((name) => join('sources.list.d', name))];
  const lines: string[] = [];
  const stanzas: string[] = [];
  for (const path of paths) {
    if (!path.endsWith('.list') && !path.endsWith('.sources')) continue;
    const text = await readFile(join(directory, path), 'utf8').catch(() => '');
    if (path.endsWith('.list')) lines.push(...text.split('\n').filter((line) => isOfSuite(suiteOfLine(line) ?? '')));
    else stanzas.push(...text.split(/\n\s*\n/).flatMap((stanza) => ofSuite(stanza, isOfSuite) ?? []));
  }
  return { lines: lines.map((line) => `${line}\n`).join(''), stanzas: stanzas.join('\n\n') };
}

function suiteOfLine(line: string): string | undefined {
  return /^deb\s+(?:\[[^\]]*\]\s+)?\S+\s+(\S+)/.exec(line.trim())?.[1];
}

/** The stanza without its comments and the suites that are not asked for. */
function ofSuite(stanza: string, isOfSuite: (name: string) => boolean): string | undefined {
  const lines = stanza.split('\n').filter((line) => !line.startsWith('#') && line.trim() !== '');
  const field = (name: string): string => lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.replace(/^[^:]*:/, '') ?? '';
  const suites = field('suites').split(/\s+/).filter(isOfSuite);
  if (suites.length === 0 || !field('types').split(/\s+/).includes('deb') || field('enabled').trim().toLowerCase() === 'no')
    return undefined;
  return lines
    .map((line) => (/^suites:/i.test(line) ? `Suites: ${suites.join(' ')}` : /^types:/i.test(line) ? 'Types: deb' : line))
    .join('\n');
}
