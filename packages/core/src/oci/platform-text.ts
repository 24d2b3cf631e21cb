import { arch } from 'node:process';
import { JockerError } from '../errors/jocker-error.ts';
import type { Platform } from './platform.ts';

const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: '386',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
};
const aliases: Readonly<Record<string, string>> = { x86_64: 'amd64', 'x86-64': 'amd64', aarch64: 'arm64', armhf: 'arm', i386: '386' };

export function hostPlatform(): Platform {
  const architecture = architectures[arch] ?? arch;
  return { os: 'linux', architecture, ...(architecture === 'arm64' ? { variant: 'v8' } : {}) };
}

/** `linux/arm64/v8`, `arm64`. Throws `invalid-argument`. */
export function parsePlatform(text: string): Platform {
  const words = text.toLowerCase().split('/');
  const [os, architecture, variant] = words.length === 1 ? ['linux', words[0], undefined] : words;
  if (words.length > 3 || !words.every((word) => /^[a-z0-9][a-z0-9_.-]*$/.test(word)) || os === undefined || architecture === undefined)
    throw new JockerError('invalid-argument', `"${text}" is not a platform like linux/arm64`);
  return { os, architecture: aliases[architecture] ?? architecture, ...(variant === undefined ? {} : { variant }) };
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}
