import { isAbsolute, resolve } from 'node:path';
import { JockerError, type MountRequest } from '@jocker/protocol';
import { parseSize } from './parse-size.ts';

/** `type=bind,source=…,target=…,readonly` of `--mount`; without a type a volume. */
export function parseMount(text: string, directory: string): MountRequest {
  const wrong = (what: string): JockerError => new JockerError('invalid-argument', `--mount ${text}: ${what}`);
  const values = new Map<string, string>();
  const options: Record<string, string> = {};
  const labels: Record<string, string> = {};
  for (const part of text.split(',')) {
    const [given = '', ...rest] = part.split('=');
    const value = rest.length === 0 ? 'true' : rest.join('=');
    const key = aliases[given] ?? given;
    if (key === 'volume-opt' || key === 'volume-label') {
      const [name = '', ...words] = value.split('=');
      (key === 'volume-opt' ? options : labels)[name] = words.join('=');
    } else if (known.has(key)) values.set(key, value);
    else throw wrong(`there is no ${given}`);
  }
  const target = values.get('target') ?? '';
  if (!isAbsolute(target)) throw wrong('target is not an absolute path');
  const isReadonly = ['true', '1'].includes(values.get('readonly') ?? 'false') ? { readonly: true } : {};
  const source = values.get('source');
  switch (values.get('type') ?? 'volume') {
    case 'bind': {
      if (source === undefined) throw wrong('a bind needs a source');
      const propagation = values.get('bind-propagation');
      return {
        type: 'bind',
        source: resolve(directory, source),
        target,
        ...isReadonly,
        ...(propagation === undefined ? {} : { propagation }),
      };
    }
    case 'tmpfs': {
      const [size, mode] = [values.get('tmpfs-size'), values.get('tmpfs-mode')];
      if (mode !== undefined && !/^[0-7]{3,5}$/.test(mode)) throw wrong(`${mode} is no mode`);
      return {
        type: 'tmpfs',
        target,
        ...isReadonly,
        ...(size === undefined ? {} : { sizeBytes: parseSize('--mount tmpfs-size', size) }),
        ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
      };
    }
    case 'volume': {
      const [driver, subpath] = [values.get('volume-driver'), values.get('volume-subpath')];
      return {
        type: 'volume',
        target,
        ...isReadonly,
        ...(source === undefined ? {} : { source }),
        ...(['true', '1'].includes(values.get('volume-nocopy') ?? 'false') ? { noCopy: true } : {}),
        ...(subpath === undefined ? {} : { subpath }),
        ...(driver === undefined ? {} : { driver }),
        ...(Object.keys(options).length === 0 ? {} : { options }),
        ...(Object.keys(labels).length === 0 ? {} : { labels }),
      };
    }
    default:
      throw wrong(`there is no type ${values.get('type')}; there are bind, volume and tmpfs`);
  }
}

const aliases: Readonly<Record<string, string>> = { src: 'source', dst: 'target', destination: 'target', ro: 'readonly' };
const known: ReadonlySet<string> = new Set([
  'type',
  'source',
  'target',
  'readonly',
  'bind-propagation',
  'tmpfs-size',
  'tmpfs-mode',
  'volume-driver',
  'volume-subpath',
  'volume-nocopy',
]);
