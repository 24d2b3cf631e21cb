import { hostname as hostHostname } from 'node:os';
import { JockerError, type SpecMutator } from '@jocker/core';

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Defaults (PATH, HOSTNAME, TERM with a terminal, HOME from the user), then the image's, then the request's; a bare `K` unsets. */
export const env: SpecMutator = {
  name: 'env',
  phase: 'early',
  mutate(draft, { request, image }) {
    const values = new Map<string, string>([
      ['PATH', defaultPath],
      ['HOSTNAME', draft.hostname ?? hostHostname()],
    ]);
    if (request.tty === true) values.set('TERM', 'xterm');
    for (const entry of draft.process.env) assign(values, entry);
    for (const entry of image.config.env ?? []) {
      // What an image got wrong must not keep it from running.
      if (isAssignment(entry)) assign(values, entry);
    }
    for (const entry of request.env ?? []) {
      if (entry.includes('\0') || entry.startsWith('=') || entry === '') {
        throw new JockerError('invalid-argument', `environment entry ${JSON.stringify(entry.slice(0, 64))} is not K=V`);
      }
      if (isAssignment(entry)) assign(values, entry);
      else values.delete(entry);
    }
    draft.process.env = [...values].map(([name, value]) => `${name}=${value}`);
  },
};

function isAssignment(entry: string): boolean {
  return entry.indexOf('=') > 0 && !entry.includes('\0');
}

function assign(values: Map<string, string>, entry: string): void {
  const separator = entry.indexOf('=');
  values.set(entry.slice(0, separator), entry.slice(separator + 1));
}
