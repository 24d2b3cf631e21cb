import {
  asBoolean,
  asNumber,
  asObject,
  asString,
  asStringMap,
  JockerError,
  optional,
  type ForeignObject,
  type MountRequest,
} from '@jocker/core';

const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];

/** `/host:/container[:ro,rslave]` or `VOLUME:/container[:ro,nocopy]`, as `docker run -v` sends it in Binds. */
export function parseBind(text: string): MountRequest {
  const [source = '', target, options = '', ...rest] = text.split(':');
  if (target === undefined || rest.length > 0) throw new JockerError('invalid-argument', `invalid volume specification: '${text}'`);
  const words = options.split(',').filter((word) => word !== '');
  const unknown = words.find((word) => !['ro', 'rw', 'z', 'Z', 'nocopy', ...propagations].includes(word));
  if (unknown !== undefined)
    throw new JockerError('invalid-argument', `invalid volume specification: '${text}': unknown option ${unknown}`);
  const propagation = words.find((word) => propagations.includes(word));
  const isReadonly = words.includes('ro') ? { readonly: true } : {};
  if (!source.startsWith('/')) {
    const noCopy = words.includes('nocopy') ? { noCopy: true } : {};
    return { type: 'volume', target: assertAbsolute(target), ...(source === '' ? {} : { source }), ...isReadonly, ...noCopy };
  }
  return {
    type: 'bind',
    source,
    target: assertAbsolute(target),
    createSource: true,
    ...isReadonly,
    ...(propagation === undefined ? {} : { propagation }),
  };
}

/** One entry of HostConfig.Mounts, as `docker run --mount` sends it. */
export function parseMount(value: unknown, path: string): MountRequest {
  const mount = asObject(value, path);
  const type = optional(mount['Type'], `${path}.Type`, asString) ?? 'volume';
  const target = assertAbsolute(optional(mount['Target'], `${path}.Target`, asString) ?? '');
  const source = optional(mount['Source'], `${path}.Source`, asString) ?? '';
  const isReadonly = optional(mount['ReadOnly'], `${path}.ReadOnly`, asBoolean) ?? false;
  if (type === 'bind') {
    if (!source.startsWith('/'))
      throw new JockerError('invalid-argument', `invalid mount config for type "bind": "${source}" is not an absolute path`);
    const options = optional(mount['BindOptions'], `${path}.BindOptions`, asObject) ?? {};
    const propagation = optional(options['Propagation'], `${path}.BindOptions.Propagation`, asString);
    if (propagation !== undefined && propagation !== '' && !propagations.includes(propagation))
      throw new JockerError('invalid-argument', `invalid propagation mode: ${propagation}`);
    const createSource = optional(options['CreateMountpoint'], `${path}.BindOptions.CreateMountpoint`, asBoolean) ?? false;
    return {
      type,
      source,
      target,
      ...(isReadonly ? { readonly: true } : {}),
      ...(createSource ? { createSource } : {}),
      ...(propagation === undefined || propagation === '' ? {} : { propagation }),
    };
  }
  if (type === 'tmpfs') {
    const options = optional(mount['TmpfsOptions'], `${path}.TmpfsOptions`, asObject) ?? {};
    const sizeBytes = optional(options['SizeBytes'], `${path}.TmpfsOptions.SizeBytes`, asNumber);
    const mode = optional(options['Mode'], `${path}.TmpfsOptions.Mode`, asNumber);
    return {
      type,
      target,
      ...(sizeBytes === undefined || sizeBytes === 0 ? {} : { sizeBytes }),
      ...(mode === undefined || mode === 0 ? {} : { mode }),
      ...(isReadonly ? { readonly: true } : {}),
    };
  }
  if (type === 'volume')
    return { type, target, ...(source === '' ? {} : { source }), ...(isReadonly ? { readonly: true } : {}), ...volumeOptions(mount, path) };
  const known = ['cluster', 'image', 'npipe'].includes(type);
  throw new JockerError(known ? 'unsupported' : 'invalid-argument', `mounts of type ${type.slice(0, 40)} are not supported`);
}

function volumeOptions(mount: ForeignObject, path: string): Partial<Extract<MountRequest, { type: 'volume' }>> {
  const options = optional(mount['VolumeOptions'], `${path}.VolumeOptions`, asObject) ?? {};
  const at = `${path}.VolumeOptions`;
  const noCopy = optional(options['NoCopy'], `${at}.NoCopy`, asBoolean) ?? false;
  const subpath = optional(options['Subpath'], `${at}.Subpath`, asString) ?? '';
  const labels = optional(options['Labels'], `${at}.Labels`, asStringMap);
  const config = optional(options['DriverConfig'], `${at}.DriverConfig`, asObject) ?? {};
  const driver = optional(config['Name'], `${at}.DriverConfig.Name`, asString) ?? '';
  const driverOptions = optional(config['Options'], `${at}.DriverConfig.Options`, asStringMap);
  return {
    ...(noCopy ? { noCopy } : {}),
    ...(subpath === '' ? {} : { subpath }),
    ...(labels === undefined ? {} : { labels }),
    ...(driver === '' ? {} : { driver }),
    ...(driverOptions === undefined ? {} : { options: driverOptions }),
  };
}

/** `--tmpfs /run:rw,size=64m,mode=1777`: the options of mount(8). */
export function parseTmpfs(target: string, text: string): MountRequest {
  const words = text.split(',').filter((word) => word !== '');
  const size = words.find((word) => word.startsWith('size='));
  const mode = words.find((word) => word.startsWith('mode='));
  const sizeBytes = size === undefined ? undefined : parseSize(size.slice('size='.length));
  const others = words.filter((word) => word !== size && word !== mode && word !== 'ro' && word !== 'rw');
  return {
    type: 'tmpfs',
    target: assertAbsolute(target),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(mode === undefined ? {} : { mode: parseMode(mode.slice('mode='.length)) }),
    ...(words.includes('ro') ? { readonly: true } : {}),
    ...(others.length === 0 ? {} : { options: others }),
  };
}

function parseMode(text: string): number {
  if (!/^[0-7]{1,5}$/.test(text)) throw new JockerError('invalid-argument', `invalid tmpfs mode: ${text.slice(0, 40)}`);
  return Number.parseInt(text, 8);
}

function parseSize(text: string): number {
  const match = /^(\d+)([kmg]?)$/i.exec(text);
  if (match === null) throw new JockerError('invalid-argument', `invalid tmpfs size: ${text.slice(0, 40)}`);
  return Number(match[1]) * ({ '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match[2] ?? '').toLowerCase()] ?? 1);
}

function assertAbsolute(target: string): string {
  if (target.startsWith('/')) return target;
  throw new JockerError('invalid-argument', `invalid mount target "${target}": the path must be absolute`);
}
