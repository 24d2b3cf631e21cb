import { isAbsolute, resolve } from 'node:path';
import { JockerError, type MountRequest } from '@jocker/protocol';
import { parseSize } from './parse-size.ts';

const propagations = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);

/** `SRC:DST[:ro]` of `-v`; a relative source is meant from `directory`. */
export function parseVolume(text: string, directory: string): MountRequest {
  const [source = '', target = '', options = '', ...more] = text.split(':');
  if (source === '' || !isAbsolute(target) || more.length > 0) {
    throw new JockerError('invalid-argument', `-v ${text} is not of the form SOURCE:/path/in/container[:ro]`);
  }
  if (!/^[./~]/.test(source)) {
    throw new JockerError('unsupported', `-v ${text} names a volume and there are none yet; for a directory write ./${source}:${target}`);
  }
  const mount = { type: 'bind', source: resolve(directory, source), target, createSource: true } as const;
  return options === '' ? mount : { ...mount, ...bindOptions(text, options) };
}

function bindOptions(text: string, options: string): { readonly readonly?: boolean; readonly propagation?: string } {
  let found: { readonly?: boolean; propagation?: string } = {};
  for (const option of options.split(',')) {
    if (option === 'ro' || option === 'rw') found = { ...found, readonly: option === 'ro' };
    else if (propagations.has(option)) found = { ...found, propagation: option };
    else throw new JockerError('invalid-argument', `-v ${text} has an option ${option} that is not there`);
  }
  return found;
}

/** `DIR[:size=64m,mode=1777,…]` of `--tmpfs`. */
export function parseTmpfs(text: string): MountRequest {
  const colon = text.indexOf(':');
  const target = colon < 0 ? text : text.slice(0, colon);
  if (!isAbsolute(target)) throw new JockerError('invalid-argument', `--tmpfs ${text} does not begin with a path in the container`);
  let mount: Extract<MountRequest, { type: 'tmpfs' }> = { type: 'tmpfs', target };
  const others: string[] = [];
  for (const option of colon < 0 ? [] : text.slice(colon + 1).split(',')) {
    if (option.startsWith('size=')) mount = { ...mount, sizeBytes: parseSize('--tmpfs size', option.slice(5)) };
    else if (/^mode=[0-7]{3,5}$/.test(option)) mount = { ...mount, mode: Number.parseInt(option.slice(5), 8) };
    else if (option === 'ro') mount = { ...mount, readonly: true };
    else if (option !== 'rw') others.push(option);
  }
  return others.length === 0 ? mount : { ...mount, options: others };
}
