import { JockerError } from '@jocker/core';

export interface DebLocation {
  readonly suite: string;
  /** In a fixed order, each once. */
  readonly packages: readonly string[];
}

const packagesMax = 500;

/** `bookworm/curl,ca-certificates`: Debian's grammar of names, with an architecture or a version (`curl:arm64`, `curl=7.88`) if need be. */
export function parseLocation(location: string): DebLocation {
  const slash = location.indexOf('/');
  const suite = slash < 0 ? location : location.slice(0, slash);
  const names = slash < 0 ? [] : location.slice(slash + 1).split(',');
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(suite)) throw new JockerError('invalid-argument', `"${suite.slice(0, 80)}" is not a Debian suite`);
  const wrong = names.find((name) => !/^[a-z0-9][a-z0-9+.-]{1,127}(?::[a-z0-9-]+)?(?:=[A-Za-z0-9][A-Za-z0-9.+:~-]*)?$/.test(name));
  if (wrong !== undefined) throw new JockerError('invalid-argument', `"${wrong.slice(0, 80)}" is not the name of a Debian package`);
  if (names.length > packagesMax) throw new JockerError('invalid-argument', `${names.length} packages are more than ${packagesMax}`);
  return { suite, packages: [...new Set(names)].toSorted() };
}
