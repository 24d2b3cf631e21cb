/** How registries are reached. */
export interface RegistryOptions {
  /** Hosts (with port) that are spoken to without TLS. Loopback addresses always are. */
  readonly insecureRegistries?: readonly string[];
  /** Tried before the registry itself: by domain, hosts or URLs. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** Where credentials that came with no request are looked up. */
  readonly credentialsFile?: string;
}

/** The URL below which a domain's API lies. `docker.io` is served by another host. */
export function registryUrl(domain: string, { insecureRegistries = [] }: RegistryOptions): URL {
  const host = domain === 'docker.io' ? 'registry-1.docker.io' : domain;
  const plain = insecureRegistries.includes(domain) || isLoopback(host);
  return new URL(`${plain ? 'http' : 'https'}://${host}/`);
}

export function mirrorUrls(domain: string, options: RegistryOptions): readonly URL[] {
  return (options.mirrors?.[domain] ?? []).map((mirror) => (/^https?:\/\//.test(mirror) ? new URL(mirror) : registryUrl(mirror, options)));
}

function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
}
