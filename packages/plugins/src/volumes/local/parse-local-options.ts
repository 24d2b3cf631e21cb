import { JockerError } from '@jocker/core';

export interface LocalMount {
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

const known = ['type', 'device', 'o'];
/** File systems that mount(2) takes without a helper program. */
const plainTypes = ['none', 'bind', 'tmpfs', 'ext4', 'xfs', 'btrfs'];

/** Docker's options of the driver `local`: what mount(8) would take. Undefined when there are none. Throws `invalid-argument`. */
export function parseLocalOptions(options: Readonly<Record<string, string>>): LocalMount | undefined {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new JockerError('invalid-argument', `the driver local has no option ${unknown}; it has ${known.join(', ')}`);
  const { type = '', device = '', o = '' } = options;
  if (type === '' && device === '' && o === '') return undefined;
  const words = o.split(',').filter((word) => word !== '');
  if (type === '' || (type !== 'tmpfs' && device === ''))
    throw new JockerError('invalid-argument', 'the options of a local volume need a type and a device');
  if (!plainTypes.includes(type)) throw new JockerError('unsupported', `local volumes of type ${type.slice(0, 40)} are not supported`);
  const isBind = type === 'bind' || words.includes('bind') || words.includes('rbind');
  if (type === 'none' && !isBind) throw new JockerError('invalid-argument', 'a local volume of type none needs o=bind');
  if (isBind && !device.startsWith('/'))
    throw new JockerError('invalid-argument', `the device ${JSON.stringify(device)} of a bound volume is no absolute path`);
  return { type: isBind ? 'bind' : type, source: device === '' ? 'tmpfs' : device, options: words };
}
