import type { RegistryCredentials, RegistryReference } from '@jocker/core';
import { dockerConfigPath, dockerCredentials } from './docker-credentials.ts';
import type { HttpExchange } from './http-exchange.ts';
import { mirrorUrls, registryDomain, registryUrl, type RegistryOptions } from './registry-options.ts';
import { createRegistrySession, type RegistrySession } from './registry-session.ts';

export interface RegistrySessions {
  /** The mirrors of the reference's registry, then itself. Kept per host and user, so that tokens are used again. */
  forPull(reference: RegistryReference, credentials: RegistryCredentials | undefined): readonly RegistrySession[];
  /** The registry itself. */
  forPush(domain: string, credentials: RegistryCredentials | undefined): RegistrySession;
}

const sessionsMax = 64;

export function createRegistrySessions(exchange: HttpExchange, options: RegistryOptions): RegistrySessions {
  const sessions = new Map<string, RegistrySession>();

  const session = (base: URL, domain: string, credentials: RegistryCredentials | undefined): RegistrySession => {
    // Credentials of one host are never shown to another.
    const own = credentials !== undefined && registryDomain(credentials.host) === registryDomain(domain) ? credentials : undefined;
    const key = JSON.stringify([base.href, domain, own]);
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const made = createRegistrySession({
      exchange,
      base,
      domain,
      credentials: async () => own ?? (await dockerCredentials(domain, options.credentialsFile ?? dockerConfigPath())),
    });
    sessions.set(key, made);
    const [oldest] = sessions.keys();
    if (sessions.size > sessionsMax && oldest !== undefined) sessions.delete(oldest);
    return made;
  };

  return {
    forPull: ({ domain }, credentials) => [
      ...mirrorUrls(domain, options).map((base) => session(base, base.host, credentials)),
      session(registryUrl(domain, options), domain, credentials),
    ],
    forPush: (domain, credentials) => session(registryUrl(domain, options), domain, credentials),
  };
}
