import { JockerError } from '@jocker/core';

export interface GitLocation {
  readonly url: string;
  /** A branch or tag; the repository's default branch when undefined. */
  readonly ref: string | undefined;
  /** Of the root file system in the repository; '.' for the whole. */
  readonly folder: string;
}

const protocols = ['https:', 'ssh:', 'file:'];
const secretFree = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`;

/** `https://host/repository.git#ref:folder`; the folder is an addition to docker's own form of a build context. */
export function parseLocation(location: string): GitLocation {
  const hash = location.indexOf('#');
  const text = hash < 0 ? location : location.slice(0, hash);
  const [ref = '', folder = ''] = hash < 0 ? [] : splitOnce(location.slice(hash + 1));
  const url = URL.parse(text);
  if (url === null) throw new JockerError('invalid-argument', `"${text.slice(0, 200)}" is not a URL`);
  if (!protocols.includes(url.protocol)) {
    throw new JockerError('invalid-argument', `git over ${url.protocol}// is not allowed, only https, ssh and file`);
  }
  if (url.hostname.startsWith('-') || url.username.startsWith('-')) {
    throw new JockerError('invalid-argument', `${secretFree(url)} has a host or user that begins with a dash`);
  }
  if (ref !== '' && !isRef(ref)) throw new JockerError('invalid-argument', `"${ref.slice(0, 80)}" is not the name of a branch or tag`);
  if (folder !== '' && !folder.split('/').every((part) => /^[^\0/]+$/.test(part) && part !== '..' && part !== '.git')) {
    throw new JockerError('invalid-argument', `"${folder.slice(0, 80)}" is not a folder of a repository`);
  }
  return { url: text, ref: ref === '' ? undefined : ref, folder: folder === '' ? '.' : folder };
}

function splitOnce(text: string): readonly [string, string] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** git-check-ref-format, a little stricter. */
function isRef(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_./+-]{0,200}$/.test(text) && !/\.\.|\/\/|\/\.|\.lock(?:\/|$)|[./]$/.test(text);
}
