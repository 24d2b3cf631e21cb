import { JockerError } from '@jocker/core';

/** How registries are reached. */
export interface RegistryOptions {
  /** Hosts (with port) that are spoken to without TLS. Loopback addresses always are. */
  readonly insecureRegistries?: readonly string[];
  /** Tried before the registry itself: by domain, hosts or URLs. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** Where credentials that came with no request are looked up. */
  readonly credentialsFile?: string;
}

/** `https://index.docker.io/v1/`, `index.docker.io` and what else the hub was ever called are `docker.io`; others lose scheme and path. */
export function registryDomain(host: string): string {
  const domain = host.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return hubHosts.includes(domain) ? 'docker.io' : domain;
}

export const hubHosts: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** The URL below which a domain's API lies. `docker.io` is served by another host. */
export function registryUrl(domain: string, { insecureRegistries = [] }: RegistryOptions): URL {
  const host = domain === 'docker.io' ? 'registry-1.docker.io' : domain;
  const plain = insecureRegistries.includes(domain) || isLoopback(host);
  const url = URL.parse(`${plain ? 'http' : 'https'}://${host}/`);
  if (url === null) throw new JockerError('invalid-argument', `"${domain}" is not the name of a registry`);
  return url;
}

export function mirrorUrls(domain: string, options: RegistryOptions): readonly URL[] {
  return (options.mirrors?.[domain] ?? []).map((mirror) => {
    if (!/^https?:\/\//.test(mirror)) return registryUrl(mirror, options);
    // A path without a slash at its end would lose its last part to what is put behind it.
    const url = URL.parse(mirror.endsWith('/') ? mirror : `${mirror}/`);
    if (url === null) throw new JockerError('invalid-argument', `the mirror "${mirror}" of ${domain} is not a URL`);
    return url;
  });
}

function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
}
