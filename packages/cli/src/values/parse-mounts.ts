import { isAbsolute, resolve } from 'node:path';
import { JockerError, type MountRequest } from '@jocker/protocol';
import { parseSize } from './parse-size.ts';

const propagations = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);

/** `SRC:DST[:ro]`, `VOLUME:DST[:ro,nocopy]` or `DST` of `-v`; a relative source is meant from `directory`. */
export function parseVolume(text: string, directory: string): MountRequest {
  const parts = text.split(':');
  const [source = '', target = '', options = '', ...more] = parts.length === 1 ? ['', ...parts] : parts;
  if ((source === '' && parts.length > 1) || !isAbsolute(target) || more.length > 0) {
    throw new JockerError('invalid-argument', `-v ${text} is not of the form SOURCE:/path/in/container[:ro]`);
  }
  if (source !== '' && /^[./~]/.test(source)) {
    const mount = { type: 'bind', source: resolve(directory, source), target, createSource: true } as const;
    return options === '' ? mount : { ...mount, ...bindOptions(text, options) };
  }
  const words = options.split(',').filter((word) => word !== '');
  const unknown = words.find((word) => !['ro', 'rw', 'nocopy', 'z', 'Z'].includes(word));
  if (unknown !== undefined) throw new JockerError('invalid-argument', `-v ${text} has an option ${unknown} that is not there`);
  return {
    type: 'volume',
    target,
    ...(source === '' ? {} : { source }),
    ...(words.includes('ro') ? { readonly: true } : {}),
    ...(words.includes('nocopy') ? { noCopy: true } : {}),
  };
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
